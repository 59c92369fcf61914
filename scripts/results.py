"""Measured figures as files: docs/results/<name>.json, written by every benchmark."""

import contextlib
import importlib.metadata
import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from robot_skills.run.evaluate.statistics import Rate

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results"
PACKAGES = (
    *("robot-skills", "mujoco", "mujoco-warp", "robosuite"),
    *("numpy", "torch", "scikit-learn", "ruptures"),
)


@dataclass(frozen=True)
class Figure:
    """One measured number: `low` and `high` bound its 95 % interval, `n` counts its trials.

    `unit` "share" means 0..1. A value of None needs a note that says why it is missing.
    """

    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    n: int | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if self.value is None and not self.note:
            raise ValueError("a figure without a value needs a note that says why")


@dataclass(frozen=True)
class Label:
    """A figure that is a word: the name of what was measured on."""

    value: str
    unit: str = "name"
    low: None = None
    high: None = None
    n: None = None
    note: str = ""


def share(found: Rate, note: str = "") -> Figure:
    """A rate as a figure."""
    return Figure(found.value, "share", found.low, found.high, found.n, note)


def write_results(
    name: str,
    figures: Mapping[str, Figure | Label],
    seeds: Iterable[int] = (),
    *,
    folder: Path = RESULTS,
    keep_others: bool = False,
) -> Path:
    """Write figures with seeds, versions, commit, machine and command; returns the file.

    `keep_others` leaves figures of other names in the file, for a set measured by several scripts.
    """
    file = folder / f"{name}.json"
    old = read_results(file) if keep_others and file.exists() else {}
    commands = [*old.get("command", "").split(" && "), _command()]
    table = {
        "figures": {**old.get("figures", {}), **{k: asdict(f) for k, f in figures.items()}},
        "seeds": sorted({*old.get("seeds", []), *seeds}),
        "versions": _versions(),
        "commit": _commit(),
        "machine": _machine(),
        "command": " && ".join(dict.fromkeys(filter(None, commands))),
    }
    folder.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(table, indent=2) + "\n")
    partial.replace(file)
    return file


def write_unmeasured(
    name: str, figures: Mapping[str, Figure | Label], *, folder: Path = RESULTS
) -> Path:
    """Write why figures were not measured, but for those that were before; returns the file."""
    file = folder / f"{name}.json"
    old = read_results(file)["figures"] if file.exists() else {}
    missing = {k: f for k, f in figures.items() if old.get(k, {}).get("value") is None}
    return write_results(name, missing, folder=folder, keep_others=True) if missing else file


def read_results(file: Path) -> dict[str, Any]:
    """The table that `write_results` wrote."""
    table: dict[str, Any] = json.loads(file.read_text())
    return table


def _versions() -> dict[str, str]:
    """Of the packages that are installed: a machine for one benchmark may have few."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _commit() -> str:
    """The checkout's revision; -dirty when files outside docs/ differ from it."""
    command = ["git", "describe", "--always", "--abbrev=12", "--exclude=*"]
    revision = _output(command)
    changed = _output(["git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs"])
    return f"{revision}-dirty" if revision and changed else revision or "unknown"


def _output(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _machine() -> str:
    cores = len(os.sched_getaffinity(0))
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{_processor()}, {cores} cores, {memory_gb:.0f} GB, {platform.system()}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _command() -> str:
    """What was typed; where somebody keeps their recordings is nobody else's business."""
    script = Path(sys.argv[0]).resolve()
    shown = script.relative_to(ROOT) if script.is_relative_to(ROOT) else Path(script.name)
    given = ["DIR" if Path(word).is_absolute() else word for word in sys.argv[1:]]
    return shlex.join([str(shown), *given])
