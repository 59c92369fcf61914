"""The driver at its twin over real ROS 2.

Run by the Python of scripts/make_ros2_environment.sh; skipped by any other.
"""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from numpy.typing import NDArray
from twin_robots import free_address

from robot_skills import paths
from robot_skills.core.arm import ArmProfile, driven_by
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.core.task_file import load_task
from robot_skills.deploy.connect import connected_robot
from robot_skills.deploy.control.address import ArmAddress
from robot_skills.deploy.driver import ArmState, FaultKind, StopKind
from robot_skills.deploy.drivers.ros2.driver import Ros2Driver, halt
from robot_skills.deploy.safety.settings import safety_settings
from robot_skills.deploy.settings import ControlSettings
from robot_skills.deploy.twins.process import TwinProcess
from robot_skills.deploy.twins.settings import TwinSettings

Floats = NDArray[np.float64]

pytestmark = [
    pytest.mark.skipif(
        find_spec("rclpy") is None,
        reason="rclpy is not installed: run with the Python of scripts/make_ros2_environment.sh",
    ),
    pytest.mark.real_time,
]
RATE_HZ = 100.0
TIMEOUT_S = 10.0
PATIENCE_S = 20.0  # of wall time, on a busy machine
SETTLED_RAD = 0.02


@pytest.fixture(autouse=True)
def _this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")


@pytest.fixture
def through_ros(arm: ArmProfile) -> ArmProfile:
    return driven_by(arm, "ros2")


@pytest.fixture
def ros_twin(_this_machine_only: None) -> Iterator[TwinProcess]:
    with TwinProcess(TwinSettings(host=free_address(), driver="ros2", gap=0.0)) as started:
        yield started


@pytest.fixture
def driver(ros_twin: TwinProcess, through_ros: ArmProfile) -> Iterator[Ros2Driver]:
    connected = Ros2Driver(ros_twin.address, through_ros, RATE_HZ)
    connected.connect(TIMEOUT_S)
    yield connected
    connected.close()


def read_new(driver: Ros2Driver) -> ArmState:
    before = driver.read().robot_time_s
    deadline_s = time.monotonic() + PATIENCE_S
    while (state := driver.read()).robot_time_s <= before:
        assert time.monotonic() < deadline_s, "the robot's clock stands still"
        time.sleep(0.5 / RATE_HZ)
    return state


def follow(
    driver: Ros2Driver, goal: Floats, duration_s: float, width_m: float | None = None
) -> ArmState:
    state = driver.read()
    first, start_s = state.joint_position_rad, state.robot_time_s
    while (share := min((state.robot_time_s - start_s) / duration_s, 1.0)) < 1.0:
        eased = share * share * (3 - 2 * share)
        driver.command(first + eased * (goal - first), width_m)
        state = read_new(driver)
    driver.command(goal, width_m)
    return state


def pause(driver: Ros2Driver, duration_s: float) -> None:
    end_s = driver.read().robot_time_s + duration_s
    while driver.read().robot_time_s < end_s:
        read_new(driver)


def moved(driver: Ros2Driver, by_rad: float) -> Floats:
    goal = driver.read().joint_position_rad.copy()
    goal[0] += by_rad
    return goal


def test_joints_come_in_the_profiles_order_and_nothing_moves(
    driver: Ros2Driver, arm: ArmProfile, ros_twin: TwinProcess
) -> None:
    state = read_new(driver)
    assert state.joint_position_rad == pytest.approx(arm.home, abs=SETTLED_RAD)
    assert state.gripper_width_m == pytest.approx(arm.gripper.width_max_m, abs=1e-6)
    assert state.fault is None
    assert max(ros_twin.stats()["largest_joint_excursion_rad"]) < 1e-6


def test_a_joint_goes_where_it_is_told_and_the_gripper_too(
    driver: Ros2Driver, ros_twin: TwinProcess
) -> None:
    driver.start()
    goal = moved(driver, 0.2)
    follow(driver, goal, 1.0, 0.03)
    reached = follow(driver, goal, 0.5, 0.03)
    assert reached.joint_position_rad == pytest.approx(goal, abs=SETTLED_RAD)
    assert reached.gripper_width_m == pytest.approx(0.03, abs=0.002)
    excursion = ros_twin.stats()["largest_joint_excursion_rad"]
    assert excursion[0] == pytest.approx(0.2, abs=SETTLED_RAD)
    assert max(excursion[1:]) < 1e-3


def test_nothing_is_sent_before_start(driver: Ros2Driver) -> None:
    with pytest.raises(RobotFault, match="not started"):
        driver.command(moved(driver, 0.1), None)


@pytest.mark.parametrize("kind", [StopKind.SMOOTH, StopKind.HOLD])
def test_a_stop_in_motion_brings_the_arm_to_rest(
    driver: Ros2Driver, ros_twin: TwinProcess, kind: StopKind
) -> None:
    driver.start()
    follow(driver, moved(driver, 0.1), 0.4)
    stopped_s = driver.read().robot_time_s
    driver.stop(kind)
    driver.stop(kind)
    pause(driver, 1.0)
    assert ros_twin.stats()["last_motion_s"] - stopped_s < 0.7
    with pytest.raises(RobotFault):
        driver.command(moved(driver, 0.1), None)


@pytest.mark.parametrize("fault", ["pstop", "estop"])
def test_the_arms_own_stop_is_told_and_cleared_by_its_service(
    driver: Ros2Driver, ros_twin: TwinProcess, fault: str
) -> None:
    driver.start()
    ros_twin.tell(fault=fault)
    deadline_s = time.monotonic() + PATIENCE_S
    while (found := driver.read().fault) is None:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    assert found.kind is FaultKind.PROTECTIVE_STOP
    assert "joint_trajectory_controller is inactive" in found.detail
    with pytest.raises(RobotFault):
        driver.start()
    before = ros_twin.stats()["last_motion_s"]
    follow(driver, moved(driver, 0.1), 0.3)
    assert ros_twin.stats()["last_motion_s"] == before  # an inactive controller takes nothing in
    driver.clear_fault()
    driver.start()
    goal = moved(driver, 0.1)
    follow(driver, goal, 0.6)
    assert follow(driver, goal, 0.5).joint_position_rad == pytest.approx(goal, abs=SETTLED_RAD)


def test_on_a_frozen_link_the_clock_stands(driver: Ros2Driver, ros_twin: TwinProcess) -> None:
    read_new(driver)
    ros_twin.tell(fault="freeze")
    ros_twin.stats()
    time.sleep(0.1)
    first = driver.read().robot_time_s
    time.sleep(0.2)
    assert driver.read().robot_time_s == first
    ros_twin.tell(fault="thaw")
    assert read_new(driver).robot_time_s > first


def test_lost_messages_leave_the_others(driver: Ros2Driver, ros_twin: TwinProcess) -> None:
    ros_twin.tell(fault="drop", value={"p": 0.5})
    ros_twin.stats()  # it has taken that in
    driver.start()
    goal = moved(driver, 0.1)
    follow(driver, goal, 0.6)
    assert follow(driver, goal, 0.6).joint_position_rad == pytest.approx(goal, abs=SETTLED_RAD)


def test_another_process_halts_the_arm(
    driver: Ros2Driver, ros_twin: TwinProcess, through_ros: ArmProfile
) -> None:
    driver.start()
    far = moved(driver, 1.2)
    driver._joined().rest(through_ros.joints, far.tolist(), 12.0)  # a motion of 12 s, left alone
    pause(driver, 0.5)
    halt(ros_twin.address, through_ros)
    pause(driver, 0.7)
    state = driver.read()
    assert np.abs(state.joint_velocity_rad_s).max() < 0.01
    assert far[0] - state.joint_position_rad[0] > 0.2


def test_what_is_missing_is_named(ros_twin: TwinProcess, through_ros: ArmProfile) -> None:
    nobody = Ros2Driver("nobody_here", through_ros, RATE_HZ)
    with pytest.raises(InputError, match="nothing is published on /nobody_here/joint_states"):
        nobody.connect(0.3)
    nobody.close()
    joints = ("j1", *through_ros.joints[1:])
    other = Ros2Driver(ros_twin.address, replace(through_ros, joints=joints), RATE_HZ)
    with pytest.raises(InputError, match=r"but not \['j1'\] of the profile"):
        other.connect(2.0)
    other.close()


def test_the_twins_control_sees_bad_trajectories(
    driver: Ros2Driver, ros_twin: TwinProcess, through_ros: ArmProfile
) -> None:
    driver._joined().aim(through_ros.joints[:2], [0.0, 0.0], 0.1)
    pause(driver, 0.2)
    events = ros_twin.stats()["events"]
    assert [event["kind"] for event in events] == ["trajectory_rejected"]


def test_behind_the_safety_layer_a_killed_control_process_leaves_the_arm_at_rest(
    ros_twin: TwinProcess, through_ros: ArmProfile
) -> None:
    """One point is sent a period, and the controller holds it: nothing runs on."""
    address = ArmAddress("ros2", ros_twin.address, paths.find("assets/arms", "ur5e"))
    task = load_task(paths.find("envs", "blocks"))
    # A busy machine is late; what is asked here is not whether it was.
    safety = safety_settings(
        through_ros, overruns_max=100, stale_stop_s=2.0, watchdog_s=10.0, command_stop_s=5.0
    )
    control = ControlSettings(watchdog_silence_s=10.0)
    with connected_robot(address, task, control, safety, perception_host=None) as robot:
        target = robot.observe().joint_position.copy()
        for _ in range(20):
            target[0] += 0.02
            sent = robot.act(target, 0.05)
        assert sent.joint_position == pytest.approx(target, abs=0.2)
        before_s = robot.observe().time_s
        os.kill(robot._control._pair.control.pid, signal.SIGKILL)
        time.sleep(2.0)
        with pytest.raises(RobotFault):
            robot.act(target, 0.05)
    log = ros_twin.stats()
    assert max(log["largest_joint_speed_rad_s"]) < 1.1
    assert log["last_motion_s"] - before_s < 1.5
    assert log["robot_time_s"] - log["last_motion_s"] > 0.3
