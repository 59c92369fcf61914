"""Every row of docs/safety.md as a real fault, on the twin of every arm, with the vendor's client.

    python scripts/bench_faults.py [--arms ur5e so101 fr3 xarm6] [--rows not_finite ...]
    python scripts/bench_faults.py --minutes 30 --only faultless

Judged by the twin's own log, in robot time: whether the row's action was seen (clamped within its
bound, stopped and latched, or refused), how long the arm moved on, its largest joint speed and
acceleration, and the end-effector's speed and excursion. Beside the rows each of the three
processes is killed; and for some minutes nothing is wrong, and whatever stops the arm then is
counted. Finished cases are kept in --work. Writes docs/results/faults.json.
"""

import json
import shutil
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tyro
from fault_cases import Case, figures_of
from fault_rig import ENVIRONMENTS, Rig, rig_at, twin_of
from fault_rows import KILLED_WATCHDOG, ROWS, FaultRow, policy_process
from fault_walk import walk
from results import write_results

from robot_skills.core.errors import InputError, RobotFault, unknown_name
from robot_skills.core.task_file import load_task
from robot_skills.deploy.calibration import calibration_of
from robot_skills.deploy.twins.process import TwinProcess
from robot_skills.paths import find
from robot_skills.storage.atomic import write_text
from robot_skills.storage.toml_text import format_toml

ARMS = ("ur5e", "so101", "fr3", "xarm6")
CALIBRATION, POLICY_KILLED = "calibration", "policy_killed"
TABLE = (*(row.name for row in ROWS), CALIBRATION)
NAMES = (*TABLE, KILLED_WATCHDOG.name, POLICY_KILLED)
WIDE_M = [[-2.0, -2.0, -2.0], [2.0, 2.0, 2.0]]
FAR = ("self_collision", "joint_range")
LENIENT = ("clamped", "held")  # these need not latch
ATTEMPTS_PAUSE_S = 1.0


@dataclass(frozen=True)
class Bench:
    """Provoke every fault at every twin, or let twins run with nothing wrong."""

    work: Path = Path("runs/bench_faults")
    """Folder for finished cases."""

    arms: tuple[str, ...] = ARMS
    """Which arms."""

    rows: tuple[str, ...] = NAMES
    """Which rows."""

    only: Literal["", "faults", "faultless"] = ""
    """Only the rows, or only the minutes in which nothing is wrong; both by default."""

    minutes: float = 30.0
    """Robot time without a fault, on each twin."""

    def run(self) -> None:
        """Run what is missing, print and write."""
        self._check()
        if self.only != "faultless":
            for arm in self.arms:
                for row in self.rows:
                    self._case(arm, row)
        if self.only != "faults":
            for arm in self.arms:
                self._faultless(arm)
        figures = figures_of(self.work, TABLE)
        file = write_results("faults", figures, (0,))
        for name, figure in figures.items():
            print(f"{name:<44} {figure.value} {figure.unit} {figure.note}")
        print(f"written to {file}")

    def _check(self) -> None:
        for arm in self.arms:
            if arm not in ARMS:
                raise unknown_name("arm", arm, ARMS)
        for row in self.rows:
            if row not in NAMES:
                raise unknown_name("row", row, NAMES)

    def _case(self, arm: str, name: str) -> None:
        file = self.work / arm / f"{name}.json"
        if file.exists():
            return
        with twin_of(arm) as twin:
            case = _judged(arm, name, twin)
        words = case.problem or f"{case.action} as the table says"
        print(f"{arm:<6} {name:<22} {words}  {case.latched[:90]}", flush=True)
        write_text(file, json.dumps(asdict(case), indent=1) + "\n")

    def _faultless(self, arm: str) -> None:
        file = self.work / arm / "faultless.json"
        if not file.exists():
            write_text(file, json.dumps(walk(arm, self.minutes), indent=1) + "\n")


def _judged(arm: str, name: str, twin: TwinProcess) -> Case:
    if name == CALIBRATION:
        return _case(arm, name, "refused", *wrong_calibration(arm, twin))
    if name == POLICY_KILLED:
        return _case(arm, name, "stopped", *kill_policy(arm, twin))
    row = next(row for row in (*ROWS, KILLED_WATCHDOG) if row.name == name)
    return _case(arm, name, row.action, *provoked(arm, row, twin))


Outcome = tuple[str, str, float | None, Mapping[str, Any]]


def _case(
    arm: str,
    name: str,
    action: str,
    problem: str,
    latched: str,
    standstill_s: float | None,
    stats: Mapping[str, Any],
) -> Case:
    return Case(
        arm,
        name,
        action,
        problem,
        latched,
        standstill_s,
        max(stats["largest_joint_speed_rad_s"]),
        max(stats["largest_joint_acceleration_rad_s2"]),
        stats["largest_ee_speed_m_s"],
        *_excursion(arm, stats),
    )


def _excursion(arm: str, stats: Mapping[str, Any]) -> tuple[float, float]:
    """How far the end-effector went along an axis, and how far outside the task's box, in m."""
    box = load_task(find("envs", ENVIRONMENTS[arm])).workspace_m
    low, high = np.asarray(stats["ee_low_m"]), np.asarray(stats["ee_high_m"])
    outside = np.maximum(box[0] - low, high - box[1]).max()
    return float((high - low).max()), max(float(outside), 0.0)


def provoked(arm: str, row: FaultRow, twin: TwinProcess) -> Outcome:
    """Provoke one row; returns what is wrong, what was latched, the standstill and the log."""
    row.prepared(arm)
    with wide_box(arm, row) as task, rig_at(twin, arm, task) as rig:
        row.provoke(rig)
        if rig.robot.fault is not None:
            rig.latched = str(rig.robot.fault)
        stats = rig.settle()
        standstill_s = max(float(stats["last_motion_s"]) - rig.injected_s, 0.0)
        problem = row.seen(rig, stats) or unexpected(rig, row) or still_moving(rig, row, stats)
        return problem, rig.latched, standstill_s if row.action != "clamped" else None, stats


def unexpected(rig: Rig, row: FaultRow) -> str:
    """What was latched that should not be, or the other way round."""
    kind = rig.latched.removeprefix("latched: ").split(":")[0]
    if row.action in LENIENT:
        latched = rig.latched and kind not in row.kinds
        return f"latched where it should not: {rig.latched}" if latched else ""
    if kind not in row.kinds:
        return f"latched {kind or 'nothing'} instead of {', '.join(sorted(row.kinds))}"
    return ""


def still_moving(rig: Rig, row: FaultRow, stats: Mapping[str, Any]) -> str:
    """Whether anything moves after a latch, although motion is asked for."""
    if row.action in LENIENT:
        return ""
    try:
        rig.robot.act(rig.start, rig.width_m)
        return "the robot takes commands behind a latch"
    except RobotFault:
        pass
    later = rig.settle()
    moved = float(later["last_motion_s"]) > float(stats["robot_time_s"])
    return "the arm moves behind a latch" if moved else ""


@contextmanager
def wide_box(arm: str, row: FaultRow) -> Iterator[Path | None]:
    """A folder of the task with no walls in the way, for the rows that take the arm far."""
    if row.name not in FAR:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        task = Path(folder) / "task"
        shutil.copytree(find("envs", ENVIRONMENTS[arm]), task)
        table = tomllib.loads((task / "task.toml").read_text())
        table["workspace_m"] = WIDE_M
        (task / "task.toml").write_text(format_toml(table))
        yield task


def wrong_calibration(arm: str, twin: TwinProcess) -> Outcome:
    """The calibration is that of another arm of the same kind."""
    with rig_at(twin, arm, read_only=True) as rig:
        info = replace(rig.robot.info, serial="another")
        calibration = calibration_of(rig.arm, info, "bench", "2026-01-01")
    problem, words = "the arm starts with another arm's calibration", ""
    try:
        with rig_at(twin, arm, calibration=calibration):
            pass
    except InputError as error:
        problem, words = "", str(error)
    stats = twin.stats()
    moved = max(stats["largest_joint_excursion_rad"]) > 0.01
    return problem or ("a joint moved" if moved else ""), words, 0.0, stats


def kill_policy(arm: str, twin: TwinProcess) -> Outcome:
    """The policy's process is killed in the middle of a motion."""
    policy = policy_process(arm, twin.address)
    assert policy.stdout is not None
    if "moving" not in policy.stdout.readline():
        raise RuntimeError("the policy's process did not start")
    killed_s = float(twin.stats()["robot_time_s"])
    policy.kill()
    policy.wait()
    time.sleep(ATTEMPTS_PAUSE_S + 1.0)
    stats = twin.stats()
    standstill_s = max(float(stats["last_motion_s"]) - killed_s, 0.0)
    moving = stats["robot_time_s"] - stats["last_motion_s"] < ATTEMPTS_PAUSE_S / 2
    return "the arm moves on" if moving else "", "the policy's process ended", standstill_s, stats


if __name__ == "__main__":
    tyro.cli(Bench).run()
