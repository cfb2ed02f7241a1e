"""Makes further trainer_v2/*.json fixtures (tools/parity/fixtures/README.md) by running AllenNLP 2.10.1 on random small runs.

    PYTHONPATH=<folder of the unpacked allennlp-2.10.1 wheel> python tools/reference/trainer_v2_fixtures.py <target> [count] [first seed]

As trainer_fixtures.py, which see, for what a resume does not change: whole runs only.
"""

import json
import pathlib
import random
import sys
import tempfile

import allennlp_stubs  # noqa: F401 (first: it makes the imports below possible)
import numpy
import torch
from allennlp.common import Lazy, Params
from allennlp.training import Trainer, TrainerCallback

import allennlp_runs as runs
from random_trainers import random_case


class Loader(list):
    def set_target_device(self, device):
        pass


class Recorder(TrainerCallback):
    def __init__(self, serialization_dir):
        super().__init__(serialization_dir)
        self.log, self.batches, self.epochs = [], [], []

    def on_start(self, trainer, is_primary=True, **kwargs):
        self.log.append(["on_start"])

    def on_backward(self, trainer, batch_outputs, backward_called, **kwargs):
        self.log.append(["on_backward", backward_called])
        return False

    def on_batch(self, trainer, inputs, outputs, metrics, epoch, number, is_training, is_primary=True, batch_grad_norm=None, **kwargs):
        self.log.append(["on_batch", epoch, number, "train" if is_training else "validation", len(inputs)])
        self.batches.append(
            {
                "epoch": epoch,
                "batch_number": number,
                "is_training": is_training,
                "losses": [runs.number(each.get("loss")) for each in outputs],
                "batch_metrics": runs.comparable(metrics),
                "batch_grad_norm": runs.number(batch_grad_norm),
                "lr": [float(group["lr"]) for group in trainer.optimizer.param_groups],
                "total_batches_completed": trainer._total_batches_completed,
            }
        )

    def on_epoch(self, trainer, metrics, epoch, is_primary=True, **kwargs):
        self.log.append(["on_epoch", epoch])
        parameters = runs.flats(trainer.model.named_parameters())
        self.epochs.append({"epoch": epoch, "metrics_keys": sorted(runs.comparable(metrics)), "parameters": parameters})

    def on_end(self, trainer, metrics=None, epoch=None, is_primary=True, **kwargs):
        self.log.append(["on_end", epoch])


def fixture(seed):
    rng, values = random.Random(seed), numpy.random.default_rng(seed)
    case = random_case(rng, values, seed)
    for name in ("checkpointer", "opt_level"):
        case["trainer"].pop(name, None)
    scheduler = case["trainer"].get("learning_rate_scheduler", {})
    if scheduler.get("type") == "polynomial_decay":
        del scheduler["total_steps"]
    parameters = runs.random_parameters(values, case["model"])
    with tempfile.TemporaryDirectory() as folder:
        return {
            "allennlp": "2.10.1",
            "torch": torch.__version__,
            "provenance": f"run: AllenNLP v2.10.1 on torch {torch.__version__}, CPU, by tools/reference/trainer_v2_fixtures.py, seed {seed}",
            "name": f"random_{seed:04d}",
            "model": case["model"],
            "initial_parameters": runs.tensors(parameters.items()),
            "train_batches": runs.batches(case["train_batches"]),
            "validation_batches": runs.batches(case["validation_batches"]),
            "trainer": case["trainer"],
            "result": run(case, folder, parameters),
        }


def run(case, folder, parameters):
    model = runs.loaded(case["model"], parameters, torch.float32)
    validation = case["validation_batches"]
    recorder, result = Recorder(folder), {}
    try:
        trainer = Trainer.from_params(
            Params(json.loads(json.dumps(case["trainer"]))),
            model=model,
            serialization_dir=folder,
            data_loader=Loader(runs.cast(case["train_batches"], torch.float32)),
            validation_data_loader=validation and Loader(runs.cast(validation, torch.float32)),
            callbacks=[Lazy(lambda **options: recorder)],
            run_confidence_checks=False,
        )
        result["returned_metrics"] = runs.comparable(trainer.train())
    except Exception as error:
        result["error"] = {"type": type(error).__name__, "message": str(error).replace(folder, "<serialization_dir>")}
    result.update(callback_log=recorder.log, batches=recorder.batches, epochs=recorder.epochs)
    result["final_parameters"] = runs.tensors(model.named_parameters())
    result["files"] = sorted(path.name for path in pathlib.Path(folder).iterdir() if path.is_file())
    return result


def main(target, count="60", first="0"):
    torch.set_num_threads(1)
    folder = pathlib.Path(target) / "trainer_v2"
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(int(first), int(first) + int(count)):
        made = fixture(seed)
        (folder / f"{made['name']}.json").write_text(json.dumps(made) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
