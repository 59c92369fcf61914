from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robot_skills import paths
from robot_skills.core.arm import load_arm
from robot_skills.core.errors import InputError
from robot_skills.core.task_file import load_task
from robot_skills.record.arm_session import SteadySight, Take, teleoperate_once
from robot_skills.record.keyboard import STEPS_M, Ending
from robot_skills.record.live_cameras import LiveCameras
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.scene import Scene, build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.storage.episodes import load_demonstrations
from robot_skills.storage.video import read_frames

ARM = load_arm(paths.find("assets/arms", "ur5e"))
TASK = load_task(paths.find("envs", "blocks"))
VIDEO = next((paths.data_folder("demos") / "blocks").glob("*/front.mp4"))
PLACE = np.array([0.45, 0.1, 0.02, 1.0, 0.0, 0.0, 0.0])


@pytest.fixture(scope="module")
def scene() -> Scene:
    return build_scene(TASK, ARM, ("red",), visual=False)


@pytest.fixture
def robot(scene: Scene) -> SimArm:
    robot = SimArm(scene)
    robot.place(ARM.home, ARM.gripper.width_max_m, {"red": PLACE}, {})
    return robot


def keys_of(batches: list[str]):
    waiting = iter(batches)
    return lambda: next(waiting, "Q")


def ignore(_line: str) -> None:
    """Nobody looks."""


def test_what_a_person_did_is_kept_as_any_demonstration_is(robot: SimArm, tmp_path: Path) -> None:
    take = Take(tmp_path, {"arm": "ur5e"})
    done = teleoperate_once(robot, ARM, TASK, keys_of(["w", "w", " ", "\n"]), ignore, take)
    assert done == (Ending.KEPT, 4)
    (kept,) = load_demonstrations(tmp_path)
    assert kept.provenance == {"arm": "ur5e"}
    assert kept.simulator_state is None
    wanted = kept.values("action/ee_pose")
    np.testing.assert_allclose(np.diff(wanted[:, 0]), [STEPS_M[1], STEPS_M[1], 0], atol=1e-9)
    assert kept.values("action/gripper_width")[-1] == 0.0
    assert kept.values("object_pose/red").shape == (4, 7)
    assert {"joint_position", "ee_pose", "fixture/drawer"} <= kept.channels.keys()


@pytest.mark.parametrize("key", ["x", "Q"])
def test_what_is_thrown_away_leaves_nothing(robot: SimArm, tmp_path: Path, key: str) -> None:
    ending, steps = teleoperate_once(
        robot, ARM, TASK, keys_of(["w", key]), ignore, Take(tmp_path, {})
    )
    assert ending is not Ending.KEPT
    assert steps == 2
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_the_arm_moves_and_nothing_is_written(robot: SimArm) -> None:
    kinematics = MujocoKinematics(ARM)
    before = kinematics.ee_pose(robot.observe().joint_position)[2]
    keys = keys_of(["f"] * 12 + [""] * 6 + ["Q"])
    teleoperate_once(robot, ARM, TASK, keys, ignore, Take(None, {}))
    after = kinematics.ee_pose(robot.observe().joint_position)[2]
    assert after == pytest.approx(before - 12 * STEPS_M[1], abs=0.01)


def test_a_thing_out_of_sight_keeps_its_place_in_every_row(robot: SimArm) -> None:
    sight = SteadySight(robot)
    sight.observe()
    seen = robot.observe()
    robot.observe = lambda: replace(seen, object_pose={}, fixture_position={})  # type: ignore[method-assign]
    blind = sight.observe()
    np.testing.assert_allclose(blind.object_pose["red"].pose, PLACE, atol=1e-3)
    assert blind.fixture_position.keys() == seen.fixture_position.keys()


def test_a_camera_films_the_episode(robot: SimArm, tmp_path: Path) -> None:
    with LiveCameras({"front": str(VIDEO)}, (48, 64)) as cameras:
        teleoperate_once(
            robot, ARM, TASK, keys_of(["w", "\n"]), ignore, Take(tmp_path, {}, cameras)
        )
    (kept,) = load_demonstrations(tmp_path)
    assert read_frames(kept.video["front"], [0, 1]).shape == (2, 48, 64, 3)


def test_a_camera_without_a_picture_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("robot_skills.record.live_cameras.FIRST_FRAME_S", 0.3)
    missing = LiveCameras({"front": "/nowhere/video7"}, (48, 64))
    with pytest.raises(InputError, match="camera front: /nowhere/video7 gives no picture"), missing:
        pass
