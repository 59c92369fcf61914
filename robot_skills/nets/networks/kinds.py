"""Which kind of policy network a configuration or a stored skill means."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from robot_skills.core.errors import InputError, unknown_name
from robot_skills.nets.networks.flow import Flow
from robot_skills.nets.networks.gmm import Gmm
from robot_skills.nets.networks.mlp import Mlp
from robot_skills.nets.networks.network import Network
from robot_skills.nets.networks.transformer import Transformer

DEFAULT = "mlp"
KINDS: dict[str, type[Mlp | Gmm | Transformer | Flow]] = {
    "mlp": Mlp,
    "gmm": Gmm,
    "transformer": Transformer,
    "flow": Flow,
}


def kind_named(name: str) -> type[Mlp | Gmm | Transformer | Flow]:
    """The kind `name`; InputError suggests the near one."""
    if name not in KINDS:
        raise unknown_name("kind of policy", name, KINDS)
    return KINDS[name]


def settings_of(network: Network) -> dict[str, int | str]:
    """A network's kind and sizes as plain values, from which `network_of` makes it again."""
    name = next(name for name, kind in KINDS.items() if type(network) is kind)
    return {"policy": name, **asdict(network)}  # type: ignore[call-overload]


def network_of(settings: Mapping[str, Any]) -> Network:
    """The network that a skill's settings describe; InputError names what they lack."""
    kind = kind_named(str(settings.get("policy", DEFAULT)))
    sizes = {
        field.name: _whole(settings, field.name)
        for field in fields(kind)
        if field.name in settings or field.name in ("inputs", "chunk")
    }
    return kind(**sizes)


def _whole(settings: Mapping[str, Any], key: str) -> int:
    value = settings.get(key)
    if not isinstance(value, int | float) or value != int(value):
        raise InputError(f"the skill's settings lack the whole number {key!r}; found {value!r}")
    return int(value)
