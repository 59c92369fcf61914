"""Any of the three processes dies or hangs: the arm stops, in robot time by the twin's own log."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from robot_skills.core.errors import RobotFault
from robot_skills.deploy.control import pair
from robot_skills.deploy.driver import FaultKind
from robot_skills.deploy.driver_robot import DriverRobot
from robot_skills.deploy.twins.process import TwinProcess

pytestmark = pytest.mark.real_time

Move = Callable[[DriverRobot, int], None]

# What each needs to be noticed, braking from 0.6 rad/s, the servo's lag, and a busy machine.
POLICY_BOUND_S = 0.6
CONTROL_BOUND_S = 0.5
HUNG_CONTROL_BOUND_S = 0.8
WATCHDOG_BOUND_S = 0.6
HUNG_POLICY_BOUND_S = 1.6

CALLER = """
from twin_robots import robot_at
with robot_at({host!r}) as robot:
    seen = robot.observe()
    target = seen.joint_position
    print("moving", flush=True)
    try:
        while True:
            target = target + 0.015
            robot.act(target, seen.gripper_width_m)
    except Exception as fault:
        print(fault, flush=True)
"""


@pytest.fixture
def caller(twin: TwinProcess) -> subprocess.Popen[str]:
    """A process that moves the arm, for a second already."""
    started = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CALLER).format(host=twin.host)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    started.stdout.readline()
    time.sleep(1.0)
    return started


def motion_after(twin: TwinProcess, robot_time_s: float, patience_s: float = 1.5) -> float:
    """How long the arm moved on after a time, in s of robot time."""
    time.sleep(patience_s)
    stats = twin.stats()
    assert stats["robot_time_s"] - stats["last_motion_s"] > 0.2, "the arm is still moving"
    return float(stats["last_motion_s"] - robot_time_s)


def ended(twin: TwinProcess) -> list[str]:
    return [e["detail"] for e in twin.stats()["events"] if e["kind"] == "program_ended"]


def processes(robot: DriverRobot) -> tuple[int, int]:
    started = robot._control._pair
    return started.control.pid, started.watchdog.pid


def gone(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_the_arm_stops_when_the_policys_process_is_killed(
    twin: TwinProcess, caller: subprocess.Popen[str]
) -> None:
    at_s = twin.stats()["robot_time_s"]
    caller.kill()
    assert -0.1 < motion_after(twin, at_s) < POLICY_BOUND_S
    assert ended(twin) == ["dashboard"]


def test_the_arm_stops_when_the_policys_process_hangs_and_says_why(
    twin: TwinProcess, caller: subprocess.Popen[str]
) -> None:
    at_s = twin.stats()["robot_time_s"]
    caller.send_signal(signal.SIGSTOP)
    assert motion_after(twin, at_s, 2.5) < HUNG_POLICY_BOUND_S
    assert ended(twin) == ["dashboard"]
    caller.send_signal(signal.SIGCONT)
    assert caller.stdout is not None
    assert "command_age" in caller.stdout.read()
    caller.wait(10.0)


def test_the_watchdog_stops_the_arm_when_the_control_process_is_killed(
    twin: TwinProcess, robot: DriverRobot, move: Move
) -> None:
    move(robot, 10)
    control, watchdog = processes(robot)
    at_s = robot.observe().time_s
    os.kill(control, signal.SIGKILL)
    assert motion_after(twin, at_s) < CONTROL_BOUND_S
    assert ended(twin) == ["dashboard"]  # not the arm's own watchdog
    with pytest.raises(RobotFault, match="the watchdog stopped the arm"):
        move(robot, 1)
    assert gone(watchdog)


def test_a_control_process_that_hangs_is_killed_before_the_arm_is_stopped(
    twin: TwinProcess, robot: DriverRobot, move: Move
) -> None:
    move(robot, 10)
    control, _ = processes(robot)
    at_s = robot.observe().time_s
    os.kill(control, signal.SIGSTOP)
    assert motion_after(twin, at_s) < HUNG_CONTROL_BOUND_S
    assert gone(control)
    with pytest.raises(RobotFault, match="latched: driver"):
        move(robot, 1)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_the_arm_stops_and_latches_when_its_watchdog_is_gone(
    twin: TwinProcess,
    robot: DriverRobot,
    move: Move,
    how: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pair, "HALT_TIMEOUT_S", 1.0)  # one that is stopped dead will not end
    move(robot, 10)
    _, watchdog = processes(robot)
    at_s = robot.observe().time_s
    os.kill(watchdog, how)
    with pytest.raises(RobotFault, match="watchdog"):
        move(robot, 60)
    bound_s = WATCHDOG_BOUND_S if how is signal.SIGKILL else WATCHDOG_BOUND_S + 1.0
    assert motion_after(twin, at_s) < bound_s
    assert robot.fault is not None
    assert robot.fault.kind is FaultKind.WATCHDOG
    robot.clear_fault()
    move(robot, 3)


def test_nothing_moves_after_the_latch_and_clearing_it_lets_the_arm_move(
    twin: TwinProcess, robot: DriverRobot, move: Move
) -> None:
    move(robot, 5)
    os.kill(processes(robot)[0], signal.SIGKILL)
    time.sleep(0.8)
    before = twin.stats()
    for _ in range(3):
        with pytest.raises(RobotFault, match="latched: driver"):
            move(robot, 1)
    with pytest.raises(RobotFault, match="latched: driver"):
        robot.__enter__()
    assert "driver" in robot.status().fault
    assert twin.stats()["last_motion_s"] == before["last_motion_s"]
    robot.clear_fault()
    move(robot, 5)
    assert robot.status().fault == ""
    assert twin.stats()["last_motion_s"] > before["robot_time_s"]


def test_a_crash_leaves_nothing_behind_and_the_next_run_moves(
    twin: TwinProcess, caller: subprocess.Popen[str]
) -> None:
    before = set(Path("/dev/shm").iterdir())
    caller.kill()
    caller.wait(5.0)
    time.sleep(1.0)
    again = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(ONCE).format(host=twin.host)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert again.stdout == "done\n"
    assert again.stderr == ""
    assert set(Path("/dev/shm").iterdir()) <= before


ONCE = """
from twin_robots import robot_at
with robot_at({host!r}) as robot:
    seen = robot.observe()
    for step in range(5):
        robot.act(seen.joint_position + 0.01 * step, seen.gripper_width_m)
print("done")
"""
