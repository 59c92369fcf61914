"""The simulated arm before two blocks, and skills written by hand."""

import numpy as np
import pytest
from run_skills import Linear, library_with

from robot_skills.core import poses
from robot_skills.core.arm import load_arm
from robot_skills.core.body import Body
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.run.evaluate.episodes import Simulation
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import solve_joints

SPOTS = {"red": (0.45, 0.0), "green": (0.45, 0.11)}


@pytest.fixture(scope="session")
def task():
    return load_task(find("envs", "blocks"))


@pytest.fixture(scope="session")
def body():
    arm = load_arm(find("assets/arms", "ur5e"))
    return Body(arm, MujocoKinematics(arm))


@pytest.fixture(scope="session")
def down(body):
    """Rotation of the gripper at home, pointing down, as six numbers."""
    return poses.six_dimensional(body.kinematics.ee_pose(body.arm.home)[None, 3:])[0]


@pytest.fixture(scope="session")
def scene(task, body):
    return build_scene(task, body.arm, tuple(SPOTS), visual=False)


@pytest.fixture
def robot(scene, body):
    """The gripper open, 12 cm above the red block; the green one beside it."""
    robot = SimArm(scene)
    home = body.kinematics.ee_pose(body.arm.home)
    above = np.array([*SPOTS["red"], 0.14, *home[3:]])
    joints = solve_joints(body.kinematics, body.arm, above)
    placed = {name: np.array([*spot, 0.02, 1, 0, 0, 0]) for name, spot in SPOTS.items()}
    robot.place(joints, 0.08, placed, {"drawer": 0.0})
    robot.settle(0.3)
    return robot


@pytest.fixture
def pick(down):
    """Goes over the block, down, closes and lifts: a real grasp."""
    return Linear.still(down).seeking((0.6, 0.6, 0.25)).grasping(0.1)


@pytest.fixture
def beside(down):
    """The same 3 cm beside the block: it never holds anything."""
    return Linear.still(down).seeking((0.6, 0.6, 0.25)).grasping(0.1).moving((0.0, -0.03, 0.0))


@pytest.fixture
def library(pick):
    return library_with(pick=pick)


@pytest.fixture(scope="module")
def simulation(task, body):
    return Simulation(task, body)


@pytest.fixture
def drop(down):
    """Opens at once and drifts upward, wherever it is."""
    return Linear.still(down).moving((0.0, 0.0, 0.02))
