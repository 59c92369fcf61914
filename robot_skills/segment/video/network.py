"""Networks of torchvision or timm with weights that are on this machine already.

Nothing is ever fetched: weights come from a file or from the library's own cache.
"""

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from robot_skills.core.errors import InputError, unknown_name
from robot_skills.nets.threads import limited_threads

Images = NDArray[np.uint8]
Rows = NDArray[np.float32]

SIDE_PX = 224  # what networks are trained on that say nothing else, as are mean and spread
MEAN = (0.485, 0.456, 0.406)
SPREAD = (0.229, 0.224, 0.225)
PICTURES = 600  # a network tells alike pictures apart with fewer examples, and takes its time
HEADS = ("fc", "classifier", "heads", "head")  # the layer that names ImageNet's classes


@dataclass(frozen=True)
class Network:
    """A network without its classifying layer; a row is what that layer would have seen.

    `mean` and `spread` are those of the red, green and blue it was trained on.
    """

    layers: nn.Module
    side_px: int = SIDE_PX
    mean: tuple[float, ...] = MEAN
    spread: tuple[float, ...] = SPREAD
    pictures: int = PICTURES

    @torch.no_grad()
    def rows(self, images: Images) -> Rows:
        """Rows (N, D) of pictures (N, H, W, 3), brought to a square of side_px."""
        size = (self.side_px, self.side_px)
        with limited_threads(1):
            x = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255
            x = nn.functional.interpolate(x, size, mode="bilinear", antialias=True)
            mean, spread = (torch.tensor(v).view(1, 3, 1, 1) for v in (self.mean, self.spread))
            found = self.layers((x - mean) / spread).flatten(1)
        return np.asarray(found.numpy(), dtype=np.float32)


def load_network(name: str, weights: Path | None) -> Network:
    """The network of that name with weights from a file, else from its library's cache.

    InputError when no installed library has it, or its weights are missing or of another network.
    """
    library = _library_with(name)
    network = library.build(name)
    file = weights or library.cached(name)
    try:
        network.layers.load_state_dict(read_weights(file))
    except RuntimeError as error:
        mismatch = " ".join(line.strip() for line in str(error).splitlines()[1:2])
        raise InputError(f"{file}: weights of another network than {name} ({mismatch})") from None
    library.behead(network.layers)
    network.layers.eval()
    return network


def read_weights(file: Path) -> Mapping[str, Tensor]:
    """Tensors by name from .safetensors or .pth; InputError for any other content."""
    if not file.is_file():
        raise InputError(f"no weights at {file}")
    try:
        if file.suffix == ".safetensors":
            found = load_file(file)
        else:
            found = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file raises whatever its bytes happen to spell
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise InputError(f"{file}: no readable weights ({reason})") from None
    if not isinstance(found, Mapping) or not all(isinstance(t, Tensor) for t in found.values()):
        raise InputError(f"{file}: wanted tensors by name, a state_dict; found something else")
    return found


class _Torchvision:
    def __init__(self, models: Any) -> None:
        self._models = models

    def names(self) -> list[str]:
        return [str(name) for name in self._models.list_models(module=self._models)]

    def build(self, name: str) -> Network:
        return Network(self._models.get_model(name, weights=None))

    def behead(self, layers: nn.Module) -> None:
        """Take the classifying layer away."""
        for head in HEADS:
            if hasattr(layers, head):
                setattr(layers, head, nn.Identity())

    def cached(self, name: str) -> Path:
        """The file in torch's cache; InputError says where it is missing and how to bring it."""
        address = str(self._models.get_model_weights(name).DEFAULT.url)
        file = Path(torch.hub.get_dir()) / "checkpoints" / address.rpartition("/")[2]
        if not file.is_file():
            raise InputError(
                f"no weights of {name} at {file}; nothing is fetched by itself: bring {address} "
                "and name the file with --weights"
            )
        return file


class _Timm:
    def __init__(self, timm: Any) -> None:
        self._timm = timm

    def names(self) -> list[str]:
        return [*self._timm.list_models(), *self._timm.list_models(pretrained=True)]

    def build(self, name: str) -> Network:
        layers = self._timm.create_model(name, pretrained=False)
        trained_on = layers.pretrained_cfg
        side_px = int(trained_on.get("input_size", (3, SIDE_PX, SIDE_PX))[-1])
        mean, spread = trained_on.get("mean", MEAN), trained_on.get("std", SPREAD)
        return Network(layers, side_px, tuple(mean), tuple(spread))

    def behead(self, layers: Any) -> None:
        """Take the classifying layer away."""
        layers.reset_classifier(0)

    def cached(self, name: str) -> Path:
        """The file in Hugging Face's cache; InputError says what is missing."""
        known = getattr(self._timm.get_pretrained_cfg(name), "hf_hub_id", None)
        repository = str(known or f"timm/{name}")
        try:
            hub = importlib.import_module("huggingface_hub")
            file = hub.try_to_load_from_cache(repository, "model.safetensors")
        except ImportError:  # without a cache to look into there is nothing in it
            file = None
        if not isinstance(file, str):
            raise InputError(
                f"no weights of {name} in the cache of Hugging Face; nothing is fetched by "
                f"itself: bring model.safetensors of {repository} and name it with --weights"
            )
        return Path(file)


LIBRARIES: Mapping[str, type[_Torchvision] | type[_Timm]] = {
    "torchvision.models": _Torchvision,
    "timm": _Timm,
}


def _library_with(name: str) -> _Torchvision | _Timm:
    """The first installed library that has the network."""
    known: list[str] = []
    absent: list[str] = []
    for module, wrapper in LIBRARIES.items():
        try:
            library = wrapper(importlib.import_module(module))
        except (ImportError, RuntimeError, OSError) as error:  # a build for another torch too
            absent.append(f"{module.partition('.')[0]}: {next(iter(str(error).splitlines()), '')}")
            continue
        if name in library.names():
            return library
        known += library.names()
    if not known:
        raise InputError(
            f"the encoder {name!r} needs torchvision or timm: pip install 'robot-skills"
            f"[pretrained]' ({'; '.join(absent)}); --encoder own needs neither"
        )
    raise unknown_name("encoder", name, [*difflib.get_close_matches(name, known, n=5), "own"])
