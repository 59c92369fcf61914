import os
from collections.abc import Callable, Iterator

import pytest
from twin_robots import free_address, robot_at

from robot_skills import paths
from robot_skills.core.arm import ArmProfile, load_arm
from robot_skills.deploy.driver_robot import DriverRobot
from robot_skills.deploy.twins.process import TwinProcess
from robot_skills.deploy.twins.settings import TwinSettings


@pytest.fixture(autouse=True)
def ordinary_priority() -> Iterator[None]:
    """libfranka gives whatever thread moves an arm the highest priority there is, and leaves it."""
    kind, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    yield
    os.sched_setscheduler(0, kind, parameters)


@pytest.fixture(scope="session")
def arm() -> ArmProfile:
    return load_arm(paths.find("assets/arms", "ur5e"))


@pytest.fixture
def host() -> str:
    return free_address()


@pytest.fixture
def twin() -> Iterator[TwinProcess]:
    with TwinProcess(TwinSettings(host=free_address(), gap=0.0)) as started:
        yield started


@pytest.fixture
def robot(twin: TwinProcess) -> Iterator[DriverRobot]:
    with robot_at(twin.host) as entered:
        yield entered


@pytest.fixture
def move() -> Callable[[DriverRobot, int], None]:
    """Moves the first joint by 0.03 rad a control step."""

    def moving(robot: DriverRobot, steps: int) -> None:
        seen = robot.observe()
        target = seen.joint_position.copy()
        for _ in range(steps):
            target[0] += 0.03
            robot.act(target, seen.gripper_width_m)

    return moving
