"""What can be found out about an arm without moving it."""

import time
from collections.abc import Iterator

import numpy as np

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.bringup.bench import BenchRobot
from robot_skills.deploy.bringup.person import StepFailed
from robot_skills.deploy.driver import ArmState, Floats
from robot_skills.deploy.perception import SocketPerception

LOOK_S = 1.0
LOOK_EVERY_S = 0.01
PATIENCE = 3.0  # times LOOK_S of wall time
GAP_MAX_S = 0.1  # of the robot's clock, as seen from the policy's process
CONNECT_TIMEOUT_S = 2.5
NEAR_RAD = 0.08  # a joint this near its end is shown as such


def identity(robot: BenchRobot, arm: ArmProfile, address: str) -> Iterator[str]:
    """Who answers, by its own word."""
    info = robot.info
    serial, firmware = info.serial or "not told", info.firmware or "not told"
    yield f"{arm.name} at {address}: serial {serial}, firmware {firmware}"
    guard = "stops by itself" if info.robot_watchdog else "does not stop by itself"
    yield f"{info.rate_hz:g} joint targets a second; the arm {guard} when they cease"


def mode(robot: BenchRobot) -> Iterator[str]:
    """Mode and fault; raises StepFailed when the arm is not ready."""
    state = robot.state()
    if state.fault is not None:
        raise StepFailed(str(state.fault))
    yield f"mode {state.mode}, no fault"


def freshness(robot: BenchRobot) -> Iterator[str]:
    """How steadily the arm's own clock comes through; raises StepFailed when it stalls."""
    first = last = robot.state()
    count, gap_s = 0, 0.0
    until_s = time.monotonic() + PATIENCE * LOOK_S
    while last.robot_time_s < first.robot_time_s + LOOK_S and time.monotonic() < until_s:
        time.sleep(LOOK_EVERY_S)
        state = robot.state()
        if state.robot_time_s > last.robot_time_s:
            gap_s, count = max(gap_s, state.robot_time_s - last.robot_time_s), count + 1
            last = state
    passed_s = last.robot_time_s - first.robot_time_s
    if passed_s < LOOK_S / 2:
        raise StepFailed(f"the arm's clock advanced by {passed_s:.2f} s in {PATIENCE * LOOK_S:g} s")
    found = f"{count} readings in {passed_s:.2f} s of the arm's clock, longest gap {gap_s:.3f} s"
    yield found if gap_s <= GAP_MAX_S else f"{found}: LONG; is this machine or the network busy?"


def joint_limits(robot: BenchRobot, arm: ArmProfile) -> Iterator[str]:
    """Each joint with its room; raises StepFailed where one is outside its range."""
    state = robot.state()
    margins = _margins(arm, state)
    for index, name in enumerate(arm.joints):
        low, high = arm.position_min[index], arm.position_max[index]
        at = f"{state.joint_position_rad[index]:+.3f} rad of {low:+.2f}..{high:+.2f}"
        near = ": NEAR ITS END" if margins[index] < NEAR_RAD else ""
        yield f"{name:<20} {at}, room {margins[index]:.2f}{near}{_servo(state, index)}"
    outside = [name for name, room in zip(arm.joints, margins, strict=True) if room < 0.0]
    if outside:
        raise StepFailed(f"outside of the range that {arm.file} gives: {', '.join(outside)}")


def perception(host: str) -> Iterator[str]:
    """What a pose server sees; without one nothing but tasks is out of reach."""
    server = SocketPerception(host)
    try:
        server.connect(CONNECT_TIMEOUT_S)
        for name, seen in sorted(server.poses(0.0).items()):
            x, y, z = seen.pose[:3]
            yield f"{name:<20} x {x:+.3f} y {y:+.3f} z {z:+.3f} m"
    except (InputError, RobotFault) as error:
        yield f"none: {error}. Tasks need one; the calibration does not"
    finally:
        server.close()


def _margins(arm: ArmProfile, state: ArmState) -> Floats:
    position = state.joint_position_rad
    return np.asarray(np.minimum(position - arm.position_min, arm.position_max - position))


def _servo(state: ArmState, index: int) -> str:
    told = [
        f"{values[index]:.{digits}f} {unit}"
        for values, digits, unit in (
            (state.temperature_c, 0, "C"),
            (state.voltage_v, 1, "V"),
        )
        if values is not None
    ]
    return f" ({', '.join(told)})" if told else ""
