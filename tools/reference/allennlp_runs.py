"""What the runs of both versions of AllenNLP share: models of tools/parity/fixtures/README.md, their data, and JSON."""

import math

import numpy
import torch
from allennlp.common import Params
from allennlp.models import Model
from allennlp.nn import RegularizerApplicator

SIZES = {
    "mlp_regression": {"n_in": (2, 5), "n_hidden": (2, 6), "n_out": (1, 3)},
    "mlp_classifier": {"n_in": (2, 5), "n_hidden": (3, 7), "n_classes": (2, 4)},
    "two_head_regression": {"n_in": (2, 4), "n_hidden": (2, 5)},
    "lstm_tagger": {"vocab": (6, 11), "emb": (2, 5), "hidden": (2, 5), "tags": (2, 4)},
}
REGRESSIONS = ["mlp_regression", "no_loss", "nan_loss"]


class FixtureModel(Model):
    """A model of the fixtures by its description, with the metric `mae` or `accuracy`."""

    def __init__(self, description):
        regularizer = description.get("regularizer")
        super().__init__(None, regularizer and RegularizerApplicator.from_params(Params(regularizer).duplicate()))
        self.arch = description["arch"]
        self.calls = self.total = self.count = 0
        sizes = description
        if self.arch == "lstm_tagger":
            self.embedding = torch.nn.Embedding(sizes["vocab"], sizes["emb"])
            self.encoder = torch.nn.LSTM(sizes["emb"], sizes["hidden"], batch_first=True)
            self.projection = torch.nn.Linear(sizes["hidden"], sizes["tags"])
            return
        self.hidden = torch.nn.Linear(sizes["n_in"], sizes["n_hidden"])
        if self.arch == "two_head_regression":
            self.head_a = torch.nn.Linear(sizes["n_hidden"], 1)
            self.head_b = torch.nn.Linear(sizes["n_hidden"], 1)
        else:
            self.out = torch.nn.Linear(sizes["n_hidden"], sizes.get("n_out") or sizes["n_classes"])

    def forward(self, x=None, y=None, label=None, head="", no_loss=False, tokens=None, mask=None, tags=None):
        self.calls += 1
        if self.arch == "lstm_tagger":
            return self.tagged(tokens, mask, tags)
        if self.arch == "mlp_classifier":
            logits = self.out(torch.relu(self.hidden(x)))
            self.measure(logits.argmax(-1) == label)
            return {"logits": logits, "loss": torch.nn.functional.cross_entropy(logits, label)}
        head = getattr(self, f"head_{head}") if self.arch == "two_head_regression" else self.out
        pred = head(torch.tanh(self.hidden(x)))
        self.measure((pred - y).abs())
        if self.arch == "no_loss" or (no_loss and not self.training):
            return {"pred": pred}
        loss = ((pred - y) ** 2).mean()
        return {"pred": pred, "loss": loss + math.nan if self.arch == "nan_loss" and self.calls >= 3 else loss}

    def tagged(self, tokens, mask, tags):
        encoded, _ = self.encoder(self.embedding(tokens))
        logits = self.projection(encoded)
        counted = mask.to(logits.dtype)
        self.measure((logits.argmax(-1) == tags) * counted, counted.sum())
        losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), tags, reduction="none")
        return {"logits": logits, "loss": (losses * counted).sum() / counted.sum()}

    def measure(self, values, count=None):
        self.total += values.detach().double().sum().item()
        self.count += values.numel() if count is None else count.item()

    def get_metrics(self, reset=False):
        name = "mae" if self.arch not in ("mlp_classifier", "lstm_tagger") else "accuracy"
        metrics = {name: self.total / self.count if self.count > 0 else 0.0}
        if reset:
            self.total = self.count = 0
        return metrics


def random_description(rng, arch):
    sizes = SIZES[arch if arch in SIZES else "mlp_regression"]
    return {"arch": arch, **{name: rng.randint(*bounds) for name, bounds in sizes.items()}}


def random_parameters(rng, description):
    return {
        name: torch.tensor(numpy.float32(rng.normal(0, 0.6, tuple(parameter.shape))))
        for name, parameter in FixtureModel(description).named_parameters()
    }


def random_batch(rng, description, size, **fields):
    """A batch of `size` rows; `rng` is numpy's. A tagger's has a length of its own, and at least one token a row."""
    if description["arch"] == "lstm_tagger":
        length = int(rng.integers(2, 7))
        lengths = rng.integers(1, length + 1, size)
        lengths[0] = length
        mask = numpy.arange(length)[None] < lengths[:, None]
        tokens = rng.integers(1, description["vocab"], (size, length)) * mask
        return {name: torch.tensor(numpy.int64(v)) for name, v in [("tokens", tokens), ("mask", mask), ("tags", tokens % description["tags"])]}
    x = rng.normal(0, 1, (size, description["n_in"]))
    if description["arch"] == "mlp_classifier":
        return {"x": torch.tensor(numpy.float32(x)), "label": torch.tensor(rng.integers(0, description["n_classes"], size))}
    y = numpy.tanh(x @ rng.normal(0, 1, (description["n_in"], description.get("n_out", 1)))) + rng.normal(0, 0.3, (size, 1))
    return {"x": torch.tensor(numpy.float32(x)), "y": torch.tensor(numpy.float32(y)), **fields}


def loaded(description, parameters, dtype):
    model = FixtureModel(description).to(dtype)
    model.load_state_dict({name: value.to(dtype) for name, value in parameters.items()})
    return model


def cast(batches, dtype):
    """Fresh copies with floats in `dtype`."""
    def one(value):
        if not isinstance(value, torch.Tensor):
            return value
        return value.to(dtype) if value.is_floating_point() else value.clone()

    return batches and [{name: one(value) for name, value in batch.items()} for batch in batches]


def number(value):
    """As JSON has it; what is not finite is text."""
    if isinstance(value, (bool, str, type(None))):
        return value
    if isinstance(value, (torch.Tensor, numpy.generic)):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def flat(tensor):
    return [number(value) for value in tensor.detach().reshape(-1).tolist()]


def tensor(value, with_type=False):
    described = {"shape": list(value.shape), "data": flat(value)}
    return {**described, "dtype": str(value.dtype).replace("torch.", "")} if with_type else described


def plain(value):
    """Any state, with its tensors flat or, where they are numbers, numbers."""
    if isinstance(value, torch.Tensor):
        return number(value) if value.dim() == 0 else tensor(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return number(value)


def tensors(named):
    return {name: tensor(value) for name, value in named}


def flats(named):
    return {name: flat(value) for name, value in named}


def batches(all_batches):
    def one(value):
        return tensor(value, with_type=True) if isinstance(value, torch.Tensor) else value

    return all_batches and [{name: one(value) for name, value in batch.items()} for batch in all_batches]


def comparable(metrics):
    """Without what depends on the machine."""
    return {k: number(v) for k, v in metrics.items() if k != "training_duration" and not k.endswith("_memory_MB")}
