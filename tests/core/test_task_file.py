import re

import numpy as np
import pytest

from robot_skills.core.errors import InputError
from robot_skills.core.facts import Fact, parse_facts, parse_sequence
from robot_skills.core.task_file import load_task
from robot_skills.paths import find

TASK = """
format = 1
name = "desk"
scene = "scene.xml"
rate_hz = 20.0
workspace_m = [[0.2, -0.4, 0.0], [0.7, 0.4, 0.4]]

[types]
support = "thing"
block = "support"
container = "thing"

[objects.red]
type = "block"
half_extents_m = [0.02, 0.02, 0.02]
yaw_symmetry = 4

[objects.blue]
type = "block"
half_extents_m = [0.02, 0.02, 0.02]
yaw_symmetry = 4

[fixtures.tray]
type = "container"
interior_m = [0.07, 0.09, 0.04]

[fixtures.drawer]
type = "container"
joint = "slide"
interior_m = [0.07, 0.08, 0.05]

[predicates]
on = { parameters = ["block", "support"], horizontal_m = 0.02, vertical_m = 0.01 }
in = { parameters = ["block", "container"], margin_m = 0.0 }
open = { parameters = ["container"], above = 0.13 }
closed = { parameters = ["container"], below = 0.015 }
clear = { parameters = ["block"] }
gripper_empty = { parameters = [] }

[predicates.holding]
parameters = ["block"]
sideways_m = 0.02
along_m = 0.02
wider_m = 0.01
narrower_m = 0.01

[reset]
objects = [1, 2]
region_m = [
    [0.3, -0.1],
    [0.5, 0.1],
]
spacing_m = 0.1
yaw_range_rad = 0.78
stacked_probability = 0.3
open_probability = 0.3
ee_region_m = [[0.3, -0.2, 0.1], [0.5, 0.2, 0.3]]

[reset.joint_open]
drawer = [0.14, 0.16]

[goals.seen.put_on]
variables = { x = "block", y = "block" }
sequence = "on(?x, ?y) in(?x, tray)"

[goals.unseen.stow]
variables = { x = "block" }
sequence = "in(?x, drawer) closed(drawer)"
start = "closed(drawer)"
"""


def load(tmp_path, text=TASK):
    (tmp_path / "scene.xml").write_text("<mujoco/>")
    (tmp_path / "task.toml").write_text(text)
    return load_task(tmp_path)


def test_a_task_file_becomes_a_task(tmp_path):
    task = load(tmp_path)
    assert task.name == "desk"
    assert task.folder == tmp_path.resolve()
    assert task.objects["blue"].yaw_symmetry == 4
    assert task.fixtures["drawer"].joint == "slide"
    assert task.fixtures["tray"].joint is None
    assert task.predicates["on"].thresholds == {"horizontal_m": 0.02, "vertical_m": 0.01}
    assert task.predicates["in"].parameters == ("block", "container")
    np.testing.assert_array_equal(task.reset.region_m, [[0.3, -0.1], [0.5, 0.1]])
    assert task.reset.joint_open == {"drawer": (0.14, 0.16)}
    assert task.is_a("block", "thing")


def test_goals_keep_their_order_and_are_seen_or_not(tmp_path):
    task = load(tmp_path)
    put_on, stow = task.goal("put_on"), task.goal("stow")
    assert put_on.sequence == (Fact("on", ("?x", "?y")), Fact("in", ("?x", "tray")))
    assert put_on.seen
    assert not stow.seen
    assert stow.variables == {"x": "block"}
    assert stow.start == parse_facts("closed(drawer)")


def test_facts_are_read_in_their_order():
    text = "on(red, blue) in(green, drawer), gripper_empty()"
    assert [str(f) for f in parse_sequence(text)] == [
        "on(red, blue)",
        "in(green, drawer)",
        "gripper_empty()",
    ]


MISTAKES = {
    "misspelt key": (
        "rate_hz = 20.0",
        "rate_hs = 20.0",
        "rate_hs = 20.0",
        "did you mean 'rate_hz'",
    ),
    "newer format": ("format = 1", "format = 7", "format = 7", "format must be 1; found 7"),
    "no scene": ('"scene.xml"', '"room.xml"', '"room.xml"', "no scene 'room.xml' beside task.toml"),
    "number as text": (
        "rate_hz = 20.0",
        'rate_hz = "x"',
        "rate_hz",
        "expected a number .*found 'x'",
    ),
    "wrong shape": (
        "[0.02, 0.02, 0.02]\nyaw_symmetry = 4\n\n[objects.blue]",
        "[0.02, 0.02]\nyaw_symmetry = 4\n\n[objects.blue]",
        "[0.02, 0.02]\n",
        r"numbers of shape \(3,\); found \[0.02, 0.02\]",
    ),
    "ragged box": ("    [0.5, 0.1],", "    [0.5],", "region_m", r"shape \(2, 2\)"),
    "corners swapped": ("[[0.3, -0.2, 0.1]", "[[0.9, -0.2, 0.1]", "ee_region_m", "lower one first"),
    "unknown type": ('type = "block"', 'type = "blok"', "blok", "no type 'blok'; did you mean"),
    "type in a circle": ('support = "thing"', 'support = "block"', "support =", "own ancestor"),
    "unknown predicate": ("clear = {", "cleer = {", "cleer = {", "did you mean 'clear'"),
    "missing threshold": (", margin_m = 0.0", "", "in = {", r"missing key 'margin_m'"),
    "missing predicate": (
        "gripper_empty = { parameters = [] }",
        "",
        "[predicates]",
        "'gripper_empty'",
    ),
    "wrong arity": (
        '["block", "support"]',
        '["block"]',
        "on = {",
        "on takes 2 parameters; found 1",
    ),
    "probability": (
        "stacked_probability = 0.3",
        "stacked_probability = 3",
        "stacked_",
        "from 0 to 1",
    ),
    "too many objects": ("objects = [1, 2]", "objects = [1, 3]", "objects = [1", "from 1 to 2"),
    "joint of no fixture": ("drawer = [0.14", "tray = [0.14", "tray = [0.14", "no key .*'tray'"),
    "fact in goal": (
        '"on(?x, ?y) in',
        '"onn(?x, ?y) in',
        "onn(",
        "no predicate 'onn'; did you mean",
    ),
    "variable in goal": ("in(?x, tray)", "in(?z, tray)", "?z", r"no variable '\?z'"),
    "object in goal": (
        "in(?x, tray)",
        "in(?x, try)",
        "try)",
        "no object 'try'; did you mean 'tray'",
    ),
    "type in goal": (
        "on(?x, ?y)",
        "on(?x, tray)",
        "on(?x, tray)",
        "tray is a container; expected a",
    ),
    "arity in goal": ("on(?x, ?y)", "on(?x)", "on(?x)", r"takes 2 arguments: on\(block, support\)"),
    "no fact": ('"closed(drawer)"\n', '"shut"\n', '"shut"', "cannot read 'shut' as a fact"),
    "goal group": ("[goals.unseen.stow]", "[goals.other.stow]", "[goals.other", "no key .*'other'"),
    "syntax": ("spacing_m = 0.1", "spacing_m = ", "spacing_m", "no valid TOML: Invalid value"),
    "capital name": ("[objects.red]", "[objects.Red]", "[objects.Red]", "small letters"),
    "a type's name": ("[objects.red]", "[objects.block]", "[objects.block]", "is a type as well"),
    "one name twice": (
        "[fixtures.tray]",
        "[fixtures.red]",
        "[fixtures.red]",
        "an object and a fixture",
    ),
    "table expected": (
        "[fixtures.tray]\ntype",
        "[fixtures]\ntray = 3\n[fixtures.x]\ntype",
        "tray = 3",
        "a table",
    ),
}


@pytest.mark.parametrize(("old", "new", "at", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_file_and_line(tmp_path, old, new, at, message):
    assert old in TASK
    text = TASK.replace(old, new, 1)
    line = text[: text.index(at)].count("\n") + 1
    with pytest.raises(InputError, match=message) as error:
        load(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path / 'task.toml'}:{line}: ")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=re.escape(f"no file {tmp_path / 'task.toml'}")):
        load_task(tmp_path)


def test_the_shipped_task_is_read():
    task = load_task(find("envs", "blocks"))
    assert [g.name for g in task.goals.values() if not g.seen] == [
        "tower",
        "tower_on_tray",
        "into_drawer",
        "into_drawer_and_close",
        "swap",
    ]
