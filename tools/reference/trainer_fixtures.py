"""Makes further trainer/*.json fixtures (tools/parity/fixtures/README.md) by running AllenNLP 1.0.0 on random small runs.

    pip install torch==2.9.1 transformers==4.30.0 more_itertools
    PYTHONPATH=<folder of the unpacked allennlp-1.0.0 wheel> python tools/reference/trainer_fixtures.py <target> [count] [first seed]
    node tools/parity/run.mjs --dir <target>

A file is named for its seed, from which all of it follows. Runs that rounding alone would move are left out.
"""

import json
import pathlib
import random
import sys
import tempfile

import allennlp_stubs  # noqa: F401 (first: it makes the imports below possible)
import numpy
import torch
from allennlp.common import Params
from allennlp.training.trainer import BatchCallback, EpochCallback, Trainer

import allennlp_runs as runs
from random_trainers import random_case

ROUNDING = 3e-5


class Interruption(Exception):
    pass


class Recorder:
    """What the callbacks of a trainer see."""

    def __init__(self, interrupt_after=None):
        self.log, self.batches, self.epochs = [], [], []
        self.interrupt_after = interrupt_after
        recorder = self

        class OnBatch(BatchCallback):
            def __call__(self, trainer, inputs, outputs, epoch, number, is_training, is_master):
                recorder.batch(trainer, inputs, outputs, epoch, number, is_training, is_master)

        class OnEpoch(EpochCallback):
            def __call__(self, trainer, metrics, epoch, is_master):
                recorder.epoch(trainer, metrics, epoch, is_master)

        self.callbacks = {"batch_callbacks": [OnBatch()], "epoch_callbacks": [OnEpoch()]}

    def watch(self, trainer):
        rescale = trainer.rescale_gradients

        def watched():
            self.norm = rescale()
            return self.norm

        trainer.rescale_gradients = watched

    def batch(self, trainer, inputs, outputs, epoch, number, is_training, is_master):
        self.log.append(["batch", epoch, number, "train" if is_training else "validation", len(inputs)])
        recorded = {
            "epoch": epoch,
            "batch_number": number,
            "is_training": is_training,
            "is_master": is_master,
            "num_batches_in_group": len(inputs),
            "num_outputs": len(outputs),
            "losses": [runs.number(each.get("loss")) for each in outputs],
            "reg_losses": [runs.number(each.get("reg_loss")) for each in outputs],
        }
        if is_training:
            recorded["batch_num_total"] = trainer._batch_num_total
            recorded.update({k: v for k, v in hyperparameters(trainer).items() if v is not None})
            recorded["grad_norm_before_rescale"] = runs.number(self.norm)
        self.batches.append(recorded)

    def epoch(self, trainer, metrics, epoch, is_master):
        self.log.append(["epoch", epoch])
        self.epochs.append(
            {
                "epoch": epoch,
                "is_master": is_master,
                "metrics_keys": sorted(runs.comparable(metrics)),
                "parameters": runs.flats(trainer.model.named_parameters()),
                **hyperparameters(trainer),
                "metric_tracker": runs.plain(trainer._metric_tracker.state_dict()),
            }
        )
        if epoch == self.interrupt_after:
            raise Interruption


def hyperparameters(trainer):
    groups = trainer.optimizer.param_groups
    momentum = [group.get("momentum") for group in groups]
    return {"lr": [float(group["lr"]) for group in groups], "momentum": None if None in momentum else momentum}


def run(case, folder, parameters, interrupt_after=None, dtype=torch.float32):
    """Everything that a fixture tells of one run."""
    torch.manual_seed(0)
    model = runs.loaded(case["model"], parameters, dtype)
    recorder = Recorder(interrupt_after)
    result = {}
    try:
        at = "construct"
        trainer = Trainer.from_params(
            Params(json.loads(json.dumps(case["trainer"]))),
            model=model,
            serialization_dir=folder,
            data_loader=runs.cast(case["train_batches"], dtype),
            validation_data_loader=runs.cast(case["validation_batches"], dtype),
            **recorder.callbacks,
        )
        recorder.watch(trainer)
        at = "train"
        result["returned_metrics"] = runs.comparable(trainer.train())
    except Interruption:
        result["interrupted_after_epoch"] = interrupt_after
    except Exception as error:
        message = str(error) if folder is None else str(error).replace(folder, "<serialization_dir>")
        result.update(error_at=at, error={"type": type(error).__name__, "message": message})
        if at == "construct":
            return result
    result.update(callback_log=recorder.log, batches=recorder.batches, epochs=recorder.epochs)
    result.update(final_state(trainer))
    return result if folder is None else {**result, **files(pathlib.Path(folder))}


def final_state(trainer):
    named = dict(trainer.model.named_parameters())
    state = {
        "final_parameters": runs.tensors(named.items()),
        "requires_grad": {name: parameter.requires_grad for name, parameter in named.items()},
        "optimizer": optimizer_state(trainer.optimizer, named),
        "batch_num_total": trainer._batch_num_total,
        "metric_tracker": runs.plain(trainer._metric_tracker.state_dict()),
    }
    if trainer._moving_average is not None:
        state["moving_average_shadow"] = runs.tensors(trainer._moving_average._shadows.items())
    for name in ("learning_rate_scheduler", "momentum_scheduler"):
        scheduler = getattr(trainer, f"_{name}")
        if scheduler is not None:
            state[f"{name}_state"] = runs.plain({k: v for k, v in scheduler.state_dict().items() if not callable(v)})
    return state


def optimizer_state(optimizer, named):
    names = {id(parameter): name for name, parameter in named.items()}
    kept = ("lr", "momentum", "betas", "weight_decay", "initial_lr", "initial_momentum")
    return {
        "state": {names[id(parameter)]: runs.plain(slots) for parameter, slots in optimizer.state.items()},
        "param_groups": [
            {
                **{key: runs.plain(group[key]) for key in kept if key in group},
                "params": [names[id(parameter)] for parameter in group["params"]],
            }
            for group in optimizer.param_groups
        ],
    }


def files(folder):
    written = {
        "files": sorted(path.name for path in folder.iterdir() if path.is_file()),
        "metrics_files": {p.name: runs.comparable(json.loads(p.read_text())) for p in folder.glob("metrics_epoch_*.json")},
        "checkpoint_summaries": {},
    }
    for path in sorted(folder.glob("training_state_epoch_*.th")):
        saved = torch.load(path)
        summary = {"keys": sorted(saved), "epoch": saved["epoch"], "batch_num_total": saved["batch_num_total"]}
        written["checkpoint_summaries"][path.name] = summary
    if (folder / "best.th").exists():
        written["best_th"] = runs.flats(torch.load(folder / "best.th").items())
    return written


def fixture(seed):
    rng, values = random.Random(seed), numpy.random.default_rng(seed)
    case = random_case(rng, values, seed)
    parameters = runs.random_parameters(values, case["model"])
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as exact, tempfile.TemporaryDirectory() as parts:
        has_folder = case["has_serialization_dir"]
        result = run(case, folder if has_folder else None, parameters)
        made = {
            "allennlp": "1.0.0",
            "torch": torch.__version__,
            "provenance": f"run: AllenNLP v1.0.0 on torch {torch.__version__}, CPU, by tools/reference/trainer_fixtures.py, seed {seed}",
            "name": f"random_{seed:04d}",
            "model": case["model"],
            "initial_parameters": runs.tensors(parameters.items()),
            "train_batches": runs.batches(case["train_batches"]),
            "validation_batches": runs.batches(case["validation_batches"]),
            "trainer": case["trainer"],
            "has_serialization_dir": has_folder,
            "result": result,
        }
        if "error" in result:
            return made
        double = run(case, exact if has_folder else None, parameters, dtype=torch.float64)
        gap = largest_gap(result, double)
        made["float64"] = {
            "final_parameters": double["final_parameters"],
            "max_abs_gap_to_float32_params_and_losses": gap,
        }
        if gap > ROUNDING or len(result["batches"]) != len(double["batches"]):
            return None
        if case["interrupt_after"] is not None:
            others = runs.random_parameters(values, case["model"])
            made["resume"] = resume(case, parts, parameters, others, result)
        return made


def largest_gap(result, double):
    """What rounding moves, in parameters and losses."""
    def numbers(of):
        finals = [value for each in of["final_parameters"].values() for value in each["data"]]
        losses = [loss for batch in of["batches"] for loss in batch["losses"]]
        return [value for value in finals + losses if isinstance(value, (int, float))]

    pairs = zip(numbers(result), numbers(double), strict=False)
    return max((abs(a - b) / max(1, abs(b)) for a, b in pairs), default=0)


def resume(case, folder, parameters, others, uninterrupted):
    results = [run(case, folder, parameters, case["interrupt_after"]), run(case, folder, others)]
    return {
        "phases": [{"interrupt_after_epoch": case["interrupt_after"]}, {}],
        "second_phase_initial_parameters": runs.tensors(others.items()),
        "results": results,
        "identical_final_parameters": results[1].get("final_parameters") == uninterrupted["final_parameters"],
    }


def main(target, count="60", first="0"):
    torch.set_num_threads(1)
    folder = pathlib.Path(target) / "trainer"
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(int(first), int(first) + int(count)):
        made = fixture(seed)
        if made is None:
            print(f"seed {seed}: moved by rounding, left out")
            continue
        (folder / f"{made['name']}.json").write_text(json.dumps(made) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
