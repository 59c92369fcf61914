"""The real ur-rtde client against the twin; every bound is in robot time, from the twin's log."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conformance import RobotConformance
from twin_robots import free_address, robot_at

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.control import process
from robot_skills.deploy.driver import FaultKind
from robot_skills.deploy.driver_robot import DriverRobot
from robot_skills.deploy.drivers.ur import UrDriver
from robot_skills.deploy.settings import ControlSettings
from robot_skills.deploy.twins.process import TwinProcess
from robot_skills.deploy.twins.settings import TwinSettings

pytestmark = pytest.mark.real_time

Move = Callable[[DriverRobot, int], None]

SLOW_STOP_S = 0.6  # stale or watchdog bound, braking from 0.6 rad/s, and the servo's lag


@pytest.fixture(scope="module")
def shared_twin() -> Iterator[TwinProcess]:
    with TwinProcess(TwinSettings(host=free_address(), gap=0.0)) as started:
        yield started


class TestDriverRobot(RobotConformance):
    @pytest.fixture
    def robot(self, shared_twin: TwinProcess, arm: ArmProfile) -> Iterator[DriverRobot]:
        with robot_at(shared_twin.host) as entered:
            yield entered


def events(twin: TwinProcess, kind: str) -> list[float]:
    return [e["robot_time_s"] for e in twin.stats()["events"] if e["kind"] == kind]


def wait_for(what: Callable[[], object], patience_s: float = 10.0) -> None:
    deadline_s = time.monotonic() + patience_s
    while not what():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_a_stopped_arm_refuses_to_move_until_it_is_entered_again(
    twin: TwinProcess, robot: DriverRobot, move: Move
) -> None:
    move(robot, 10)
    robot.stop()
    assert np.abs(robot.observe().joint_velocity).max() < 0.05
    time.sleep(0.3)
    assert robot.observe().time_s > twin.stats()["last_motion_s"]
    with pytest.raises(RobotFault, match="the arm was stopped; enter the robot again"):
        move(robot, 1)
    assert robot.fault is None


def test_leaving_the_block_stops_the_arm(twin: TwinProcess, arm: ArmProfile, move: Move) -> None:
    with pytest.raises(ZeroDivisionError), robot_at(twin.host) as robot:
        move(robot, 10)
        left_s = robot.observe().time_s
        raise ZeroDivisionError
    time.sleep(0.3)
    assert twin.stats()["last_motion_s"] - left_s < SLOW_STOP_S


def test_a_suspended_controller_latches_and_nothing_restarts_it(
    twin: TwinProcess, robot: DriverRobot, move: Move
) -> None:
    move(robot, 10)
    twin.suspend()
    with pytest.raises(RobotFault, match="stale: the robot's clock has stood still"):
        move(robot, 100)
    time.sleep(2.2)  # ur-rtde reconnects and uploads its script again after two seconds
    twin.resume()
    time.sleep(0.7)
    with pytest.raises(RobotFault, match="latched: stale"):
        move(robot, 1)
    stats = twin.stats()
    assert len(events(twin, "program_started")) == 1
    ended = events(twin, "program_ended")
    assert stats["robot_time_s"] - stats["last_motion_s"] > 0.2
    assert stats["last_motion_s"] - ended[0] < SLOW_STOP_S
    robot.clear_fault()
    move(robot, 5)
    assert twin.stats()["last_motion_s"] > stats["robot_time_s"]


def test_a_frozen_link_is_stopped_by_the_arms_own_watchdog(
    twin: TwinProcess, robot: DriverRobot, move: Move
) -> None:
    move(robot, 10)
    twin.tell(fault="freeze")
    with pytest.raises(RobotFault, match="stale"):
        move(robot, 100)
    time.sleep(0.8)
    frozen_s = events(twin, "link_frozen")[0]
    assert 0.0 < twin.stats()["last_motion_s"] - frozen_s < SLOW_STOP_S
    assert robot.fault is not None
    assert robot.fault.kind is FaultKind.STALE
    twin.tell(fault="thaw")  # or the watchdog would try to reach it for seconds


def test_a_protective_stop_latches_until_it_is_cleared(
    twin: TwinProcess, robot: DriverRobot, move: Move
) -> None:
    move(robot, 10)
    twin.tell(fault="pstop")
    with pytest.raises(RobotFault, match="protective_stop"):
        move(robot, 100)
    time.sleep(0.3)
    with pytest.raises(RobotFault, match="latched: protective_stop"):
        robot.observe()
    stopped_s = events(twin, "protective_stop")[0]
    assert twin.stats()["last_motion_s"] - stopped_s < SLOW_STOP_S
    robot.clear_fault()
    move(robot, 3)
    assert robot.fault is None


def test_an_emergency_stop_cannot_be_cleared_from_here(
    twin: TwinProcess, robot: DriverRobot, move: Move
) -> None:
    twin.tell(fault="estop")
    with pytest.raises(RobotFault, match="emergency_stop"):
        move(robot, 100)
    with pytest.raises(RobotFault, match="emergency_stop: release the button"):
        robot.clear_fault()
    assert robot.fault is not None
    assert robot.fault.kind is FaultKind.EMERGENCY_STOP


def test_a_jump_past_our_limits_trips_the_twins_own_protective_stop(
    twin: TwinProcess, arm: ArmProfile
) -> None:
    driver = UrDriver(twin.host, arm, ControlSettings())
    driver.connect(1.0)
    driver.start()
    driver.command(driver.read().joint_position_rad + 2.5, None)
    wait_for(lambda: driver.read().fault)
    assert driver.read().fault.kind is FaultKind.PROTECTIVE_STOP
    driver.close()
    assert twin.stats()["protective_stops"] == 1


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (np.full(6, np.nan), "must be finite"),
        (np.zeros(7), "must have shape"),
        (np.full(6, 90.0), "units degrees"),
    ],
)
def test_a_broken_policy_stops_the_arm_and_latches(
    shared_twin: TwinProcess, arm: ArmProfile, move: Move, target: np.ndarray, words: str
) -> None:
    with robot_at(shared_twin.host) as robot:
        move(robot, 3)
        with pytest.raises(RobotFault, match=words):
            robot.act(target, 0.05)
        with pytest.raises(RobotFault, match="latched: bad_command"):
            move(robot, 1)


def test_no_step_is_faster_than_allowed(twin: TwinProcess, robot: DriverRobot) -> None:
    start = robot.observe()
    asked = start.joint_position + 1.0
    robot.act(start.joint_position, start.gripper_width_m)  # what comes first must be near
    for _ in range(8):
        command = robot.act(asked, start.gripper_width_m)
    assert np.all(command.joint_position < asked)
    assert max(twin.stats()["largest_joint_speed_rad_s"]) < 1.0 + 0.02


def test_the_arm_stops_when_its_control_process_is_killed(
    twin: TwinProcess, robot: DriverRobot, move: Move
) -> None:
    move(robot, 10)
    at_s = robot.observe().time_s
    robot._control._pair.control.kill()
    with pytest.raises(RobotFault, match="the watchdog stopped the arm"):
        move(robot, 100)
    time.sleep(0.6)
    assert events(twin, "program_ended")
    assert 0.0 < twin.stats()["last_motion_s"] - at_s < SLOW_STOP_S
    robot.clear_fault()
    move(robot, 2)


def test_a_caller_may_think_for_longer_than_the_arms_watchdog_waits(
    robot: DriverRobot, move: Move
) -> None:
    move(robot, 2)
    time.sleep(0.5)
    before = robot.observe()
    move(robot, 2)
    after = robot.observe()
    assert after.time_s - before.time_s == pytest.approx(0.1, abs=0.03)
    assert after.joint_position[0] > before.joint_position[0]


def test_no_stream_of_targets_makes_the_arm_protect_itself(
    twin: TwinProcess, robot: DriverRobot
) -> None:
    rng = np.random.default_rng(0)
    home = robot.observe().joint_position
    robot.act(home, 0.05)
    for _ in range(30):
        robot.act(home + rng.uniform(-3.0, 3.0, 6), float(rng.uniform(-0.1, 0.2)))
    stats = twin.stats()
    assert stats["protective_stops"] == 0
    assert max(stats["largest_joint_speed_rad_s"]) < 1.0 + 0.02


def test_an_arm_of_another_model_is_refused(twin: TwinProcess, arm: ArmProfile) -> None:
    driver = UrDriver(twin.host, replace(arm, name="ur10e"), ControlSettings())
    with pytest.raises(InputError, match="is a UR5; the profile ur10e is of a UR10"):
        driver.connect(1.0)
    driver.close()


CALLER = """
import signal
import numpy as np
from twin_robots import free_address, robot_at
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background has none
with robot_at({host!r}) as robot:
    target = robot.observe().joint_position
    print("moving", flush=True)
    while True:
        target = target + 0.03
        robot.act(target, 0.05)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_arm_stops_when_its_caller_is_interrupted_or_killed(
    twin: TwinProcess, how: signal.Signals
) -> None:
    caller = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CALLER).format(host=twin.host)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert caller.stdout is not None
    caller.stdout.readline()
    time.sleep(0.5)
    at_s = twin.stats()["robot_time_s"]
    os.killpg(caller.pid, how)
    caller.wait(5.0)
    time.sleep(0.4)
    stats = twin.stats()
    assert at_s - 0.1 < stats["last_motion_s"] < at_s + SLOW_STOP_S
    assert len(events(twin, "program_ended")) == 1


def test_a_wrong_address_is_named_within_three_seconds(host: str, arm: ArmProfile) -> None:
    with pytest.raises(InputError, match=f"no UR arm at {host}: port 30004"):
        robot_at(host).__enter__()


def test_something_that_takes_connections_and_is_no_arm_is_named(
    host: str, arm: ArmProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "CONNECT_TIMEOUT_S", 0.6)
    listeners = [socket.create_server((host, port)) for port in (30004, 30003, 29999)]
    with pytest.raises(InputError, match="does not answer as a controller"):
        robot_at(host).__enter__()
    for listener in listeners:
        listener.close()


def test_a_missing_client_says_what_to_install(
    arm: ArmProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rtde_control", None)
    with pytest.raises(InputError, match=r"pip install 'robot-skills\[ur\]'"):
        UrDriver("127.0.0.1", arm, ControlSettings()).connect(1.0)
