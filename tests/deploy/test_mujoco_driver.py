"""The simulated driver keeps a driver's promises, by itself and behind the control process."""

from collections.abc import Iterator

import numpy as np
import pytest
from conformance import RobotConformance
from twin_robots import PATIENCE, PATIENT, RATE_HZ

from robot_skills import paths
from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.control.address import ArmAddress
from robot_skills.deploy.control.process import ControlProcess
from robot_skills.deploy.driver import FaultKind, StopKind
from robot_skills.deploy.driver_robot import DriverRobot
from robot_skills.deploy.drivers import make_driver
from robot_skills.deploy.drivers.mujoco import MujocoDriver
from robot_skills.deploy.safety.settings import safety_settings
from robot_skills.deploy.settings import ControlSettings

pytestmark = pytest.mark.real_time


@pytest.fixture
def driver(arm: ArmProfile) -> MujocoDriver:
    made = MujocoDriver("blocks", arm, ControlSettings())
    made.connect(1.0)
    return made


def test_one_period_passes_with_each_command(driver: MujocoDriver, arm: ArmProfile) -> None:
    driver.start()
    start = driver.read()
    for _ in range(25):
        driver.command(start.joint_position_rad, None)
    passed_s = driver.read().robot_time_s - start.robot_time_s
    assert passed_s == pytest.approx(25 / driver.info.rate_hz)
    assert driver.info.rate_hz == arm.deploy.rate_hz


def test_a_joint_and_the_gripper_go_where_they_are_sent(driver: MujocoDriver) -> None:
    driver.start()
    target = driver.read().joint_position_rad + [0.0, 0.1, 0.0, 0.0, 0.0, 0.0]
    for _ in range(150):
        sent = driver.command(target, 0.04)
    state = driver.read()
    assert sent == pytest.approx(target)
    assert state.joint_position_rad == pytest.approx(target, abs=0.01)
    assert state.gripper_width_m == pytest.approx(0.04, abs=0.005)
    assert state.load is not None
    assert (state.load >= 0.0).all()


def test_targets_beyond_a_joints_range_are_sent_as_its_end(
    driver: MujocoDriver, arm: ArmProfile
) -> None:
    driver.start()
    assert driver.command(arm.position_max + 1.0, None) == pytest.approx(arm.position_max)


def test_nothing_is_followed_before_the_start_or_after_a_stop(driver: MujocoDriver) -> None:
    home = driver.read().joint_position_rad
    with pytest.raises(RobotFault, match="not started"):
        driver.command(home + 0.1, None)
    driver.start()
    driver.stop(StopKind.SMOOTH)
    driver.stop(StopKind.SMOOTH)
    with pytest.raises(RobotFault, match="not started"):
        driver.command(home + 0.1, None)
    for _ in range(50):
        state = driver.read()
    assert state.joint_position_rad == pytest.approx(home, abs=0.01)


def test_power_that_was_taken_away_comes_back_only_by_clearing(driver: MujocoDriver) -> None:
    driver.start()
    driver.stop(StopKind.POWER_OFF)
    fault = driver.read().fault
    assert fault is not None
    assert fault.kind is FaultKind.NOT_READY
    with pytest.raises(RobotFault, match="power was taken away"):
        driver.start()
    driver.clear_fault()
    driver.start()


def test_two_runs_are_the_same_to_the_bit(arm: ArmProfile) -> None:
    ends = []
    for _ in range(2):
        driver = MujocoDriver("blocks", arm, ControlSettings())
        driver.connect(1.0)
        driver.start()
        for step in range(40):
            driver.command(arm.home + 0.002 * step, 0.03)
        ends.append(driver.read().joint_position_rad.copy())
    assert np.array_equal(*ends)


def test_a_driver_that_does_not_exist_is_named_with_those_that_do(arm: ArmProfile) -> None:
    with pytest.raises(InputError, match=r"no arm driver 'mujco'; did you mean 'mujoco'\?"):
        make_driver("mujco", "blocks", arm, ControlSettings())


@pytest.fixture(scope="module")
def entered() -> Iterator[DriverRobot]:
    address = ArmAddress("mujoco", "blocks", paths.find("assets/arms", "ur5e"))
    safety = safety_settings(address.profile(), **PATIENCE)
    with DriverRobot(ControlProcess(address, PATIENT, safety), None, RATE_HZ) as robot:
        yield robot


class TestSimulatedDriverRobot(RobotConformance):
    @pytest.fixture
    def robot(self, entered: DriverRobot) -> DriverRobot:
        if entered._control._stopped:  # by the test before
            entered.clear_fault()
        return entered
