"""Trains a model in bursts: for every line `burst <ms>` on stdin a line of JSON with the milliseconds of each step."""

import json
import sys
import time

import torch

import torch_models

name, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
torch.manual_seed(1)
model, loss_of_batch = getattr(torch_models, name)()
trained = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.Adam(trained, 1e-3)


def step():
    start = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of_batch()
    loss.backward()
    optimizer.step()
    loss.item()
    return (time.perf_counter() - start) * 1e3


def burst(duration):
    step()
    end = time.perf_counter() + duration / 1e3
    times = [step()]
    while time.perf_counter() < end:
        times.append(step())
    return {"times": times}


def memory():
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return {"peakMB": int(line.split()[1]) / 1024}


def answer(value):
    print(json.dumps(value), flush=True)


start_ms = [step(), step()]
answer({"parameters": sum(p.numel() for p in trained), "startMs": start_ms, "version": torch.__version__})
for line in sys.stdin:
    command, *arguments = line.split()
    answer(memory() if command == "memory" else burst(float(arguments[0])))
