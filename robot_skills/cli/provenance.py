"""What made a result: versions of packages, the checkout's revision, and the machine."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

PACKAGES = ("robot-skills", "mujoco", "numpy", "torch", "scikit-learn", "unified-planning")


def versions() -> dict[str, str]:
    """Version of Python and of the packages that matter, by name."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def revision() -> str:
    """Revision of the checkout this package lies in, or "unknown" for an installed wheel."""
    command = ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty"]
    folder = Path(__file__).resolve().parent
    if not (folder.parents[1] / ".git").exists():
        return "unknown"
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def machine() -> str:
    """Processor family, cores that may be used, and memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{platform.machine()}, {cores} cores, {memory_gb:.0f} GB, {platform.system()}"
