"""Lets AllenNLP 1.0.0 and 2.10.1 run on the Python and torch of today: import this before `allennlp`.

What training does not exercise is replaced by empty modules; what torch has since removed or made strict is put back.
Nothing of AllenNLP itself is touched.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import sys
import types

import torch
import transformers

UNUSED = "spacy boto3 botocore h5py nltk ftfy jsonpickle sqlitedict wandb dill lmdb cached_path fairscale sentencepiece".split()
UNUSED += "sacremoses scipy sklearn termcolor base58 checklist traitlets tensorboardX overrides _jsonnet".split()
MOVED = ["transformers.modeling_auto", "transformers.tokenization_auto", "transformers.modeling_gpt2", "transformers.modeling_bert"]


class Nothing:
    """Takes every argument and has every method."""

    def __init__(self, *arguments, **options):
        pass

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **options: None


class EmptyModule(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if self.__name__ == "overrides":
            return lambda method: method
        return type(name, (Nothing,), {})


class EmptyModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in UNUSED or name in MOVED:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return EmptyModule(spec.name)

    def exec_module(self, module):
        pass


sys.meta_path.insert(0, EmptyModules())

_load = torch.load
torch.load = lambda *arguments, **options: _load(*arguments, **{"weights_only": False, **options})

Plateau = torch.optim.lr_scheduler.ReduceLROnPlateau
if "verbose" not in inspect.signature(Plateau).parameters:

    class VerbosePlateau(Plateau):
        def __init__(self, *arguments, verbose=False, **options):
            super().__init__(*arguments, **options)

    torch.optim.lr_scheduler.ReduceLROnPlateau = VerbosePlateau

# Up to torch 1.13 a gradient once there is zeroed, not removed, so that momentum and weight decay go on.
_zero_grad = torch.optim.Optimizer.zero_grad
torch.optim.Optimizer.zero_grad = lambda optimizer, set_to_none=False: _zero_grad(optimizer, set_to_none)
