"""robot-skills teleoperate: drive an arm, or its twin, with the keyboard."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from robot_skills.cli.arm_target import ArmTarget

if TYPE_CHECKING:
    from robot_skills.cli.arm_target import Reached
    from robot_skills.deploy.driver_robot import DriverRobot
    from robot_skills.record.arm_session import Take
    from robot_skills.record.keyboard import Ending
    from robot_skills.record.live_cameras import LiveCameras

SLOW_RAD_S = 0.5  # joint speed of an arm that a person steers by eye


@dataclass(frozen=True)
class Teleoperate(ArmTarget):
    """Drive a real arm (--host, --arm) or its twin (--twin) with the keyboard; record with --out.

    Every key goes through the same safety layer as a policy. Enter keeps an episode, x throws it
    away, Q ends and stops the arm, as does Ctrl-C. A real arm needs its calibration: robot-skills
    deploy --check makes it.
    """

    out: Path | None = None
    """Folder for the episodes; without one nothing is kept."""

    episodes: int = 1
    """How many episodes to keep; without --out, how many to drive."""

    camera: tuple[str, ...] = ()
    """Cameras to film with, as NAME=DEVICE or NAME=FILE, such as front=0."""

    image: tuple[int, int] = (120, 160)
    """Height and width of each image in pixels."""

    gap: float = 0.0
    """How much the twin differs from training: 0 not at all, 1 as an arm may, 2 twice that."""

    perception: str = ""
    """Address of whatever serves object poses; "none" goes without, and records none."""

    SAFER: ClassVar[dict[str, Any]] = {"speed_max_rad_s": SLOW_RAD_S}

    def run(self) -> None:
        """Drive episode after episode until enough are kept or the operator quits."""
        from robot_skills.record.keyboard import KEY_MAP
        from robot_skills.record.terminal import TerminalKeys
        from robot_skills.storage.writable import check_folder

        self.check_reachable()
        given = self.given_calibration() if self.host else None
        if self.out is not None:
            check_folder(self.out)
        with TerminalKeys() as keys, self._cameras() as cameras, self.reached() as on:
            print(KEY_MAP)
            kept = 0
            while kept < self.episodes:
                with self.connect(on, given, blind=self.perception == "none") as robot:
                    ending, steps = self._drive(robot, on, keys.pressed, cameras)
                kept += self._told(ending, steps)
                if ending is None or ending.value == "quit":
                    break
        print(f"{kept} episodes {f'kept in {self.out}' if self.out else 'driven'}")

    def _drive(
        self,
        robot: "DriverRobot",
        on: "Reached",
        pressed: Callable[[], str],
        cameras: "LiveCameras | None",
    ) -> "tuple[Ending | None, int]":
        from robot_skills.deploy.safety.bounds import deployed_arm
        from robot_skills.record.arm_session import teleoperate_once

        arm = deployed_arm(on.arm, self.limits)
        take = self._take(on, robot, cameras)

        def show(line: str) -> None:
            robot.beat()
            _write(f"{line} | {status_line(robot)}")

        try:
            return teleoperate_once(robot, arm, on.task, pressed, show, take)
        finally:
            print()  # what follows, be it a fault, stands on a line of its own

    def _take(self, on: "Reached", robot: "DriverRobot", cameras: "LiveCameras | None") -> "Take":
        from robot_skills import __version__
        from robot_skills.deploy.calibration import kinematics_hash
        from robot_skills.record.arm_session import Take

        provenance = {
            "env": on.task.name,
            "arm": on.arm.name,
            "kinematics": kinematics_hash(on.arm),
            "operator": "keyboard",
            "robot": f"twin, gap {self.gap:g}" if on.twin else f"serial {robot.info.serial}",
            "recorded_with": f"robot-skills {__version__}",
        }
        return Take(self.out, provenance, cameras)

    def _told(self, ending: "Ending | None", steps: int) -> int:
        """1 where the episode counts; says what became of it."""
        word = str(ending.value) if ending is not None else "interrupted"
        print(f"episode {word} after {steps} control steps")
        return 1 if word == "kept" else 0

    @contextlib.contextmanager
    def _cameras(self) -> "Iterator[LiveCameras | None]":
        from robot_skills.cli.deploy_check import camera_sources
        from robot_skills.record.live_cameras import LiveCameras

        if not self.camera:
            yield None
            return
        with LiveCameras(camera_sources(self.camera), self.image) as cameras:
            yield cameras


def status_line(robot: "DriverRobot") -> str:
    """Mode, tightest joint, nearest bodies and rate in a few words."""
    status = robot.status()
    tight = min(status.joint_margin_rad)
    near = "" if status.nearest_m == float("inf") else f", nearest {1000 * status.nearest_m:.0f} mm"
    return f"{status.mode}, tightest joint {tight:.2f} rad{near}, {status.rate_hz:.0f} Hz"


def _write(line: str) -> None:
    sys.stdout.write(f"\r\x1b[K{line}")
    sys.stdout.flush()
