"""What must be true before a real arm moves: its calibration, and slow before fast."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from robot_skills.core.errors import InputError

if TYPE_CHECKING:
    from robot_skills.cli.arm_target import Reached
    from robot_skills.core.skill import SkillLibrary
    from robot_skills.deploy.calibration import Calibration
    from robot_skills.deploy.done_runs import DoneRun
    from robot_skills.deploy.driver import ArmInfo
    from robot_skills.run.execute.trace import Trace


@dataclass(frozen=True)
class Clearance:
    """Of one library for the arm whose calibration is in `file`."""

    file: Path
    library: Path

    def check_standing(self, library: "SkillLibrary") -> None:
        """Raise InputError unless the library is allowed on hardware."""
        from robot_skills.storage.library_standing import Standing, load_record

        standing = load_record(self.library).standing
        if standing is not Standing.HARDWARE:
            raise InputError(
                f"a real arm takes only a library that is {Standing.HARDWARE.meaning}; "
                f"{self.library} {library.version} is: {standing.meaning}. See robot-skills "
                "library promote --help, or use --twin"
            )

    def check_speed(self, calibration: "Calibration", speed_max_rad_s: float) -> None:
        """Raise InputError where full speed is asked for before a slow run succeeded."""
        from robot_skills.deploy.done_runs import SLOW_RAD_S, was_slow_before

        if speed_max_rad_s <= SLOW_RAD_S:
            return
        if not was_slow_before(self._runs(), calibration.id, self._sha256()):
            raise InputError(
                f"no slow run of {self.library} succeeded on this arm as it is calibrated now; "
                "type the same command with --config first_day first"
            )

    def is_first_fast_run(self, calibration: "Calibration", speed_max_rad_s: float) -> bool:
        """Whether this would be the library's first success on this arm at more than slow speed."""
        from robot_skills.deploy.done_runs import SLOW_RAD_S, was_fast_before

        if speed_max_rad_s <= SLOW_RAD_S:
            return False
        return not was_fast_before(self._runs(), calibration.id, self._sha256())

    def remember(self, calibration: "Calibration", trace: "Trace", speed_max_rad_s: float) -> None:
        """Keep a run beside the calibration."""
        from robot_skills.core.facts import format_facts
        from robot_skills.deploy.done_runs import DoneRun, add_run, runs_file

        run = DoneRun(
            date=now(),
            calibration=calibration.id,
            library=self._sha256(),
            goal=format_facts(trace.goal),
            speed_max_rad_s=speed_max_rad_s,
            success=trace.success,
        )
        add_run(runs_file(self.file), run)

    def _runs(self) -> "list[DoneRun]":
        from robot_skills.deploy.done_runs import load_runs, runs_file

        return load_runs(runs_file(self.file))

    def _sha256(self) -> str:
        from robot_skills.storage.libraries import library_sha256

        return library_sha256(self.library)


def calibrated(given: "Calibration | None", reached: "Reached", info: "ArmInfo") -> "Calibration":
    """The calibration that fits the connected arm; InputError where the given one does not.

    A twin gets one on the fly; where it stands for an arm, that arm's with the twin's own serial.
    """
    from robot_skills.deploy.calibration import calibration_of

    if reached.twin is None:
        assert given is not None  # --host loads one before it connects
        given.check(reached.arm, info)
        return given
    own = calibration_of(reached.arm, info, "a twin", now())
    if given is not None:
        own = replace(given, serial=own.serial, firmware=own.firmware)
    own.check(reached.arm, info)
    return own


def now() -> str:
    """The moment, in ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
