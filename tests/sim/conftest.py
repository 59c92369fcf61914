import pytest

from robot_skills.core.arm import load_arm
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.scene import build_scene


@pytest.fixture(scope="session")
def task():
    return load_task(find("envs", "blocks"))


@pytest.fixture(scope="session")
def arm():
    return load_arm(find("assets/arms", "ur5e"))


@pytest.fixture(scope="session")
def scene(task, arm):
    """Three blocks, without what only cameras see."""
    return build_scene(task, arm, ("red", "green", "blue"), visual=False)


@pytest.fixture(scope="session")
def kinematics(arm):
    return MujocoKinematics(arm)
