"""Goals in parts of which one is held out, and a folder that holds out another."""

import pytest

from robot_skills.core.errors import InputError
from robot_skills.core.task_file import load_task

TASK = """
format = 1
name = "desk"
scene = "scene.xml"
rate_hz = 20.0
workspace_m = [[0.2, -0.4, 0.0], [0.7, 0.4, 0.4]]
held_out = "a"

[types]
block = "thing"

[objects.red]
type = "block"
half_extents_m = [0.02, 0.02, 0.02]
yaw_symmetry = 4

[fixtures.switch]
type = "thing"
joint = "hinge"
limits = { turned_on = 0.5 }

[predicates]
on = { parameters = ["block", "thing"], horizontal_m = 0.02, vertical_m = 0.01 }
clear = { parameters = ["block"] }
gripper_empty = { parameters = [] }
turned_on = { parameters = ["thing"], above = 0.9 }
turned_off = { parameters = ["thing"], below = 0.1 }
holding = { parameters = ["block"], sideways_m = 0.02, along_m = 0.02, wider_m = 0.01, narrower_m = 0.01 }

[reset]
objects = [1, 1]
region_m = [[0.3, -0.1], [0.5, 0.1]]
spacing_m = 0.1
yaw_range_rad = 0.78
stacked_probability = 0.0
open_probability = 0.3
ee_region_m = [[0.3, -0.2, 0.1], [0.5, 0.2, 0.3]]
joint_open = { switch = [1.0, 1.1] }

[goals.seen.always]
sequence = "turned_off(switch)"

[goals.parts.a.on]
sequence = "turned_on(switch)"

[goals.parts.b.off_on]
sequence = "turned_off(switch) turned_on(switch)"
"""  # noqa: E501
OTHER = 'format = 1\nname = "desk_b"\nbase = "../desk"\nheld_out = "b"\n'


@pytest.fixture
def desk(tmp_path):
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "scene.xml").write_text("<mujoco/>")
    (folder / "task.toml").write_text(TASK)
    return folder


def other(desk, text):
    folder = desk.parent / "desk_b"
    folder.mkdir()
    (folder / "task.toml").write_text(text)
    return folder


def seen(task):
    return {name for name, goal in task.goals.items() if goal.seen}


def test_the_part_held_out_is_unseen(desk):
    task = load_task(desk)
    assert seen(task) == {"always", "off_on"}
    assert {goal.part for goal in task.goals.values()} == {"", "a", "b"}
    assert task.fixtures["switch"].limits == {"turned_on": 0.5}


def test_another_folder_holds_out_another_part_of_the_same_task(desk):
    task = load_task(other(desk, OTHER))
    assert task.name == "desk_b"
    assert task.folder == desk.resolve()
    assert seen(task) == {"always", "on"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('held_out = "b"', 'held_out = "c"', r"task.toml:4: no part of the goals 'c'"),
        ('"../desk"', '"../dsk"', r"task.toml:3: base: expected the folder of another task"),
        ('"../desk"', '"."', r"task.toml:3: base: expected the folder of another task"),
        ("name =", "nam =", r"task.toml:2: no key 'nam'; did you mean 'name'"),
    ],
)
def test_a_mistake_in_the_other_folder_is_named(desk, old, new, message):
    with pytest.raises(InputError, match=message):
        load_task(other(desk, OTHER.replace(old, new)))


def test_goals_in_parts_need_one_that_is_held_out(desk):
    (desk / "task.toml").write_text(TASK.replace('held_out = "a"\n', ""))
    with pytest.raises(InputError, match="no part of the goals ''"):
        load_task(desk)


def test_a_limit_of_an_unknown_predicate_is_named(desk):
    (desk / "task.toml").write_text(TASK.replace("{ turned_on = 0.5", "{ turned_o = 0.5"))
    with pytest.raises(InputError, match=r"'turned_o'.*; did you mean 'turned_o"):
        load_task(desk)
