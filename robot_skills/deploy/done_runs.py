"""What was done on one arm so far, kept beside its calibration: slow comes before fast."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from robot_skills.core.errors import InputError
from robot_skills.storage.atomic import write_text

FORMAT = 1
SLOW_RAD_S = 0.3  # joint speed at which a hand is quick enough at the emergency stop


@dataclass(frozen=True)
class DoneRun:
    """One run on an arm: with which calibration and library (SHA-256), how fast, how it ended."""

    date: str
    calibration: str
    library: str
    goal: str
    speed_max_rad_s: float
    success: bool


def runs_file(calibration_file: Path) -> Path:
    """Where the runs of the arm with that calibration are kept."""
    return calibration_file.with_suffix(".runs.json")


def load_runs(file: Path) -> list[DoneRun]:
    """Runs so far, oldest first; none where there is no file; InputError where it is damaged."""
    if not file.is_file():
        return []
    try:
        table = json.loads(file.read_text())
        if table["format"] != FORMAT:
            raise InputError(f"{file}: format must be {FORMAT}; found {table['format']!r}")
        return [DoneRun(**row) for row in table["runs"]]
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{file}: damaged ({error}); remove it, and run slowly again") from None


def add_run(file: Path, run: DoneRun) -> None:
    """Add a run at the end."""
    rows = [asdict(one) for one in [*load_runs(file), run]]
    write_text(file, json.dumps({"format": FORMAT, "runs": rows}, indent=2) + "\n")


def was_slow_before(runs: list[DoneRun], calibration: str, library: str) -> bool:
    """Whether a slow run of this library succeeded on the arm as it is calibrated now."""
    speeds = _succeeded_at(runs, calibration, library)
    return any(speed <= SLOW_RAD_S for speed in speeds)


def was_fast_before(runs: list[DoneRun], calibration: str, library: str) -> bool:
    """Whether a faster one did."""
    return any(speed > SLOW_RAD_S for speed in _succeeded_at(runs, calibration, library))


def _succeeded_at(runs: list[DoneRun], calibration: str, library: str) -> list[float]:
    same = (calibration, library)
    return [
        run.speed_max_rad_s
        for run in runs
        if run.success and (run.calibration, run.library) == same
    ]
