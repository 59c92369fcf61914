"""Universal Robots e-Series through the vendor-neutral ur-rtde client (TCP 30004, 30003, 29999).

A Robotiq gripper on its controller is part of it.

Three things of ur-rtde 1.6.5 shape this driver. `servoJ` answers True on a frozen link, so its
answer proves nothing. Two seconds after losing a link it reconnects and uploads its control script
again, unasked. And `disconnect` on such a link blocks, then joins that loop. So this driver lives
in a control process that ends at a fault: nothing of ur-rtde outlives the latch.
"""

import math
import socket
import time
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.driver import ArmInfo, ArmState, Fault, FaultKind, StopKind
from robot_skills.deploy.drivers.clients import missing_client
from robot_skills.deploy.drivers.robotiq import RobotiqGripper
from robot_skills.deploy.settings import ControlSettings

Floats = NDArray[np.float64]

RTDE_PORT, SCRIPT_PORT, DASHBOARD_PORT = 30004, 30003, 29999
RECEIVE_HZ = 500.0
DASHBOARD_TIMEOUT_MS = 1000
HALT_TIMEOUT_S = 1.0
UNLOCK_TIMEOUT_S = 3.0
NEWS_TIMEOUT_S = 1.0  # of the gripper, after a call that kept Python's lock
VARIABLES = [
    "timestamp",
    "actual_q",
    "actual_qd",
    "actual_current",
    "robot_mode",
    "safety_mode",
    "safety_status_bits",
    "robot_status_bits",
    "runtime_state",
]
# Torque at the joint's output per ampere, by joint size: rounded from published identifications of
# UR arms, not the vendor's figures, and different by some 20 % from arm to arm.
NM_PER_A = (10.0, 10.0, 10.0, 8.0, 8.0, 8.0)
PLAYING = 2
RUNNING = 7
ROBOT_MODES = {
    -1: "no controller",
    0: "disconnected",
    1: "confirm safety",
    2: "booting",
    3: "power off",
    4: "power on",
    5: "idle",
    6: "backdrive",
    RUNNING: "running",
    8: "updating firmware",
}


class UrDriver:
    """Implements ArmDriver with servoJ in joint space; widths go to a Robotiq gripper."""

    def __init__(self, host: str, arm: ArmProfile, settings: ControlSettings) -> None:
        self._host = host
        self._arm = arm
        self._settings = settings.for_arm(arm)
        self._gripper = RobotiqGripper(host, arm.gripper.width_max_m)
        peak_nm = None if arm.deploy is None else arm.deploy.torque_max_nm
        self._load_per_a = None if peak_nm is None else np.array(NM_PER_A) / peak_nm
        self._control: Any = None  # ur-rtde has no types
        self._receive: Any = None
        self._started = False
        self.info = ArmInfo(arm.name, arm.joints, self._settings.rate_hz, robot_watchdog=True)

    def connect(self, timeout_s: float) -> None:
        """Open the receiving link; raises InputError within `timeout_s` where no UR answers."""
        self._modules = _ur_rtde()
        for port in (RTDE_PORT, SCRIPT_PORT, DASHBOARD_PORT):
            self._probe(port, timeout_s / 3)
        try:
            receive = self._modules["rtde_receive"]
            self._receive = receive.RTDEReceiveInterface(self._host, RECEIVE_HZ, VARIABLES)
        except RuntimeError as error:
            raise InputError(f"{self._host} answers, but not as a UR arm does: {error}") from None
        self._check_model()
        self._gripper.connect(timeout_s, activate=False)  # that would move it
        self.info = replace(
            self.info,
            serial=str(self._ask_dashboard("getSerialNumber")).strip(),
            firmware=str(self._ask_dashboard("polyscopeVersion")).strip(),
        )
        self._gripper.await_news(timeout_s)

    def read(self) -> ArmState:
        """Newest reading, at once."""
        receive = self._receive
        mode = int(receive.getRobotMode())
        return ArmState(
            robot_time_s=float(receive.getTimestamp()),
            joint_position_rad=np.asarray(receive.getActualQ()),
            joint_velocity_rad_s=np.asarray(receive.getActualQd()),
            mode=ROBOT_MODES.get(mode, f"mode {mode}"),
            fault=self._fault(mode),
            gripper_width_m=self._gripper.width_m,
            load=self._load(),
        )

    def start(self) -> None:
        """Upload the control script and arm the robot's watchdog; RobotFault when not ready.

        A gripper that was just powered becomes active, for which it opens and closes once.
        """
        self._gripper.await_news(NEWS_TIMEOUT_S)
        fault = self.read().fault
        if fault is not None:
            raise RobotFault(str(fault))
        self._gripper.activate()
        try:
            control = self._modules["rtde_control"]
            self._control = control.RTDEControlInterface(self._host, RECEIVE_HZ)
        except RuntimeError as error:
            raise RobotFault(
                f"the control script does not start: {error}; is the arm in remote control?"
            ) from None
        self._gripper.await_news(NEWS_TIMEOUT_S)
        if not self._control.setWatchdog(self._settings.watchdog_hz):
            raise RobotFault("the arm's own watchdog could not be armed")
        self._started = True

    def command(self, joint_position_rad: Floats, gripper_width_m: float | None) -> Floats:
        """Send one joint target (J,) by servoJ; raises RobotFault when it is refused."""
        settings = self._settings
        period_s = 1.0 / settings.rate_hz
        target = joint_position_rad.tolist()
        if self._control is None or not self._control.servoJ(
            target, 0.0, 0.0, period_s, settings.servo_lookahead_s, settings.servo_gain
        ):
            raise RobotFault("the arm refused a joint target: its program is not running")
        if gripper_width_m is not None:
            self._gripper.move(gripper_width_m)
        return joint_position_rad

    def stop(self, kind: StopKind) -> None:
        """End the arm's program through the dashboard, which no script can keep waiting.

        The controller slows the arm to rest by itself. With POWER_OFF the power goes too.
        """
        try:
            if self._started:
                self._started = False
                self._ask_dashboard("stop")
        finally:  # whatever the stop came to
            if kind is StopKind.POWER_OFF:
                self._ask_dashboard("powerOff")

    def clear_fault(self) -> None:
        """Unlock a protective stop; raises RobotFault when the arm does not let itself.

        The program that it ended goes with its client: another would wait for it to run again.
        """
        self._started = False
        if self._control is not None:
            self._control.disconnect()
            self._control = None
        if not self._receive.isProtectiveStopped():
            return
        self._ask_dashboard("closeSafetyPopup")
        self._ask_dashboard("unlockProtectiveStop")
        deadline_s = time.monotonic() + UNLOCK_TIMEOUT_S
        while self.read().fault is not None and time.monotonic() < deadline_s:
            time.sleep(0.01)

    def close(self) -> None:
        """Stop and let go of the links; takes a second, as ur-rtde joins its threads."""
        try:
            self.stop(StopKind.SMOOTH)
        finally:
            if self._control is not None:
                self._control.disconnect()
            self._gripper.close()
            if self._receive is not None:
                self._receive.disconnect()

    def _check_model(self) -> None:
        # An e-Series answers without its e: a UR5e says UR5.
        model = str(self._ask_dashboard("getRobotModel")).strip()
        family = self._arm.name.removesuffix("e").upper()
        if model != family:
            raise InputError(
                f"the arm at {self._host} is a {model}; the profile {self._arm.name} is of a "
                f"{family}: give the right --arm"
            )

    def _probe(self, port: int, timeout_s: float) -> None:
        try:
            socket.create_connection((self._host, port), timeout=timeout_s).close()
        except OSError as error:
            raise InputError(
                f"no UR arm at {self._host}: port {port} does not answer ({error}); check the "
                "address on the pendant (Settings, System, Network) and the cable"
            ) from None

    def _fault(self, mode: int) -> Fault | None:
        receive = self._receive
        if receive.isEmergencyStopped():
            return Fault(
                FaultKind.EMERGENCY_STOP, "release the button and restart safety on the pendant"
            )
        if receive.isProtectiveStopped():
            return Fault(
                FaultKind.PROTECTIVE_STOP, "see the pendant's log, free the arm, then clear"
            )
        if mode != RUNNING:
            name = ROBOT_MODES.get(mode, str(mode))
            return Fault(FaultKind.NOT_READY, f"the arm is in mode {name!r}; power it on")
        if self._started and receive.getRuntimeState() != PLAYING:
            return Fault(FaultKind.PROGRAM_STOPPED, "the arm's program ended; did commands stall?")
        if not all(map(math.isfinite, receive.getActualQ())):
            return Fault(FaultKind.DRIVER, "joint positions are not finite")
        problem = self._gripper.problem
        return Fault(FaultKind.GRIPPER, problem) if problem else None

    def _load(self) -> Floats | None:
        if self._load_per_a is None:
            return None
        return np.asarray(np.abs(self._receive.getActualCurrent()) * self._load_per_a)

    def _ask_dashboard(self, order: str) -> Any:
        client = self._modules["dashboard_client"].DashboardClient(self._host)
        try:
            client.connect(DASHBOARD_TIMEOUT_MS)
            return getattr(client, order)()
        except RuntimeError as error:
            raise RobotFault(f"the dashboard refused {order}: {error}") from None
        finally:
            client.disconnect()


def halt(address: str, _arm: ArmProfile) -> None:
    """End the program of the arm at `address` by its dashboard; RobotFault when it does not."""
    try:
        link = socket.create_connection((address, DASHBOARD_PORT), timeout=HALT_TIMEOUT_S)
        with link, link.makefile("r", encoding="ascii") as lines:
            lines.readline()  # its greeting
            link.sendall(b"stop\n")
            answer = lines.readline()
    except OSError as error:
        raise RobotFault(f"the dashboard at {address} does not answer: {error}") from None
    if not answer.startswith("Stopped"):
        raise RobotFault(f"the dashboard answered {answer.strip()!r} to stop")


def _ur_rtde() -> dict[str, ModuleType]:
    try:
        import dashboard_client
        import rtde_control
        import rtde_receive
    except ImportError:
        raise missing_client("ur") from None
    return {
        "dashboard_client": dashboard_client,
        "rtde_control": rtde_control,
        "rtde_receive": rtde_receive,
    }
