"""What goes wrong on purpose: it does what it says, the same for a seed, and leaves nothing."""

import numpy as np
import pytest

from robot_skills.sim.disturbances import Disturbance, DisturbanceKind, DisturbedArm
from robot_skills.sim.free_place import BEYOND_START_M, free_place
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm

SPOTS = {"red": (0.42, 0.0), "green": (0.52, 0.0), "blue": (0.42, 0.11)}


@pytest.fixture(scope="module")
def scene(task, arm):
    return build_scene(task, arm, tuple(SPOTS), visual=False)


@pytest.fixture
def robot(scene, arm):
    robot = SimArm(scene)
    placed = {name: np.array([*spot, 0.02, 1, 0, 0, 0]) for name, spot in SPOTS.items()}
    robot.place(arm.home, 0.08, placed, {"drawer": 0.16})
    robot.settle(0.3)
    return robot


def position(robot, name):
    return robot.observe().object_pose[name].pose[:3]


def disturbed(robot, kind, thing="", steps=30, at=2):
    disturbed_arm = DisturbedArm(robot, Disturbance(DisturbanceKind(kind), thing, at, seed=3))
    home = robot.data.qpos[robot.scene.arm_qpos].copy()
    seen = []
    for _ in range(steps):
        disturbed_arm.act(home, 0.08)
        seen.append(disturbed_arm.observe())
    return disturbed_arm, seen


def test_nothing_happens_before_its_moment(robot):
    disturbance, _ = disturbed(robot, "moved", "red", steps=2)
    assert not disturbance.happened
    assert np.allclose(position(robot, "red")[:2], SPOTS["red"], atol=1e-3)


def test_a_thing_is_moved_five_to_twelve_centimetres_to_where_nothing_else_is(robot):
    disturbance, _ = disturbed(robot, "moved", "red")
    assert disturbance.happened
    at = position(robot, "red")
    assert 0.05 <= np.linalg.norm(at[:2] - SPOTS["red"]) <= 0.121
    assert abs(at[2] - 0.02) < 1e-3
    others = [np.linalg.norm(at[:2] - SPOTS[name]) for name in ("green", "blue")]
    assert min(others) > robot.scene.task.reset.spacing_m - 1e-3


def test_looking_for_a_free_place_changes_nothing_and_keeps_to_the_region(robot):
    before = robot.state
    low, high = robot.scene.task.reset.region_m
    for seed in range(6):
        place = free_place(robot, "green", (0.05, 0.12), np.random.default_rng(seed))
        assert np.all(place[:2] > low - BEYOND_START_M)
        assert np.all(place[:2] < high + BEYOND_START_M)
    assert np.array_equal(robot.state, before)


def test_where_there_is_no_room_nothing_is_moved(robot):
    assert free_place(robot, "red", (0.0, 0.01), np.random.default_rng(0)) is not None
    assert free_place(robot, "red", (2.0, 3.0), np.random.default_rng(0)) is None


def test_a_drawer_is_pushed_shut_by_a_force_that_ends(robot):
    disturbance, seen = disturbed(robot, "shut", "drawer")
    assert disturbance.happened
    assert seen[1].fixture_position["drawer"] > 0.15
    assert seen[-1].fixture_position["drawer"] < 0.015
    assert not robot.data.qfrc_applied.any()


def test_fingers_are_forced_open_and_let_close_again(robot):
    robot.data.ctrl[robot.scene.gripper_actuator] = robot.scene.driver_for(0.0)
    disturbed_arm = DisturbedArm(robot, Disturbance(DisturbanceKind.KNOCKED, "red", 10))
    home = robot.data.qpos[robot.scene.arm_qpos].copy()
    widths = []
    for _ in range(40):
        disturbed_arm.act(home, 0.0)
        widths.append(robot.gripper_width_m)
    assert widths[17] > widths[9] + 0.01
    assert widths[-1] < 0.01


def test_nothing_is_seen_for_a_second_and_then_again(robot):
    _, seen = disturbed(robot, "unseen", steps=30)
    blind = [not one.object_pose and not one.fixture_position for one in seen]
    assert blind.index(True) == 2
    assert abs(sum(blind) - robot.rate_hz) <= 1
    assert not blind[-1]
    assert all(len(one.joint_position) for one in seen)


def test_the_same_seed_is_the_same_disturbance(scene, arm, robot):
    disturbed(robot, "moved", "red")
    first = robot.state
    robot.place(
        arm.home,
        0.08,
        {name: np.array([*spot, 0.02, 1, 0, 0, 0]) for name, spot in SPOTS.items()},
        {"drawer": 0.16},
    )
    robot.settle(0.3)
    disturbed(robot, "moved", "red")
    assert np.allclose(robot.state[1:], first[1:], atol=1e-9)
