"""Reads envs/<task>/task.toml: a task is data, and every mistake in it is named with its line."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from robot_skills.core.environment_names import ROBOSUITE
from robot_skills.core.errors import InputError, unknown_name
from robot_skills.core.facts import OPPOSITES, Fact, parse_sequence
from robot_skills.core.task import (
    Fixture,
    GoalTemplate,
    Predicate,
    Reset,
    Task,
    TaskObject,
)
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
_OPTIONAL = ("fixtures", "held_out", "hand_yaw_rad", "hand_room_m", "arm")
_OF_HELD = ("held_error_m", "held_error_rad")
_OPTIONAL_OF_OBJECTS = (
    "grip_m",
    "grip_width_m",
    "grip_yaw_rad",
    "interior_m",
    "region_m",
    "yaw_range_rad",
    "body",
)
_OPTIONAL_OF_FIXTURES = (
    "joint",
    "interior_m",
    "half_extents_m",
    "handle_m",
    "pivot_m",
    "spot_m",
    "limits",
    "drop_m",
    "body",
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
    "inserted": Formula(2, ("depth_m", "sideways_m")),
    "open": Formula(1, ("above",)),
    "closed": Formula(1, ("below",)),
    "turned_on": Formula(1, ("above",)),
    "turned_off": Formula(1, ("below",)),
    "lit": Formula(1, ("above",)),
    "dark": Formula(1, ("below",)),
}
_OF_CONTAINERS = ("in", "open", "closed")  # a task without containers does without them
_OF_OTHERS = ("clear", "inserted", "turned_on", "turned_off", "lit", "dark")
_PARTS = "parts"  # of the goals, of which one at a time is held out


def load_task(path: Path) -> Task:
    """Read a task from its folder or its task.toml.

    Raises InputError with file, line and what was expected for anything that is wrong.
    """
    file = path / "task.toml" if path.is_dir() else path
    top = TomlTable.read(file)
    if top.values.get("format") != FORMAT:
        found = top.values.get("format")
        raise top.error("format", f"format must be {FORMAT}; found {found!r}")
    if "base" in top.values:
        return _other_part_held_out(top)
    of_robosuite = top.text("scene").startswith(ROBOSUITE)
    needed = "judged_goal" if of_robosuite else "reset"
    top.check_keys((*_TOP, needed, "goals"), _OPTIONAL)
    if not of_robosuite and not (file.parent / top.text("scene")).is_file():
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
        reset=_no_reset(objects) if of_robosuite else _reset(top.table("reset"), objects, fixtures),
        goals={},
        workspace_m=top.box("workspace_m", 3),
        judged_goal=top.text("judged_goal"),
        hand_yaw_rad=_optional_number(top, "hand_yaw_rad", low=-np.pi) or 0.0,
        hand_room_m=_hand_room(top),
        arm=top.text("arm"),
    )
    _check_names(top, task)
    goals = _goals(top.table("goals"), task)
    if any(goal.part for goal in goals.values()) or "held_out" in top.values:
        goals = _held_out(top, goals)
    if of_robosuite and task.judged_goal not in goals:
        raise top.error("judged_goal", str(unknown_name("goal", task.judged_goal, goals)))
    return replace(task, goals=goals)


def _other_part_held_out(top: TomlTable) -> Task:
    """The task of the folder `base` with another part of its goals unseen."""
    top.check_keys(("format", "name", "base", "held_out"))
    base = top.file.parent / top.text("base")
    if not (base / "task.toml").is_file() or base.resolve() == top.file.parent.resolve():
        raise top.error("base", f"base: expected the folder of another task; found {base}")
    task = load_task(base)
    return replace(task, name=top.text("name"), goals=_held_out(top, dict(task.goals)))


def _held_out(top: TomlTable, goals: dict[str, GoalTemplate]) -> dict[str, GoalTemplate]:
    """Goals in parts are unseen where their part is the one that `held_out` names."""
    part = top.text("held_out")
    parts = {goal.part for goal in goals.values() if goal.part}
    if part not in parts:
        raise top.error("held_out", str(unknown_name("part of the goals", part, sorted(parts))))
    return {
        name: replace(goal, seen=goal.part != part) if goal.part else goal
        for name, goal in goals.items()
    }


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
    table.check_keys(("type", "half_extents_m", "yaw_symmetry"), _OPTIONAL_OF_OBJECTS)
    extents = table.numbers("half_extents_m", (3,))
    if not (extents > 0).all():
        raise table.error("half_extents_m", f"half_extents_m of {name} must be above 0")
    kind = _known_type(table, "type", table.text("type"), types)
    return TaskObject(
        name=name,
        type=kind,
        half_extents_m=extents,
        yaw_symmetry=table.integer("yaw_symmetry", low=1),
        grip_m=table.optional_numbers("grip_m", (3,)),
        grip_width_m=_optional_number(table, "grip_width_m"),
        interior_m=table.optional_numbers("interior_m", (3,)),
        region_m=table.box("region_m", 2) if "region_m" in table.values else None,
        yaw_range_rad=_optional_number(table, "yaw_range_rad"),
        grip_yaw_rad=_optional_number(table, "grip_yaw_rad", low=-np.pi) or 0.0,
        body=table.text("body"),
    )


def _optional_number(table: TomlTable, key: str, low: float = 0.0) -> float | None:
    return table.number(key, low=low) if key in table.values else None


def _fixture(name: str, table: TomlTable, types: dict[str, str]) -> Fixture:
    table.check_keys(("type",), _OPTIONAL_OF_FIXTURES)
    limits = table.table("limits")
    limits.check_keys((), [name for name in FORMULAS if name in {*OPPOSITES, *OPPOSITES.values()}])
    return Fixture(
        name=name,
        type=_known_type(table, "type", table.text("type"), types),
        joint=table.text("joint") or None,
        interior_m=table.optional_numbers("interior_m", (3,)),
        half_extents_m=table.optional_numbers("half_extents_m", (3,)),
        handle_m=table.optional_numbers("handle_m", (3,)),
        pivot_m=table.optional_numbers("pivot_m", (3,)),
        spot_m=table.optional_numbers("spot_m", (3,)),
        limits={key: limits.number(key) for key in limits.values},
        drop_m=_optional_number(table, "drop_m") or 0.0,
        body=table.text("body"),
    )


def _predicates(
    table: TomlTable, types: dict[str, str], fixtures: dict[str, Fixture]
) -> dict[str, Predicate]:
    has_containers = any(f.interior_m is not None for f in fixtures.values())
    optional = _OF_OTHERS if has_containers else (*_OF_CONTAINERS, *_OF_OTHERS)
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
    table.check_keys(_RESET, ("joint_open", *_OF_HELD))
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
        **{key: table.number(key, low=0.0) for key in _OF_HELD if key in table.values},
    )


def _no_reset(objects: dict[str, TaskObject]) -> Reset:
    """Of a scene that places everything by itself: all objects are there."""
    nowhere = np.zeros((2, 3))
    return Reset((len(objects), len(objects)), nowhere[:, :2], 0.0, 0.0, 0.0, {}, 0.0, nowhere)


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
            if name in task.types or name in task.types.values():
                raise top.table(key).error(name, f"{name!r} is a type as well; call it otherwise")
    for name in task.objects.keys() & task.fixtures.keys():
        raise top.table("fixtures").error(name, f"{name!r} is an object and a fixture")


def _goals(table: TomlTable, task: Task) -> dict[str, GoalTemplate]:
    table.check_keys((), ("seen", "unseen", _PARTS))
    groups = [("", table.table(group)) for group in ("seen", "unseen")]
    groups += list(table.table(_PARTS).tables().items())
    goals: dict[str, GoalTemplate] = {}
    for part, group in groups:
        for name, entry in group.tables().items():
            if name in goals:
                raise group.error(name, f"two goals are called {name!r}")
            goals[name] = replace(_goal(name, entry, task), part=part)
    for name in table.table("unseen").values:
        goals[name] = replace(goals[name], seen=False)
    return goals


def _goal(name: str, table: TomlTable, task: Task) -> GoalTemplate:
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
    return GoalTemplate(name, True, variables, sequence, frozenset(start))


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


def _hand_room(top: TomlTable) -> tuple[float, float]:
    given = top.optional_numbers("hand_room_m", (2,))
    return Task.hand_room_m if given is None else (float(given[0]), float(given[1]))
