"""The caller's side and the control process together, on the simulated driver."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from twin_robots import PATIENCE, PATIENT, RATE_HZ

from robot_skills import paths
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.control.address import ArmAddress
from robot_skills.deploy.control.process import ControlProcess
from robot_skills.deploy.control.scheduling import schedule
from robot_skills.deploy.driver import ArmInfo, FaultKind
from robot_skills.deploy.driver_robot import DriverRobot
from robot_skills.deploy.safety.settings import safety_settings
from robot_skills.deploy.settings import ControlSettings

pytestmark = pytest.mark.real_time

ADDRESS = ArmAddress("mujoco", "blocks", paths.find("assets/arms", "ur5e"))
NOBODY = 65534

Make = Callable[..., DriverRobot]


def robot_of(control: ControlSettings = PATIENT, read_only: bool = False) -> DriverRobot:
    safety = safety_settings(ADDRESS.profile(), **PATIENCE)
    return DriverRobot(ControlProcess(ADDRESS, control, safety), None, RATE_HZ, None, read_only)


@pytest.fixture
def robot() -> Iterator[DriverRobot]:
    with robot_of() as entered:
        yield entered


def wait_until(robot: DriverRobot, robot_time_s: float) -> None:
    robot._control.wait_until(robot_time_s)


def test_a_chunk_is_followed_target_by_target_without_another_call(robot: DriverRobot) -> None:
    start = robot.observe()
    offsets = np.linspace(0.005, 0.1, 20)
    robot.follow(
        start.joint_position + offsets[:, None] * [1, 0, 0, 0, 0, 0], np.full(20, 0.05), 20
    )
    wait_until(robot, start.time_s + 0.5)
    halfway = robot.observe().joint_position[0] - start.joint_position[0]
    wait_until(robot, start.time_s + 1.6)
    end = robot.observe()
    assert 0.01 < halfway < 0.08
    assert end.joint_position[0] - start.joint_position[0] == pytest.approx(0.1, abs=0.01)
    assert end.gripper_width_m == pytest.approx(0.05, abs=0.005)


def test_the_status_tells_rate_margins_and_how_chunks_fared(robot: DriverRobot) -> None:
    seen = robot.observe()
    for _ in range(12):
        robot.act(seen.joint_position, 0.05)
    status = robot.status()
    profile = ADDRESS.profile()
    room = np.minimum(
        seen.joint_position - profile.position_min, profile.position_max - seen.joint_position
    )
    assert status.joint_margin_rad == pytest.approx(room.tolist(), abs=0.02)
    assert 20.0 < status.rate_hz < 130.0
    assert status.lateness_p50_ms <= status.lateness_p99_ms <= status.lateness_max_ms
    assert (status.mode, status.fault, status.dropped_chunks) == ("running", "", 0)
    assert status.robot_time_s > seen.time_s


def test_a_first_target_far_from_the_arm_is_refused_and_nothing_moves(robot: DriverRobot) -> None:
    start = robot.observe()
    with pytest.raises(RobotFault, match=r"start_pose: the first target is 0\.50 rad"):
        for _ in range(20):
            robot.act(start.joint_position + 0.5, 0.05)
    robot.clear_fault()
    assert robot.observe().joint_position == pytest.approx(start.joint_position, abs=0.01)


def test_an_operator_who_was_there_and_falls_silent_is_a_fault(robot: DriverRobot) -> None:
    home = robot.observe().joint_position
    for _ in range(12):
        robot.beat()
        robot.act(home, 0.05)
    with pytest.raises(RobotFault, match="heartbeat: the operator's view has been silent"):
        for _ in range(40):
            robot.act(home, 0.05)
    assert robot.fault is not None
    assert robot.fault.kind is FaultKind.HEARTBEAT


def test_a_caller_that_thinks_is_waited_for_and_then_followed(robot: DriverRobot) -> None:
    home = robot.observe().joint_position
    robot.act(home, 0.05)
    time.sleep(1.5)
    robot.act(home + 0.01, 0.05)
    assert robot.fault is None


def test_a_caller_that_may_not_think_is_stopped_for_its_silence() -> None:
    with robot_of(replace(PATIENT, think_max_s=0.0)) as robot:
        home = robot.observe().joint_position
        robot.act(home, 0.05)
        time.sleep(2.0)
        with pytest.raises(RobotFault, match="command_age: no command for"):
            robot.act(home, 0.05)


def test_an_arm_that_is_only_looked_at_cannot_be_moved() -> None:
    with robot_of(read_only=True) as robot:
        seen = robot.observe()
        assert robot._control._pair.watchdog is None  # there is nothing to watch over
        with pytest.raises(RobotFault, match="the arm was stopped"):
            robot.act(seen.joint_position, 0.05)
        assert robot.state().mode == "idle"


def test_an_arm_that_is_not_accepted_is_never_started() -> None:
    def refuse(info: ArmInfo) -> None:
        raise InputError(f"not {info.name}")

    process = ControlProcess(ADDRESS, PATIENT, accept=refuse)
    with pytest.raises(InputError, match="not ur5e"):
        process.start()
    with pytest.raises(RobotFault, match="there is no link"):
        process.state()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (ControlSettings(cores=(9999,)), r"control.cores \[9999\]: this process may use"),
        (ControlSettings(priority=100), "priority must be 0 .* to 99; found 100"),
    ],
)
def test_scheduling_that_cannot_be_is_refused(settings: ControlSettings, words: str) -> None:
    with pytest.raises(InputError, match=words):
        schedule(settings)


def permission(queue: "multiprocessing.Queue[str]") -> None:
    if os.geteuid() == 0:
        os.setuid(NOBODY)
    try:
        schedule(ControlSettings(priority=50))
        queue.put("allowed")
    except InputError as error:
        queue.put(str(error))


def test_real_time_priority_is_had_or_the_command_that_allows_it_is_told() -> None:
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=permission, args=(queue,))
    child.start()
    told = queue.get(timeout=10.0)
    child.join()
    assert told == "allowed" or "rtprio 50' to /etc/security/limits.conf" in told


def test_scheduling_asked_for_and_not_had_keeps_the_arm_from_starting() -> None:
    process = ControlProcess(ADDRESS, replace(PATIENT, cores=(9999,)))
    with pytest.raises(InputError, match=r"control.cores \[9999\]"):
        process.start()
    assert process.fault is None
