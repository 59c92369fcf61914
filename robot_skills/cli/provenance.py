"""What made a result: versions of packages, and the machine."""

import importlib.metadata
import os
import platform

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


def machine() -> str:
    """Processor family, cores that may be used, and memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{platform.machine()}, {cores} cores, {memory_gb:.0f} GB, {platform.system()}"
