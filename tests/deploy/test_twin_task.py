"""The whole twin: blocks that really move, seen late and with noise, at gap 1."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from twin_robots import PATIENCE, PATIENT, free_address

from robot_skills import paths
from robot_skills.core.arm import ArmProfile
from robot_skills.core.body import Body
from robot_skills.core.control import EndEffectorController, Workspace
from robot_skills.core.facts import parse_sequence
from robot_skills.core.observation import Observation
from robot_skills.core.predicates import FactObserver
from robot_skills.core.task import Goal
from robot_skills.core.task_file import load_task
from robot_skills.deploy.connect import arm_address, connected_robot
from robot_skills.deploy.driver_robot import DriverRobot
from robot_skills.deploy.safety.bounds import deployed_arm
from robot_skills.deploy.safety.review import exceeded_limits
from robot_skills.deploy.safety.settings import SafetySettings, safety_settings
from robot_skills.deploy.twins.process import TwinProcess
from robot_skills.deploy.twins.settings import TwinSettings
from robot_skills.record.paths import Manner
from robot_skills.record.scripted_operator import ScriptedOperator
from robot_skills.run.execute.motion import Motion
from robot_skills.run.execute.senses import Senses
from robot_skills.sim.kinematics import MujocoKinematics

pytestmark = pytest.mark.real_time

GOAL = "on(red, green)"
STEADY = Manner(0.16, 0.07, 0.0, 0.0, (0.0, 0.0), 0.0, 0.08, 0.12, 0.5)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "twin.json"


@pytest.fixture
def task_twin(log: Path) -> Iterator[TwinProcess]:
    settings = TwinSettings(
        host=free_address(), task="blocks", goal=GOAL, seed=4, gap=1.0, log=str(log)
    )
    with TwinProcess(settings) as started:
        yield started


def perform(robot: DriverRobot, arm: ArmProfile) -> frozenset:
    """Let the scripted operator reach the goal; return the facts as perceived."""
    task = load_task(paths.find("envs", "blocks"))
    kinematics = MujocoKinematics(arm)
    controller = EndEffectorController(
        kinematics, deployed_arm(arm, SafetySettings()), task.rate_hz, Workspace(*task.workspace_m)
    )

    def look() -> tuple[Observation, np.ndarray]:
        seen = robot.observe()
        return seen, kinematics.ee_pose(seen.joint_position)

    goal = Goal("given", False, parse_sequence(GOAL), frozenset())
    rng = np.random.default_rng(0)
    operator = ScriptedOperator(task, goal, STEADY, kinematics.ee_pose(arm.home), look, rng)
    for wish in operator.wishes():
        joints = controller.step(robot.observe().joint_position, wish.ee_pose)
        robot.act(joints, wish.gripper_width_m)
    seen, ee_pose = look()
    present = tuple(name for name in task.objects if name in seen.object_pose)
    return FactObserver(task, present).facts(seen, ee_pose)


def test_a_block_is_stacked_in_truth_and_no_limit_is_exceeded(
    task_twin: TwinProcess, arm: ArmProfile, log: Path
) -> None:
    task = load_task(paths.find("envs", "blocks"))
    address = arm_address(task_twin.address, paths.find("assets/arms", "ur5e"))
    safety = safety_settings(arm, **PATIENCE)
    with connected_robot(address, task, PATIENT, safety) as robot:
        facts = perform(robot, arm)
    stats = task_twin.stop()
    assert parse_sequence(GOAL)[0] in facts
    assert stats["goal_held"]
    assert exceeded_limits(stats, arm, SafetySettings(), Workspace(*task.workspace_m)) == []
    written = json.loads(log.read_text())
    assert written["goal_held"]
    times = np.array([row[0] for row in written["path"]])
    assert np.diff(times) == pytest.approx(0.008)
    assert len(written["path"][0]) == 1 + 6 + 6 + 3


def test_a_review_names_what_was_exceeded(arm: ArmProfile) -> None:
    stats = {
        "largest_joint_speed_rad_s": [0.5, 1.2, 0.1, 0.1, 0.1, 0.1],
        "largest_ee_speed_m_s": 0.31,
        "ee_low_m": [0.3, -0.2, -0.1],
        "ee_high_m": [0.5, 0.2, 0.3],
        "protective_stops": 1,
    }
    box = Workspace(np.array([0.25, -0.42, 0.012]), np.array([0.72, 0.42, 0.45]))
    found = exceeded_limits(stats, arm, SafetySettings(), box)
    assert found[0] == "shoulder_lift_joint moved at 1.20 rad/s; 1.00 was allowed"
    assert found[1] == "the end-effector moved at 0.31 m/s; 0.25 was allowed"
    assert found[2].startswith("the end-effector left the box along z: -0.1")
    assert found[3] == "1 protective stops"


def test_an_arm_far_away_goes_home_by_its_joints_and_no_limit_is_exceeded(
    task_twin: TwinProcess, arm: ArmProfile
) -> None:
    task = load_task(paths.find("envs", "blocks"))
    address = arm_address(task_twin.address, paths.find("assets/arms", "ur5e"))
    slowed = deployed_arm(arm, SafetySettings())
    body = Body(slowed, MujocoKinematics(slowed))
    with connected_robot(address, task, PATIENT, safety_settings(arm, **PATIENCE)) as robot:
        motion = Motion(robot, body, task, Senses(task, robot, body.kinematics))
        away = body.kinematics.ee_pose(arm.home) + [0.1, -0.3, 0.1, 0, 0, 0, 0]
        for _ in range(50):
            motion.go(away, 0.04)
        there = robot.observe().joint_position
        steps = sum(1 for _ in motion.going_home(200))
        back = robot.observe().joint_position
    stats = task_twin.stop()
    assert np.abs(there - arm.home).max() > 0.3
    assert np.abs(back - arm.home).max() < 0.03
    assert steps < 200
    assert exceeded_limits(stats, arm, SafetySettings(), Workspace(*task.workspace_m)) == []
