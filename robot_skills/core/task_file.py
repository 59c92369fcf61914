"""Reads envs/<task>/task.toml: a task is data, and every mistake in it is named with its line."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from robot_skills.core.errors import InputError, unknown_name
from robot_skills.core.facts import Fact, parse_sequence
from robot_skills.core.task import Fixture, GoalTemplate, Predicate, Reset, Task, TaskObject
from robot_skills.core.toml_file import TomlTable

FORMAT = 1

_TOP = ("format", "name", "scene", "rate_hz", "workspace_m", "types", "objects", "predicates")
_RESET = (
    "objects",
    "region_m",
    "spacing_m",
    "yaw_range_rad",
    "stacked_probability",
    "open_probability",
    "ee_region_m",
)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Formula(NamedTuple):
    """How many parameters a predicate's formula takes and which thresholds it reads."""

    arity: int
    thresholds: tuple[str, ...] = ()


FORMULAS = {
    "on": Formula(2, ("horizontal_m", "vertical_m")),
    "holding": Formula(1, ("sideways_m", "along_m", "wider_m", "narrower_m")),
    "clear": Formula(1),
    "gripper_empty": Formula(0),
    "in": Formula(2, ("margin_m",)),
    "open": Formula(1, ("above",)),
    "closed": Formula(1, ("below",)),
}
_OF_CONTAINERS = ("in", "open", "closed")  # a task without containers does without them


def load_task(path: Path) -> Task:
    """Read a task from its folder or its task.toml.

    Raises InputError with file, line and what was expected for anything that is wrong.
    """
    file = path / "task.toml" if path.is_dir() else path
    top = TomlTable.read(file)
    if top.values.get("format") != FORMAT:
        found = top.values.get("format")
        raise top.error("format", f"format must be {FORMAT}; found {found!r}")
    top.check_keys((*_TOP, "reset", "goals"), ("fixtures",))
    if not (file.parent / top.text("scene")).is_file():
        raise top.error("scene", f"no scene {top.text('scene')!r} beside {file.name}")
    types = _types(top.table("types"))
    objects = {n: _object(n, t, types) for n, t in _named(top, "objects")}
    fixtures = {n: _fixture(n, t, types) for n, t in _named(top, "fixtures")}
    task = Task(
        name=top.text("name"),
        folder=file.parent.resolve(),
        scene=top.text("scene"),
        rate_hz=top.number("rate_hz", low=1.0),
        types=types,
        objects=objects,
        fixtures=fixtures,
        predicates=_predicates(top.table("predicates"), types, fixtures),
        reset=_reset(top.table("reset"), objects, fixtures),
        goals={},
        workspace_m=top.box("workspace_m", 3),
    )
    _check_names(top, task)
    return replace(task, goals=_goals(top.table("goals"), task))


def _named(top: TomlTable, key: str) -> list[tuple[str, TomlTable]]:
    return list(top.table(key).tables().items())


def _types(table: TomlTable) -> dict[str, str]:
    types = {name: table.text(name) for name in table.values}
    for name, parent in types.items():
        seen, kind = {name}, parent
        while kind in types:
            if kind in seen:
                raise table.error(name, f"type {name!r} is its own ancestor by way of {kind!r}")
            seen.add(kind)
            kind = types[kind]
    return types


def _known_type(table: TomlTable, key: str, name: str, types: dict[str, str]) -> str:
    known = {*types, *types.values()}  # a root such as "thing" is only ever named as a parent
    if name not in known:
        raise table.error(key, str(unknown_name("type", name, known)))
    return name


def _object(name: str, table: TomlTable, types: dict[str, str]) -> TaskObject:
    table.check_keys(("type", "half_extents_m", "yaw_symmetry"))
    extents = table.numbers("half_extents_m", (3,))
    if not (extents > 0).all():
        raise table.error("half_extents_m", f"half_extents_m of {name} must be above 0")
    kind = _known_type(table, "type", table.text("type"), types)
    return TaskObject(name, kind, extents, table.integer("yaw_symmetry", low=1))


def _fixture(name: str, table: TomlTable, types: dict[str, str]) -> Fixture:
    table.check_keys(("type",), ("joint", "interior_m", "half_extents_m", "handle_m"))
    return Fixture(
        name=name,
        type=_known_type(table, "type", table.text("type"), types),
        joint=table.text("joint") or None,
        interior_m=table.optional_numbers("interior_m", (3,)),
        half_extents_m=table.optional_numbers("half_extents_m", (3,)),
        handle_m=table.optional_numbers("handle_m", (3,)),
    )


def _predicates(
    table: TomlTable, types: dict[str, str], fixtures: dict[str, Fixture]
) -> dict[str, Predicate]:
    has_containers = any(f.interior_m is not None for f in fixtures.values())
    optional = () if has_containers else _OF_CONTAINERS
    table.check_keys([name for name in FORMULAS if name not in optional], optional)
    return {name: _predicate(name, t, types) for name, t in table.tables().items()}


def _predicate(name: str, table: TomlTable, types: dict[str, str]) -> Predicate:
    formula = FORMULAS[name]
    table.check_keys(("parameters", *formula.thresholds))
    parameters = table.texts("parameters")
    if len(parameters) != formula.arity:
        raise table.error(
            "parameters", f"{name} takes {formula.arity} parameters; found {len(parameters)}"
        )
    for kind in parameters:
        _known_type(table, "parameters", kind, types)
    thresholds = {key: table.number(key) for key in formula.thresholds}
    return Predicate(name, parameters, thresholds)


def _reset(table: TomlTable, objects: dict[str, TaskObject], fixtures: dict[str, Fixture]) -> Reset:
    table.check_keys(_RESET, ("joint_open",))
    fewest, most = table.numbers("objects", (2,))
    if not (1 <= fewest <= most <= len(objects) and fewest.is_integer() and most.is_integer()):
        raise table.error(
            "objects",
            f"objects: expected the fewest and the most present, from 1 to {len(objects)}; "
            f"found {table.values['objects']}",
        )
    return Reset(
        objects=(int(fewest), int(most)),
        region_m=table.box("region_m", 2),
        spacing_m=table.number("spacing_m", low=0.0),
        yaw_range_rad=table.number("yaw_range_rad", low=0.0),
        stacked_probability=table.number("stacked_probability", low=0.0, high=1.0),
        joint_open=_joint_open(table.table("joint_open"), fixtures),
        open_probability=table.number("open_probability", low=0.0, high=1.0),
        ee_region_m=table.box("ee_region_m", 3),
    )


def _joint_open(table: TomlTable, fixtures: dict[str, Fixture]) -> dict[str, tuple[float, float]]:
    jointed = [name for name, fixture in fixtures.items() if fixture.joint]
    table.check_keys(jointed)
    ranges = {name: table.numbers(name, (2,)) for name in jointed}
    for name, (low, high) in ranges.items():
        if low > high:
            raise table.error(name, f"{name}: expected the lower end first; found {low}, {high}")
    return {name: (float(low), float(high)) for name, (low, high) in ranges.items()}


def _check_names(top: TomlTable, task: Task) -> None:
    for key, names in (("objects", task.objects), ("fixtures", task.fixtures)):
        for name in names:
            if not _NAME.fullmatch(name):
                raise top.table(key).error(
                    name, f"name {name!r}: expected small letters, digits and _"
                )
    for name in task.objects.keys() & task.fixtures.keys():
        raise top.table("fixtures").error(name, f"{name!r} is an object and a fixture")


def _goals(table: TomlTable, task: Task) -> dict[str, GoalTemplate]:
    table.check_keys((), ("seen", "unseen"))
    goals: dict[str, GoalTemplate] = {}
    for group in table.values:
        for name, entry in table.table(group).tables().items():
            if name in goals:
                raise table.table(group).error(name, f"two goals are called {name!r}")
            goals[name] = _goal(name, entry, group == "seen", task)
    return goals


def _goal(name: str, table: TomlTable, seen: bool, task: Task) -> GoalTemplate:
    table.check_keys(("sequence",), ("variables", "start"))
    variables = {v: table.table("variables").text(v) for v in table.table("variables").values}
    for kind in variables.values():
        _known_type(table, "variables", kind, dict(task.types))

    def check(fact: Fact) -> None:
        _check_typed(fact, variables, task)

    sequence = _check_fact(table, "sequence", table.text("sequence"), check)
    if not sequence:
        raise table.error("sequence", f"goal {name} has no facts")
    start = _check_fact(table, "start", table.text("start"), check)
    return GoalTemplate(name, seen, variables, sequence, frozenset(start))


def _check_fact(
    table: TomlTable, key: str, text: str, check: Callable[[Fact], None]
) -> tuple[Fact, ...]:
    try:
        facts = parse_sequence(text)
        for fact in facts:
            check(fact)
    except InputError as error:
        raise table.error(key, str(error)) from None
    return facts


def _check_typed(fact: Fact, variables: dict[str, str], task: Task) -> None:
    if fact.predicate not in task.predicates:
        raise unknown_name("predicate", fact.predicate, task.predicates)
    parameters = task.predicates[fact.predicate].parameters
    if len(parameters) != len(fact.arguments):
        wanted = f"{fact.predicate}({', '.join(parameters)})"
        raise InputError(f"{fact}: takes {len(parameters)} arguments: {wanted}")
    for argument, kind in zip(fact.arguments, parameters, strict=True):
        found = _argument_type(argument, variables, task)
        if not task.is_a(found, kind):
            raise InputError(f"{fact}: {argument} is a {found}; expected a {kind}")


def _argument_type(argument: str, variables: dict[str, str], task: Task) -> str:
    if not argument.startswith("?"):
        return task.type_of(argument)
    if argument[1:] not in variables:
        raise unknown_name("variable", argument, [f"?{v}" for v in variables])
    return variables[argument[1:]]
