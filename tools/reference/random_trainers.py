"""Random models, data and trainer configs for fixtures; `rng` is Python's, `values` numpy's."""

import allennlp_runs as runs

ARCHS = ["mlp_regression", "mlp_classifier", "two_head_regression", "lstm_tagger", "mlp_regression"]
OPTIMIZERS = "sgd adam adamw huggingface_adamw adagrad adadelta rmsprop adamax averaged_sgd dense_sparse_adam sgd".split()
SCHEDULERS = [None] + "step multi_step exponential reduce_on_plateau noam slanted_triangular polynomial_decay cosine".split()
REGEXES = {
    "lstm_tagger": ["embedding", "^encoder", "bias", "weight_[ih]h", "projection\\.weight", "_l0$"],
    "two_head_regression": ["^head_a", "head_[ab]\\.bias", "hidden", "weight$", "^(head_b|hidden)\\.bias$"],
}
MLP_REGEXES = ["^hidden", "out.bias", "weight$", "\\.bias$", "hidden|nothing", "^out\\.(weight|bias)$"]
LAYERS = {
    "lstm_tagger": [["embedding"], ["encoder"], ["projection"]],
    "two_head_regression": [["hidden"], ["head_a"], ["head_b"]],
}

# What is taken over into a config to see it refused, or not.
MISTAKES = [
    {"num_epochs": 0},
    {"num_epochs": "2"},
    {"num_epochs": 1.5},
    {"patience": 0},
    {"patience": -1},
    {"patience": 1.0},
    {"patience": "2"},
    {"validation_metric": "loss"},
    {"validation_metric": "+f1"},
    {"validation_metric": ""},
    {"cuda_device": 0},
    {"distributed": True},
    {"opt_level": "O1"},
    {"grad_norm": 0.0},
    {"grad_norm": -1.0},
    {"grad_norm": "1.0"},
    {"grad_clipping": 0.0},
    {"grad_clipping": -0.1},
    {"no_grad": [".*"]},
    {"no_grad": ["("]},
    {"num_gradient_accumulation_steps": 0},
    {"num_gradient_accumulation_steps": 2.0},
    {"moving_average": {}},
    {"moving_average": {"type": "nothing"}},
    {"moving_average": {"rate": 0.5}},
    {"momentum_scheduler": {"type": "inverted_triangular", "cool_down": 1, "warm_up": 1}},
    {"momentum_scheduler": {"type": "inverted_triangular", "cool_down": 0, "warm_up": 1}},
    {"momentum_scheduler": {"type": "inverted_triangular"}},
    {"learning_rate_scheduler": {"type": "cosine", "t_initial": 0}},
    {"learning_rate_scheduler": {"type": "cosine"}},
    {"learning_rate_scheduler": {"type": "step", "step_size": 2, "rate": 1}},
    {"learning_rate_scheduler": {"type": "reduce_on_plateau", "mode": "best"}},
    {"learning_rate_scheduler": {"type": "reduce_on_plateau", "factor": 1.0}},
    {"learning_rate_scheduler": {"type": "reduce_on_plateau"}},
    {"learning_rate_scheduler": {"gamma": 0.5}},
    {"learning_rate_scheduler": {"type": "slanted_triangular", "gradual_unfreezing": True}},
    {"optimizer": {"lr": 0.1}},
    {"optimizer": {"type": "sgd"}},
    {"optimizer": {"type": "sgd", "lr": -0.1}},
    {"optimizer": {"type": "sgd", "lr": 0.1, "nesterov": True}},
    {"optimizer": {"type": "adam", "betas": [0.9, 1.0]}},
    {"optimizer": {"type": "adam", "lr": 0.1, "parameter_groups": [[["bias"], {}], [["bias"], {}]]}},
    {"optimizer": {"type": "adam", "rate": 0.1}},
    {"optimizer": "adam"},
    {"optimizer": "sgd"},
    {"checkpointer": {"num_serialized_models_to_keep": 0}},
    {"checkpointer": {"keep": 1}},
    {"type": "gradient_descent"},
    {"type": "default"},
    {"epochs": 2},
]


def random_case(rng, values, seed):
    arch = ARCHS[seed % len(ARCHS)]
    if seed % 29 == 28:
        arch = rng.choice(["no_loss", "nan_loss"])
    description = runs.random_description(rng, arch)
    regexes = REGEXES.get(arch, MLP_REGEXES)
    if rng.random() < 0.3:
        description["regularizer"] = {"regexes": [[rng.choice(regexes + [".*"]), penalty(rng)] for _ in range(rng.randint(1, 2))]}
    case = {
        "model": description,
        "train_batches": random_batches(rng, values, description, rng.randint(2, 8)),
        "validation_batches": None,
        "has_serialization_dir": rng.random() < 0.85,
    }
    if rng.random() < 0.8:
        case["validation_batches"] = random_batches(rng, values, description, rng.randint(1, 3), evaluates=True)
    case["trainer"] = random_trainer(rng, case, regexes, seed)
    if seed % 8 == 7:
        case["trainer"].update(MISTAKES[seed // 8 % len(MISTAKES)])
    epochs = case["trainer"]["num_epochs"]
    resumes = epochs in range(1, 20) and case["has_serialization_dir"] and rng.random() < 0.45
    case["interrupt_after"] = rng.randrange(epochs) if resumes else None
    return case


def penalty(rng):
    return {"type": rng.choice(["l1", "l2"]), "alpha": rng.choice([0.01, 0.03, 0.1])}


def random_batches(rng, values, description, count, evaluates=False):
    """Batches of differing sizes. Where they evaluate, some of a regression's may have no loss."""
    some_without_loss = evaluates and description["arch"] == "mlp_regression" and rng.random() < 0.35

    def one():
        fields = {}
        if description["arch"] == "two_head_regression":
            fields["head"] = rng.choice("aab")
        if some_without_loss:
            fields["no_loss"] = rng.random() < 0.5
        return runs.random_batch(values, description, rng.randint(1, 6), **fields)

    return [one() for _ in range(count)]


def random_trainer(rng, case, regexes, seed):
    steps = rng.choice([1, 1, 2, 3, 4, 10])
    config = {"num_epochs": rng.randint(1, 6), "optimizer": random_optimizer(rng, regexes, seed)}
    if steps > 1 or rng.random() < 0.2:
        config["num_gradient_accumulation_steps"] = steps
    if rng.random() < 0.35:
        config["grad_norm"] = rng.choice([0.05, 0.3, 1.0, 100.0])
    if rng.random() < 0.3:
        config["grad_clipping"] = rng.choice([0.01, 0.1, 1.0])
    if rng.random() < 0.25:
        config["no_grad"] = rng.sample(regexes[:2] + ["nothing"], rng.randint(1, 2))
    if rng.random() < 0.3:
        config["moving_average"] = random_moving_average(rng)
    scheduler = SCHEDULERS[(seed // 2) % len(SCHEDULERS)]
    if scheduler is not None:
        config["learning_rate_scheduler"] = random_scheduler(rng, scheduler, config, case)
    if config["optimizer"].get("momentum") and rng.random() < 0.5:
        config["momentum_scheduler"] = {"type": "inverted_triangular", "cool_down": rng.randint(1, 3), "warm_up": rng.randint(1, 3)}
        if rng.random() < 0.5:
            config["momentum_scheduler"]["ratio"] = rng.choice([2, 5, 20])
    if case["validation_batches"] is not None:
        config.update(random_validation(rng, case["model"]["arch"]))
    if case["has_serialization_dir"] and rng.random() < 0.3:
        config["checkpointer"] = {"num_serialized_models_to_keep": rng.choice([1, 2, 3, -1])}
    return config


def random_validation(rng, arch):
    config = {}
    if rng.random() < 0.5:
        config["patience"] = rng.randint(1, 3)
    if rng.random() < 0.5:
        metric = "accuracy" if arch in ("mlp_classifier", "lstm_tagger") else "mae"
        config["validation_metric"] = rng.choice(["-loss", f"+{metric}", f"-{metric}", "+loss"])
    return config


def random_moving_average(rng):
    config = {"decay": rng.choice([0.5, 0.9, 0.99])}
    if rng.random() < 0.5:
        config["type"] = "exponential"
    if rng.random() < 0.3:
        config.update(numerator=rng.choice([0.5, 2.0]), denominator=rng.choice([5.0, 20.0]))
    return config


def random_optimizer(rng, regexes, seed):
    kind = OPTIMIZERS[seed % len(OPTIMIZERS)]
    lr = {"adadelta": 1.0, "sgd": 0.1, "averaged_sgd": 0.1, "adagrad": 0.05}.get(kind, 0.01) * rng.choice([0.5, 1, 2])
    config = {"type": kind, "lr": lr}

    def maybe(chance=0.4, **options):
        if rng.random() < chance:
            config.update(options)

    if kind != "dense_sparse_adam":
        maybe(weight_decay=rng.choice([0.01, 0.1]))
    if "adam" in kind:
        maybe(betas=[rng.choice([0.5, 0.8, 0.95]), rng.choice([0.9, 0.98])])
        maybe(eps=rng.choice([1e-6, 1e-3]))
    if kind in ("adam", "adamw"):
        maybe(amsgrad=True)
    if kind == "huggingface_adamw":
        maybe(correct_bias=True)
    if kind in ("sgd", "rmsprop"):
        maybe(0.7, momentum=rng.choice([0.5, 0.8, 0.9]))
    if kind == "sgd":
        maybe(0.2, dampening=0.1)
        if "momentum" in config and "dampening" not in config:
            maybe(nesterov=True)
    if kind == "rmsprop":
        maybe(alpha=0.9, centered=True, eps=1e-3)
    if kind == "adagrad":
        maybe(lr_decay=0.05)
        maybe(initial_accumulator_value=0.1)
    if kind == "adadelta":
        maybe(rho=0.8, eps=1e-3)
    if kind == "averaged_sgd":
        maybe(t0=2.0, alpha=0.6, lambd=0.01)
    if rng.random() < 0.45:
        config["parameter_groups"] = random_groups(rng, regexes, config)
    return config


def random_groups(rng, regexes, config):
    """Each with options of its own; a parameter may match one group only."""
    chosen = rng.choice([[[0]], [[1]], [[0], [1]], [[0, 1]], [[]], [[2]]])
    options = {"lr": config["lr"] * rng.choice([0.1, 3]), "weight_decay": 0.05}
    if config.get("momentum"):
        options["momentum"] = 0.3
    if config["type"] == "dense_sparse_adam":
        del options["weight_decay"]

    def some():
        return {key: value for key, value in options.items() if rng.random() < 0.6}

    return [[[regexes[i] for i in group], some()] for group in chosen]


def random_scheduler(rng, kind, config, case):
    batches = len(case["train_batches"])
    layers = LAYERS.get(case["model"]["arch"], [["hidden"], ["out"]])
    epochs = config["num_epochs"]
    steps = -(-batches // config.get("num_gradient_accumulation_steps", 1)) * epochs
    options = {
        "step": {"step_size": rng.randint(1, 2), "gamma": rng.choice([0.5, 0.9])},
        "multi_step": {"milestones": sorted(rng.sample(range(1, 6), 2)), "gamma": 0.4},
        "exponential": {"gamma": rng.choice([0.5, 0.8])},
        "reduce_on_plateau": {"patience": rng.randint(0, 1), "factor": 0.5, "mode": rng.choice(["min", "max"])},
        "noam": {"model_size": rng.choice([16, 64]), "warmup_steps": rng.randint(1, 8), "factor": 0.3},
        "slanted_triangular": {"cut_frac": rng.choice([0.1, 0.3, 0.5]), "ratio": rng.choice([4, 32])},
        "polynomial_decay": {"total_steps": max(2, steps + rng.choice([-1, 0, 5])), "warmup_steps": rng.choice([0, 2]), "power": rng.choice([1.0, 2.0])},
        "cosine": {"t_initial": rng.randint(1, 3), "t_mul": rng.choice([1.0, 1.5, 2.0]), "eta_mul": rng.choice([1.0, 0.7]), "eta_min": rng.choice([0.0, 0.001])},
    }[kind]
    if kind == "reduce_on_plateau":
        optional = {"threshold": 0.1, "threshold_mode": "abs", "cooldown": 1, "min_lr": 0.01, "mode": None}
        for name, value in optional.items():
            if rng.random() < 0.25:
                options[name] = value
        if options["mode"] is None:
            del options["mode"]
    if kind == "slanted_triangular" and rng.random() < 0.5:
        config["optimizer"]["parameter_groups"] = [[layer, {}] for layer in layers]
        options.update(discriminative_fine_tuning=rng.random() < 0.7, decay_factor=0.5)
        options.update(gradual_unfreezing=rng.random() < 0.6)
    return {"type": kind, **options}
