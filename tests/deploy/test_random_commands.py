"""No stream of commands, however wild, makes an arm's own safety stop it: ours is there first."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twin_robots import free_address

from robot_skills import paths
from robot_skills.core.errors import RobotFault
from robot_skills.core.task_file import load_task
from robot_skills.deploy.connect import arm_address, connected_robot
from robot_skills.deploy.driver_robot import DriverRobot
from robot_skills.deploy.twins.process import TwinProcess
from robot_skills.deploy.twins.settings import TwinSettings

pytestmark = pytest.mark.real_time

CLIENTS = {
    "ur5e": "rtde_control",
    "so101": "scservo_sdk",
    "fr3": "pylibfranka",
    "xarm6": "xarm",
}
STEPS = 12  # of 50 ms, a stream
EXAMPLES = 3


@dataclass
class Entered:
    robot: DriverRobot
    twin: TwinProcess


@pytest.fixture(scope="module", params=CLIENTS)
def entered(request: pytest.FixtureRequest) -> Iterator[Entered]:
    arm = request.param
    if find_spec(CLIENTS[arm]) is None:
        pytest.skip(f"{CLIENTS[arm]} is not installed")
    folder = paths.find("assets/arms", arm)
    task = load_task(paths.find("envs", "blocks_so101" if arm == "so101" else "blocks"))
    with TwinProcess(TwinSettings(host=free_address(), arm=arm, gap=0.0)) as twin:
        robot = connected_robot(arm_address(twin.address, folder), task, None, None, None)
        with robot:
            yield Entered(robot, twin)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**32 - 1), jump_rad=st.sampled_from([0.05, 0.5, 3.0]))
def test_no_stream_of_commands_trips_the_arms_own_safety(
    entered: Entered, seed: int, jump_rad: float
) -> None:
    rng = np.random.default_rng(seed)
    if entered.robot.fault is not None:  # ours, of the stream before
        entered.robot.clear_fault()
    with suppress(RobotFault):
        target = entered.robot.state().joint_position_rad
        entered.robot.act(target, 0.02)
        for _ in range(STEPS):
            target = target + rng.uniform(-jump_rad, jump_rad, target.shape)
            entered.robot.act(target, float(rng.uniform(-0.1, 0.2)))
    assert entered.twin.stats()["protective_stops"] == 0
