"""From a verb's name and flags to its dataclass; named differences come from configs/<verb>/."""

import dataclasses
import importlib
import inspect
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Protocol, cast, get_args, get_origin, get_type_hints

import tyro

from robot_skills import paths
from robot_skills.cli import UsageError
from robot_skills.core.errors import InputError, unknown_name

CONFIG_HELP = "--config NAME|PATH takes values from configs/{verb}/NAME.toml; flags win over it."


HELP = ("--help", "-h")


class Verb(Protocol):
    """A frozen dataclass whose fields are flags."""

    def run(self) -> None:
        """Do the verb's work."""
        ...


def verb_class(name: str) -> type[Verb]:
    """Class of the verb `name`, imported now: `segment` is cli/segment.py's Segment."""
    module = importlib.import_module(f"robot_skills.cli.{name}")
    return cast("type[Verb]", getattr(module, name.capitalize()))


def parse_verb(name: str, flags: list[str]) -> Verb:
    """Build the verb from its flags; a wrong flag ends the program with status 2 and a hint.

    A verb with `defaults` says itself what stands for a flag that is not given, once it knows the
    others: an arm's own limits.
    """
    kind = verb_class(name)
    _refuse_unknown_flags(name, kind, flags)
    parse: Callable[..., Any] = partial(
        tyro.cli,
        kind,
        prog=f"robot-skills {name}",
        description=f"{inspect.getdoc(kind)}\n\n{CONFIG_HELP.format(verb=name)}",
    )
    words = _with_config(name, kind, flags)
    if not hasattr(kind, "defaults"):
        return cast("Verb", parse(args=words))
    named = parse(args=[word for word in words if word not in HELP])
    return cast("Verb", parse(args=words, default=named.defaults()))


def _refuse_unknown_flags(verb: str, kind: type[Any], flags: list[str]) -> None:
    """Raise UsageError with the near flag; tyro suggests none when a required one is missing."""
    commands = _commands(kind)
    if commands and flags and not flags[0].startswith("-"):
        if flags[0] not in commands:
            raise UsageError(str(unknown_name(f"command of {verb}", flags[0], commands)))
        _refuse_unknown_flags(f"{verb} {flags[0]}", commands[flags[0]], flags[1:])
        return
    known = {"--help", "--config", *_known_flags(kind, "")}
    for word in flags:
        flag = word.partition("=")[0].replace("_", "-")
        if flag.startswith("--") and flag not in known:
            raise UsageError(f"{verb}: {unknown_name('flag', flag, known)}")


def _commands(kind: type[Any]) -> dict[str, type[Any]]:
    """Commands of a verb that has some, by name: the union that one of its fields chooses from."""
    hints = get_type_hints(kind, include_extras=True).values()
    unions = [get_args(hint)[0] for hint in hints if get_origin(hint) is Annotated]
    members = [member for union in unions for member in get_args(union)]
    marked = [get_args(member) for member in members if get_origin(member) is Annotated]
    return {mark.name: command for command, mark in marked}


def _known_flags(kind: type[Any], prefix: str) -> Iterator[str]:
    types = get_type_hints(kind)
    names = _flag_names(kind)
    for field in dataclasses.fields(kind):
        name = names[field.name]
        if dataclasses.is_dataclass(types[field.name]):
            yield from _known_flags(cast("type[Any]", types[field.name]), f"{prefix}{name}.")
            continue
        yield f"--{prefix}{name}"
        if types[field.name] is bool:
            yield f"--{prefix}no-{name}"


def _flag_names(kind: type[Any]) -> dict[str, str]:
    """What each field is called as a flag: itself, or what tyro.conf.arg(name=...) says."""
    hints = get_type_hints(kind, include_extras=True)
    given = {
        field.name: [getattr(mark, "name", None) for mark in get_args(hints[field.name])[1:]]
        for field in dataclasses.fields(kind)
        if get_origin(hints[field.name]) is Annotated
    }
    return {
        field.name: next(filter(None, given.get(field.name, [])), field.name).replace("_", "-")
        for field in dataclasses.fields(kind)
    }


def _with_config(verb: str, kind: type[Any], flags: list[str]) -> list[str]:
    """Put the values of every `--config` before the other flags, where those override them."""
    ahead: list[str] = []
    rest: list[str] = []
    words = iter(flags)
    for word in words:
        option, equals, value = word.partition("=")
        if option != "--config":
            rest.append(word)
            continue
        chosen = value if equals else next(words, "")
        if not chosen:
            raise UsageError("--config needs the name of a configuration or a path")
        ahead += config_flags(kind, _config_file(verb, chosen))
    return ahead + rest


def _config_file(verb: str, chosen: str) -> Path:
    path = Path(chosen).expanduser()
    if path.suffix == ".toml":
        return path
    shipped = {file.stem: file for file in (paths.data_folder("configs") / verb).glob("*.toml")}
    if chosen not in shipped:
        raise unknown_name(f"configuration of {verb} (nor a .toml file)", chosen, shipped)
    return shipped[chosen]


def config_flags(kind: type[Any], file: Path) -> list[str]:
    """Flags that say what a TOML file says; InputError at a key that `kind` has no field for."""
    try:
        table = tomllib.loads(file.read_text())
    except FileNotFoundError:
        raise InputError(f"no configuration file {file}") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file}: {error}") from None
    try:
        return _flags(kind, table, "")
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


def _flags(kind: type[Any], table: dict[str, Any], prefix: str) -> list[str]:
    types = get_type_hints(kind)
    fields = {flag.replace("-", "_"): name for name, flag in _flag_names(kind).items()}
    flags: list[str] = []
    for key, value in table.items():
        if key not in fields:
            raise unknown_name("setting", f"{prefix}{key}", [f"{prefix}{name}" for name in fields])
        if isinstance(value, dict):
            flags += _flags(types[fields[key]], value, f"{prefix}{key}.")
        else:
            flags += _flag(f"{prefix}{key}".replace("_", "-"), value)
    return flags


def _flag(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        head, _, last = name.rpartition(".")
        return [f"--{head + '.' if head else ''}{last if value else f'no-{last}'}"]
    if isinstance(value, list):
        return [f"--{name}", *map(str, value)]
    return [f"--{name}", str(value)]
