"""Makes packages/optim/src/__fixtures__/reference.json: what published implementations do with fixed gradients.

    pip install torch==2.9.1 torchvision==0.24.1 lion-pytorch==0.2.5 schedulefree==1.4.1 timm==1.0.31 transformers==5.23.0
    python tools/reference/optimizers.py

Everything is computed in float64, Newton-Schulz iterations included (torch takes bfloat16 there); what is left between
these numbers and ours is float32 rounding.
"""

import importlib.metadata
import json
import pathlib
import random

import lion_pytorch
import schedulefree
import timm.optim
import torch
import transformers

SHAPES = {"linear.weight": [4, 3], "head.weight": [2, 4], "linear.bias": [4], "kernel": [2, 3, 2]}
MATRICES = ["linear.weight", "head.weight"]
TARGET = pathlib.Path(__file__).parents[2] / "packages/optim/src/__fixtures__/reference.json"
STEPS = 20
SAVED_STEPS = [1, 2, 3, 10, 20]
PACKAGES = ["torch", "lion-pytorch", "schedulefree", "timm", "transformers"]

torch.Tensor.bfloat16 = torch.Tensor.clone

LION = [{"lr": 0.01}, {"lr": 0.02, "betas": [0.95, 0.98], "weight_decay": 0.1}]
LAMB = [
    {"lr": 0.05},
    {"lr": 0.05, "weight_decay": 0},
    {"lr": 0.05, "weight_decay": 0, "always_adapt": True, "bias_correction": False},
    {"lr": 0.5, "betas": [0.8, 0.9], "eps": 1e-3, "weight_decay": 0.2, "grad_averaging": False, "trust_clip": True},
]
ADAFACTOR = [
    {},
    {"warmup_init": True, "scale_parameter": False},
    {"lr": 0.05, "relative_step": False},
    {
        "lr": 0.1,
        "relative_step": False,
        "scale_parameter": False,
        "beta1": 0.9,
        "weight_decay": 0.1,
        "clip_threshold": 0.7,
        "decay_rate": -0.5,
        "eps": [1e-3, 0.1],
    },
]
MUON = [
    {"lr": 0.05},
    {"lr": 0.05, "adjust_lr_fn": "match_rms_adamw", "weight_decay": 0},
    {"lr": 0.1, "momentum": 0.8, "nesterov": False, "ns_steps": 3, "ns_coefficients": [2, -1.5, 0.5], "eps": 1e-3},
]
SCHEDULE_FREE = [
    {"lr": 0.05},
    {"lr": 0.1, "betas": [0.8, 0.95], "eps": 1e-4, "weight_decay": 0.1, "warmup_steps": 5, "r": 0.5},
    {"lr": 0.1, "weight_lr_power": 0, "weight_decay": 0.2, "warmup_steps": 3},
]


def numbers(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


def make_tensor(source, shape):
    size = torch.Size(shape).numel()
    return torch.tensor([round(source.gauss(0, 1), 4) for _ in range(size)], dtype=torch.float64).reshape(shape)


def trajectory(make_optimizer, names, initial, gradients, lr_at=None):
    """The weights after SAVED_STEPS; for schedule-free ones also those that are evaluated."""
    parameters = {name: torch.nn.Parameter(initial[name].clone()) for name in names}
    optimizer = make_optimizer(list(parameters.values()))
    schedule_free = hasattr(optimizer, "train")
    saved = {}
    if schedule_free:
        optimizer.train()
    for step in range(1, STEPS + 1):
        if lr_at is not None:
            optimizer.param_groups[0]["lr"] = lr_at(step)
        for name, parameter in parameters.items():
            parameter.grad = gradients[step - 1][name].clone()
        optimizer.step()
        if step not in SAVED_STEPS:
            continue
        saved[step] = {"weights": {name: numbers(parameter) for name, parameter in parameters.items()}}
        if schedule_free:
            saved[step]["averages"] = {
                name: numbers(optimizer.state[parameter]["x"]) for name, parameter in parameters.items()
            }
    return saved


def main():
    source = random.Random(7)
    initial = {name: make_tensor(source, shape) for name, shape in SHAPES.items()}
    gradients = [{name: make_tensor(source, shape) for name, shape in SHAPES.items()} for _ in range(STEPS)]
    every = list(SHAPES)
    # the last two of each: options that only theirs has, and that only ours has
    rules = [
        ("lion", lion_pytorch.Lion, LION, every, {}, {}),
        ("lamb", timm.optim.Lamb, LAMB, every, {"max_grad_norm": None}, {}),
        ("adafactor", transformers.Adafactor, ADAFACTOR, every, {}, {}),
        ("muon", torch.optim.Muon, MUON, MATRICES, {}, {"layout": "torch"}),
        ("schedule_free_adamw", schedulefree.AdamWScheduleFreeReference, SCHEDULE_FREE, every, {}, {}),
    ]
    cases = [
        {"type": type_, "options": {**options, **ours}, "parameters": names, "steps": trajectory(
            lambda parameters: rule(parameters, **options, **theirs), names, initial, gradients)}
        for type_, rule, option_sets, names, theirs, ours in rules
        for options in option_sets
    ]
    falling = trajectory(
        lambda parameters: schedulefree.AdamWScheduleFreeReference(parameters, lr=0.1),
        every, initial, gradients, lambda step: 0.1 / step)
    TARGET.write_text(json.dumps({
        "source": "tools/reference/optimizers.py, " + ", ".join(
            f"{name} {importlib.metadata.version(name)}" for name in PACKAGES),
        "initial": {name: {"shape": SHAPES[name], "data": numbers(tensor)} for name, tensor in initial.items()},
        "gradients": [{name: numbers(tensor) for name, tensor in step.items()} for step in gradients],
        "cases": cases,
        "fallingRate": falling,
    }))


main()
