"""The rows of docs/safety.md as faults: what provokes each, and what must be seen of it."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from fault_rig import Rig, signal_children
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.control import joint_step
from robot_skills.core.errors import RobotFault
from robot_skills.deploy.driver import FaultKind
from robot_skills.deploy.safety.body import ArmBody
from robot_skills.deploy.safety.settings import safety_settings
from robot_skills.sim.kinematics import MujocoKinematics

Floats = NDArray[np.float64]
Stats = Mapping[str, Any]

CONTROL, WATCHDOG = "robot_skills.deploy.control", "watchdog.py"
POLICY = Path(__file__).with_name("fault_policy.py")
SPEED_TOLERANCE_RAD_S = float(np.deg2rad(1.15))  # UR e-Series user manual, functional safety table
RANGE_TOLERANCE_RAD = 0.01  # of a servo that overshoots
LEAD_TOLERANCE_RAD = 0.03  # of a reading that is a period old
EE_TOLERANCE_M = 0.01
EE_SPEED_TOLERANCE = 1.1
FOLDS = 20_000
HELD_S = 0.5
ACCELERATION_TOLERANCE = 1.5  # of a servo that answers a smooth reference with a ripple


@dataclass(frozen=True)
class FaultRow:
    """One row: `action` is the table's word, `kinds` the faults that may be latched for it.

    `provoke` makes it happen; `seen` returns what is wrong with the twin's log, "" when nothing
    is. A row that clamps or holds need not latch anything.
    """

    name: str
    action: str
    kinds: frozenset[FaultKind]
    provoke: Callable[[Rig], None]
    seen: Callable[[Rig, Stats], str] = lambda _rig, _stats: ""


def not_finite(rig: Rig) -> None:
    """The policy returns NaN."""
    rig.sway(1.0)
    rig.mark()
    with suppress(RobotFault):
        rig.act(np.full_like(rig.start, np.nan))


def joint_range(rig: Rig) -> None:
    """The last joint is driven beyond its nearer end."""
    rig.mark()
    rig.pace(rig.moved(-1, _room(rig) + np.sign(_room(rig)) * 0.3), 0.8)
    rig.settle(0.5)


def _room(rig: Rig) -> float:
    """Way of the last joint to its nearer end, rad, signed."""
    low = float(rig.arm.position_min[-1] - rig.start[-1])
    high = float(rig.arm.position_max[-1] - rig.start[-1])
    return low if abs(low) < abs(high) else high


def kept_range(rig: Rig, stats: Stats) -> str:
    """The joint stayed its margin away from the end."""
    margin = safety_settings(rig.arm).position_margin_rad
    way = float(stats["largest_joint_excursion_rad"][-1])
    most = abs(_room(rig)) - margin + RANGE_TOLERANCE_RAD
    return "" if way <= most else f"the joint went {way:.3f} rad; {most:.3f} were allowed"


def step(rig: Rig) -> None:
    """The last joint is asked to be half a radian away at once."""
    rig.go(rig.start, 0.5)
    rig.mark()
    rig.go(rig.moved(-1, -0.5 * np.sign(_room(rig)) or 0.5), 2.0)


def kept_speed(rig: Rig, stats: Stats) -> str:
    """No joint was faster than the layer allows."""
    settings = safety_settings(rig.arm)
    most = np.minimum(settings.speed_fraction * rig.arm.speed_max, settings.speed_max_rad_s)
    over = np.asarray(stats["largest_joint_speed_rad_s"]) - most - SPEED_TOLERANCE_RAD_S
    return "" if (over <= 0).all() else f"joint speed {over.max():.3f} rad/s above the limit"


def kept_acceleration(rig: Rig, stats: Stats) -> str:
    """No joint speeded up more than the layer allows, a servo's ripple aside."""
    most = safety_settings(rig.arm).acceleration_max_rad_s2 * ACCELERATION_TOLERANCE
    seen = max(stats["largest_joint_acceleration_rad_s2"])
    return "" if seen <= most else f"joint acceleration {seen:.1f} rad/s2; {most:.1f} allowed"


def stuck(rig: Rig) -> None:
    """A joint is held fast while it is asked to be 0.14 rad away."""
    rig.go(rig.start, 0.5)
    rig.inject("block", {"joint": 0})
    rig.go(rig.moved(0, 0.14), 1.0)
    rig.twin.tell(fault="release")
    rig.go(rig.moved(0, 0.14), 1.0)


def kept_lead(rig: Rig, stats: Stats) -> str:
    """The servo was never told to be farther away than the layer allows."""
    most = safety_settings(rig.arm).lead_max_rad + LEAD_TOLERANCE_RAD
    seen = float(stats["largest_joint_lead_rad"][0])
    return "" if seen <= most else f"a target led its joint by {seen:.3f} rad; {most:.3f} allowed"


def blocked(rig: Rig) -> None:
    """A joint is held fast while it is asked to be farther and farther away."""
    rig.go(rig.start, 0.5)
    rig.inject("block", {"joint": 0})
    rig.pace(rig.moved(0, 0.6), 0.4)
    rig.go(rig.moved(0, 0.6), 1.0)


def below_the_table(rig: Rig) -> None:
    """The hand is driven sideways too fast, and then down through the table."""
    kinematics = MujocoKinematics(rig.arm)
    rig.go(rig.start, 0.5)
    rig.mark()
    target = _drive(rig, kinematics, rig.start, np.array([0.0, 0.02, 0.0]), 8)
    target = _drive(rig, kinematics, target, np.array([0.0, -0.02, 0.0]), 8)
    _drive(rig, kinematics, target, np.array([0.0, 0.0, -0.01]), 50)


def _drive(
    rig: Rig, kinematics: MujocoKinematics, target: Floats, step_m: Floats, steps: int
) -> Floats:
    with suppress(RobotFault):
        for _ in range(steps):
            move = np.concatenate([step_m, np.zeros(3)])
            target = target + joint_step(kinematics.ee_jacobian(target), move)
            rig.act(target)
    return target


def kept_box(rig: Rig, stats: Stats) -> str:
    """The hand stayed above the floor of its box, and was slow enough on the way."""
    settings = safety_settings(rig.arm)
    floor_m = float(rig.task.workspace_m[0][2]) - settings.workspace_slack_m - EE_TOLERANCE_M
    if stats["ee_low_m"][2] < floor_m:
        return f"the end-effector went down to {stats['ee_low_m'][2]:.3f} m; {floor_m:.3f} allowed"
    most, seen = settings.ee_speed_max_m_s * EE_SPEED_TOLERANCE, stats["largest_ee_speed_m_s"]
    return "" if seen <= most else f"end-effector speed {seen:.3f} m/s; {most:.3f} allowed"


def fold(rig: Rig) -> None:
    """The arm is folded until two of its parts would meet; the box is out of the way."""
    target = folded(rig.arm, rig.start)
    rig.pace(target, 0.5)
    rig.go(target, 4.0)
    rig.mark()


def folded(arm: ArmProfile, start: Floats) -> Floats:
    """Joints (J,) rad at which two parts of the arm overlap, the nearest of many to `start`.

    Raises RuntimeError where no pose within the joints' ranges does that.
    """
    settings = safety_settings(arm)
    body = ArmBody(arm, None, settings.distance_slow_m)
    kinematics = MujocoKinematics(arm)
    rng = np.random.default_rng(0)

    def high_up(joints: Floats) -> bool:
        way = (start + share * (joints - start) for share in np.linspace(0.2, 1.0, 5))
        lowest = min(float(kinematics.ee_pose(on_way)[2]) for on_way in way)
        return lowest > float(kinematics.ee_pose(start)[2]) - arm.reach_m / 20

    margin = settings.position_margin_rad
    low = np.maximum(arm.position_min + margin, start - np.pi)
    high = np.minimum(arm.position_max - margin, start + np.pi)
    meeting = []
    for joints in rng.uniform(low, high, (FOLDS, arm.dof)):
        joints[0] = start[0]
        body.place(joints)
        if body.near().distance_m < 0.0 and high_up(joints):
            meeting.append(joints)
    if not meeting:
        raise RuntimeError(f"{arm.name}: no two parts meet within the joints' ranges")
    return min(meeting, key=lambda joints: float(np.abs(joints - start).max()))


def kept_apart(rig: Rig, stats: Stats) -> str:
    """The parts that would meet did not."""
    body = ArmBody(rig.arm, None, safety_settings(rig.arm).distance_slow_m)
    body.place(np.asarray(stats["joint_position_rad"]))
    left_m = body.near().distance_m
    return "" if left_m > 0.0 else f"two parts overlap by {-1000 * left_m:.0f} mm"


def overload(rig: Rig) -> None:
    """A joint bears four fifths of its rated torque."""
    rig.sway(0.5)
    assert rig.arm.deploy is not None
    rated = rig.arm.deploy.torque_max_nm
    rated = rig.arm.servo_force_max if rated is None else rated
    rig.inject("push", {"joint": 0, "nm": 0.85 * float(rated[0])})
    rig.go(rig.start, 2.0)


def frozen(rig: Rig) -> None:
    """The link freezes while the world goes on."""
    rig.sway(0.6)
    rig.inject("freeze")
    rig.sway(1.0)
    rig.settle(0.5)
    rig.twin.tell(fault="thaw")


def silent_policy(rig: Rig) -> None:
    """The policy's process stalls in the middle of a motion."""
    rig.sway(0.6)
    rig.mark()
    rig.watch(1.5)


def kept_still(rig: Rig, stats: Stats) -> str:
    """The arm came to rest, and goes on when commands return unless that was latched."""
    resting_s = float(stats["robot_time_s"]) - float(stats["last_motion_s"])
    if resting_s < HELD_S:
        return f"the arm has stood still for {resting_s:.2f} s only"
    if not rig.latched:
        rig.start = rig.robot.state().joint_position_rad
        rig.sway(0.6)
        if rig.latched:
            return f"the arm does not go on: {rig.latched}"
    return ""


def slow_loop(rig: Rig) -> None:
    """The control process does not get the processor, again and again."""
    rig.sway(0.6)
    rig.mark()
    periods_s = 2.5 / rig.robot.info.rate_hz
    for _ in range(12):
        signal_children(CONTROL, signal.SIGSTOP)
        time.sleep(periods_s)
        signal_children(CONTROL, signal.SIGCONT)
        rig.sway(0.1)
        if rig.latched:
            return


def lost_packets(rig: Rig) -> None:
    """First 2 % of the packets are lost, which must not matter, and then all of them."""
    rig.inject("drop", {"p": 0.02})
    rig.sway(3.0)
    if rig.latched:
        rig.latched = f"at 2 % already: {rig.latched}"
        return
    rig.inject("drop", {"p": 1.0})
    rig.sway(1.5)
    rig.twin.tell(fault="drop", value={"p": 0.0})


def own_stop(rig: Rig) -> None:
    """The arm stops itself: a protective stop, a reflex, an error of its own."""
    rig.sway(0.6)
    rig.inject("pstop")
    rig.sway(1.0)


def silent_operator(rig: Rig) -> None:
    """The operator's view beats for a second and is heard no more."""
    beating = threading.Event()

    def beat() -> None:
        while not beating.wait(0.05):
            rig.robot.beat()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    rig.sway(1.0)
    beating.set()
    thread.join()
    rig.mark()
    rig.sway(1.5)


def killed_control(rig: Rig) -> None:
    """The control process is killed in the middle of a motion."""
    rig.sway(0.6)
    rig.mark()
    signal_children(CONTROL, signal.SIGKILL)
    rig.watch(1.0)
    rig.sway(0.2)


def killed_watchdog(rig: Rig) -> None:
    """The watchdog process is killed in the middle of a motion."""
    rig.sway(0.6)
    rig.mark()
    signal_children(WATCHDOG, signal.SIGKILL)
    rig.sway(1.5)


def wrong_start(rig: Rig) -> None:
    """The first target is far from where the arm stands."""
    rig.mark()
    rig.go(rig.moved(0, 0.3), 0.5)
    rig.watch(0.5)


def never_moved(rig: Rig, stats: Stats) -> str:
    """Nothing moved at all."""
    seen = max(stats["largest_joint_excursion_rad"])
    return "" if seen < 0.01 else f"a joint moved by {seen:.3f} rad"


def policy_process(arm: str, address: str) -> "subprocess.Popen[str]":
    """A policy in a process of its own, that moves the arm until it is killed."""
    command = [sys.executable, str(POLICY), arm, address]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _row(
    name: str,
    action: str,
    kinds: set[FaultKind],
    provoke: Callable[[Rig], None],
    seen: Callable[[Rig, Stats], str] = lambda _rig, _stats: "",
) -> FaultRow:
    return FaultRow(name, action, frozenset(kinds), provoke, seen)


_LINK = {FaultKind.STALE, FaultKind.LINK, FaultKind.PROGRAM_STOPPED, FaultKind.PROTECTIVE_STOP}
_OWN = {FaultKind.PROTECTIVE_STOP, FaultKind.EMERGENCY_STOP, FaultKind.OVERLOAD}
_LOAD = {FaultKind.OVERLOAD, FaultKind.TRACKING, FaultKind.PROTECTIVE_STOP}
_AWAY = {FaultKind.WATCHDOG, FaultKind.DRIVER}
ROWS = (
    _row("not_finite", "stopped", {FaultKind.BAD_COMMAND}, not_finite),
    _row("joint_range", "clamped", set(), joint_range, kept_range),
    _row("joint_speed", "clamped", set(), step, kept_speed),
    _row("acceleration", "clamped", set(), step, kept_acceleration),
    _row("step_against_measured", "clamped", _LOAD, stuck, kept_lead),
    _row("tracking_error", "stopped", _LOAD, blocked),
    _row("end_effector_box", "clamped", {FaultKind.OUTSIDE}, below_the_table, kept_box),
    _row("self_collision", "stopped", {FaultKind.COLLISION}, fold, kept_apart),
    _row("overload", "stopped", _LOAD, overload),
    _row("stale_reading", "stopped", _LINK, frozen),
    _row("command_age", "held", {FaultKind.COMMAND_AGE}, silent_policy, kept_still),
    _row("loop_overrun", "stopped", {FaultKind.OVERRUN} | _LINK, slow_loop),
    _row("link_errors", "stopped", _LINK, lost_packets),
    _row("vendor_state", "stopped", _OWN, own_stop),
    _row("operator_heartbeat", "stopped", {FaultKind.HEARTBEAT}, silent_operator),
    _row("robot_watchdog", "stopped", _AWAY, killed_control),
    _row("start_pose", "refused", {FaultKind.START_POSE}, wrong_start, never_moved),
)
KILLED_WATCHDOG = _row("watchdog_killed", "stopped", {FaultKind.WATCHDOG}, killed_watchdog)
