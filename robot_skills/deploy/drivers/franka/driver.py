"""The driver's own side: what it reads from and writes to libfranka's processes.

The client tells neither serial nor firmware, so `info` has none. Written for the Franka Research 3
(FCI of system 5.9 and later) and run against our own twin only, never against an arm.
"""

import socket
import threading
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.driver import ArmInfo, ArmState, Fault, FaultKind, StopKind
from robot_skills.deploy.drivers.clients import check_client
from robot_skills.deploy.drivers.franka import hand, link, memory
from robot_skills.deploy.drivers.franka.child import Child
from robot_skills.deploy.settings import ControlSettings

Floats = NDArray[np.float64]

ARM_PORT, HAND_PORT = 1337, 1338
LAUNCH_S = 10.0  # for a process to start on a busy machine, beside the time that a link may take
ANSWER_S = 5.0  # for an order that the arm must confirm
HOMED_SHARE = 0.5  # of its stroke that a hand which knows its width reports at least
STOPS = {StopKind.SMOOTH: link.FINISH, StopKind.HOLD: link.HOLD, StopKind.POWER_OFF: link.CUT}


class FrankaDriver:
    """Implements ArmDriver with joint positions at 1 kHz, whatever the control process's rate.

    The arm stops by itself when 20 commands are missing in a row; the link's process does so, along
    the path, when targets cease for the time that `watchdog_hz` gives.
    """

    def __init__(self, host: str, arm: ArmProfile, settings: ControlSettings) -> None:
        self._host = host
        self._arm = arm
        self._settings = settings
        self._torque_max = arm.deploy.torque_max_nm if arm.deploy is not None else None
        self._link: Child | None = None
        self._hand: Child | None = None
        self._ordering = threading.Lock()
        self._started = False
        self.info = ArmInfo(arm.name, arm.joints, settings.rate_hz, robot_watchdog=True)

    def connect(self, timeout_s: float) -> None:
        """Open both links; raises InputError when no arm, or no hand, answers."""
        check_client("franka")
        if self._arm.dof != memory.JOINTS:
            raise InputError(f"a Franka arm has 7 joints; {self._arm.file} has {self._arm.dof}")
        self._probe(ARM_PORT, "arm: is FCI active in Desk, and the address right?", timeout_s)
        self._probe(HAND_PORT, "hand: is it set as the end-effector in Desk?", timeout_s)
        self._launch(timeout_s)

    def read(self) -> ArmState:
        """Newest reading, at once; a link that stands still shows in the arm's clock."""
        reading = self._reading.read()
        seen = self._seen.read()
        torque_nm = reading["torque_nm"]
        return ArmState(
            robot_time_s=float(reading["time_s"]),
            joint_position_rad=reading["position"].copy(),
            joint_velocity_rad_s=reading["velocity"].copy(),
            mode=reading["mode"].decode(),
            fault=self._fault(reading, seen),
            gripper_width_m=float(seen["width_m"]) if seen["count"] else None,
            load=None if self._torque_max is None else np.abs(torque_nm) / self._torque_max,
        )

    def start(self) -> None:
        """Begin a motion that holds the arm; RobotFault when it is stopped or its hand unhomed."""
        state = self.read()
        if state.fault is not None:
            raise RobotFault(str(state.fault))
        width_max_m = float(self._seen.read()["width_max_m"])
        if width_max_m < HOMED_SHARE * self._arm.gripper.width_max_m:
            raise RobotFault("the hand does not know its width; home it in Desk")
        self._wish.draft["number"] = 0
        self._wish.publish()
        self._order_and_wait(link.START)
        self._wait(self._settled, "the motion did not start")
        state = self.read()
        if state.fault is not None:
            raise RobotFault(str(state.fault))
        self._started = True

    def command(self, joint_position_rad: Floats, gripper_width_m: float | None) -> Floats:
        """Hand on a target (7,) rad and a width; returns the target, which the arm nears smoothly.

        Raises RobotFault when no motion follows it, and for numbers that are not finite.
        """
        if not np.isfinite(joint_position_rad).all():
            raise RobotFault("a joint target is not finite")
        reading = self._reading.read()
        if not (self._started and reading["following"]) or self._link_ended():
            fault = self._fault(reading, self._seen.read())
            why = fault or "it was stopped, or never started"
            raise RobotFault(f"the arm follows no targets: {why}")
        self._target.draft["position"] = joint_position_rad
        self._target.draft["number"] += 1
        self._target.publish()
        if gripper_width_m is not None:
            self._wish.draft["width_m"] = gripper_width_m
            self._wish.draft["number"] += 1
            self._wish.publish()
        return joint_position_rad

    def stop(self, kind: StopKind) -> None:
        """Brake along the path and end the motion, or hold; POWER_OFF leaves braking to the arm.

        The interface cannot take the power away: its own hardest stop stands in for it. The hand
        keeps its force.
        """
        self._started = False
        if self._link is not None:
            self._give(STOPS[kind])

    def clear_fault(self) -> None:
        """Recover from a reflex, or link up again; RobotFault when the arm refuses."""
        fault = self.read().fault
        if fault is not None and fault.kind in (FaultKind.LINK, FaultKind.GRIPPER):
            self._shut_down()
            self._launch(ANSWER_S)
            fault = self.read().fault
        if fault is not None and fault.kind is FaultKind.EMERGENCY_STOP:
            raise RobotFault(str(fault))
        self._order_and_wait(link.RECOVER)

    def close(self) -> None:
        """Brake, end the motion and let go of both links; the fingers keep their place."""
        self._started = False
        self._shut_down()

    @property
    def lost(self) -> int:
        """States that the link's process never saw since it was connected."""
        return int(self._reading.read()["lost"])

    def _link_ended(self) -> bool:
        return self._link is None or self._link.ended

    def _fault(self, reading: np.void, seen: np.void) -> Fault | None:
        if reading["fault_kind"]:
            return Fault(FaultKind(reading["fault_kind"].decode()), reading["fault"].decode())
        if self._link_ended():
            return Fault(FaultKind.LINK, "the process that holds the arm's link has ended")
        trouble = seen["error"] or self._hand_orders.read()["error"]
        return Fault(FaultKind.GRIPPER, trouble.decode()) if trouble else None

    def _probe(self, port: int, advice: str, timeout_s: float) -> None:
        try:
            socket.create_connection((self._host, port), timeout=timeout_s / 2).close()
        except OSError as error:
            what = f"{self._host}:{port} does not answer ({error})"
            raise InputError(f"{what}; no Franka {advice}") from None

    def _launch(self, timeout_s: float) -> None:
        settings, gripper = self._settings, self._arm.gripper
        times = (1.0 / settings.rate_hz, 1.0 / settings.watchdog_hz)
        arm_numbers = (*times, *self._arm.speed_max)
        self._link = Child(link.__name__, link.ARM_RECORDS, self._host, arm_numbers)
        self._reading, self._target, self._orders, self._answer = self._link.records
        hand_numbers = (gripper.speed_m_s, gripper.force_n, gripper.width_max_m)
        self._hand = Child(hand.__name__, hand.HAND_RECORDS, self._host, hand_numbers)
        self._seen, self._wish, self._hand_orders = self._hand.records
        try:
            self._wait(self._arrived, "no states arrive", timeout_s + LAUNCH_S)
        except RobotFault as fault:
            self._shut_down()
            raise InputError(f"no Franka arm at {self._host}: {fault}") from None

    def _arrived(self) -> bool:
        reading, seen = self._reading.read(), self._seen.read()
        fault = self._fault(reading, seen)
        if fault is not None and fault.kind in (FaultKind.LINK, FaultKind.GRIPPER):
            raise RobotFault(fault.detail)
        return bool(reading["cycles"]) and bool(seen["count"])

    def _settled(self) -> bool:
        reading = self._reading.read()
        return bool(reading["following"]) or bool(reading["fault_kind"])

    def _give(self, kind: bytes) -> int:
        with self._ordering:
            self._orders.draft["kind"] = kind
            self._orders.draft["number"] += 1
            self._orders.publish()
            return int(self._orders.draft["number"])

    def _order_and_wait(self, kind: bytes) -> None:
        number = self._give(kind)
        self._wait(
            lambda: int(self._answer.read()["number"]) >= number,
            f"the arm does not answer to {kind.decode()}",
        )
        error = self._answer.read()["error"]
        if error:
            raise RobotFault(error.decode())

    def _wait(
        self, arrived: Callable[[], bool], otherwise: str, timeout_s: float = ANSWER_S
    ) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not arrived():
            if time.monotonic() > deadline_s:
                raise RobotFault(f"{otherwise} within {timeout_s:.0f} s")
            time.sleep(0.001)

    def _shut_down(self) -> None:
        if self._link is not None:
            self._give(link.QUIT)
            self._link.wait_or_kill()
        if self._hand is not None:
            self._hand.terminate()
            self._hand.wait_or_kill()
        self._link = self._hand = None


def halt(address: str, arm: ArmProfile) -> None:
    """Nothing to do: the arm stops by itself after 20 cycles without a command.

    Nor could another process: the arm accepts one client, and none at all while one is linked.
    """
