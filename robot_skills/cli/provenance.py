"""What made a result: versions of packages, and the machine."""

import importlib.metadata
import os
import platform
from pathlib import Path

PACKAGES = ("robot-skills", "mujoco", "numpy", "torch", "scikit-learn", "up-fast-downward")


def versions() -> dict[str, str]:
    """Version of Python and of the packages that matter, by name."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def machine() -> str:
    """Processor family, cores that may be used, and memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{platform.machine()}, {cores} cores, {memory_gb:.0f} GB, {platform.system()}"


def library_identity(library: Path, robot: str = "simulation") -> dict[str, str]:
    """Which library a result was made with, by version and hash, and on what."""
    from robot_skills.storage.libraries import library_sha256, load_library

    return {
        "robot": robot,
        "library_version": load_library(library).version,
        "library_sha256": library_sha256(library),
    }
