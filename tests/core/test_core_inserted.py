"""inserted(peg, socket): the tip deep in the hole and near its axis, the peg let go."""

import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.core.errors import InputError
from robot_skills.core.facts import Fact
from robot_skills.core.observation import Observation, PoseEstimate
from robot_skills.core.predicates import FactObserver, is_inserted
from robot_skills.core.task_file import load_task
from robot_skills.paths import find

LIMITS = {"depth_m": 0.03, "sideways_m": 0.003}
TIP_M, MOUTH_M = np.array(0.010), np.array(0.045)
INSERTED = Fact("inserted", ("steel_peg", "brass_socket"))
HAND_DOWN = np.array([0.0, 1.0, 0.0, 0.0])


def upright(x, y, z, yaw=0.0):
    return np.concatenate([[x, y, z], poses.from_yaw(np.asarray(yaw))])


@pytest.mark.parametrize(
    ("offset_m", "inserted"),
    [
        ((0.0, 0.0, 0.010), True),  # the tip on the floor
        ((0.0, 0.0, 0.0249), True),
        ((0.0, 0.0, 0.0251), False),  # 30 mm is asked: the tip 15 mm above the floor
        ((0.0029, 0.0, 0.010), True),
        ((0.0031, 0.0, 0.010), False),  # beside it, through the wall
        ((0.0022, 0.0022, 0.010), False),
    ],
)
def test_depth_and_distance_from_the_axis_decide(offset_m, inserted):
    socket = upright(0.5, -0.1, 0.3, yaw=0.7)
    peg = poses.compose(socket, upright(*offset_m))
    assert bool(is_inserted(peg, TIP_M, socket, MOUTH_M, LIMITS)) is inserted


def test_what_counts_is_the_tip_of_a_leaning_peg():
    socket = upright(0.0, 0.0, 0.0)
    lean = poses.from_rotation_vector(np.array([0.0, 0.4, 0.0]))
    tip = np.array([0.0, 0.0, 0.002])
    origin = tip - TIP_M * poses.rotate(lean, np.array([0.0, 0.0, -1.0]))
    assert abs(origin[0]) > LIMITS["sideways_m"]
    assert is_inserted(np.concatenate([origin, lean]), TIP_M, socket, MOUTH_M, LIMITS)


def test_depth_is_along_the_axis_of_a_socket_that_lies():
    lying = poses.from_rotation_vector(np.array([np.pi / 2, 0.0, 0.0]))
    socket = np.concatenate([[0.2, 0.1, 0.05], lying])
    along = poses.compose(socket, upright(0.0, 0.0, 0.012))
    above = np.concatenate([socket[:3] + [0.0, 0.0, 0.012], lying])
    assert is_inserted(along, TIP_M, socket, MOUTH_M, LIMITS)
    assert not is_inserted(above, TIP_M, socket, MOUTH_M, LIMITS)


def test_many_scenes_are_judged_at_once():
    pegs = np.stack([upright(0, 0, z) for z in (0.01, 0.02, 0.05)])[:, None]
    sockets = np.stack([upright(0, 0, 0), upright(0.1, 0, 0)])
    found = is_inserted(pegs, np.full((3, 1), 0.01), sockets, np.full(2, 0.045), LIMITS)
    assert found.tolist() == [[True, False], [True, False], [False, False]]


@pytest.fixture(scope="module")
def assembly():
    return load_task(find("envs", "assembly"))


def seen(peg, socket, width_m):
    bench = upright(0, 0, 0)
    things = {"steel_peg": peg, "brass_socket": socket, "bench": bench}
    estimates = {name: PoseEstimate(pose, 0.0) for name, pose in things.items()}
    return Observation(0.0, np.zeros(6), np.zeros(6), width_m, estimates)


def test_a_peg_is_inserted_once_it_is_let_go(assembly):
    socket = upright(0.5, 0.0, 0.008)
    peg = poses.compose(socket, upright(0.0, 0.0, 0.010))
    hand = np.concatenate([peg[:3] + assembly.objects["steel_peg"].grip_m, HAND_DOWN])
    observer = FactObserver(assembly, ("steel_peg", "brass_socket"))
    held = observer.facts(seen(peg, socket, 0.024), hand)
    let_go = observer.facts(seen(peg, socket, 0.08), hand)
    assert held == {Fact("holding", ("steel_peg",))}
    assert let_go == {INSERTED, Fact("clear", ("steel_peg",)), Fact("gripper_empty")}


def test_a_peg_that_stands_beside_its_socket_is_on_the_bench(assembly):
    away = np.concatenate([[0.3, 0.0, 0.3], HAND_DOWN])
    observer = FactObserver(assembly, ("steel_peg", "brass_socket"))
    facts = observer.facts(seen(upright(0.4, 0, 0.010), upright(0.5, 0, 0.008), 0.08), away)
    assert Fact("on", ("steel_peg", "bench")) in facts
    assert INSERTED not in facts


def test_a_task_that_lacks_a_threshold_is_told_which(tmp_path, assembly):
    text = (assembly.folder / "task.toml").read_text().replace("depth_m = 0.030\n", "")
    (tmp_path / "task.toml").write_text(text)
    (tmp_path / "scene.xml").write_text("<mujoco/>")
    with pytest.raises(InputError, match=r"depth_m"):
        load_task(tmp_path)
