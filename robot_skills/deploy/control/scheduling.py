"""Real-time scheduling of the control process, where the settings ask for it: all or an error."""

import ctypes
import os

from robot_skills.core.errors import InputError
from robot_skills.deploy.settings import ControlSettings

_MCL_CURRENT, _MCL_FUTURE = 1, 2


def schedule(settings: ControlSettings) -> None:
    """Give the calling thread its priority and cores; InputError names what would allow it."""
    if settings.cores:
        _pin(settings.cores)
    if settings.lock_memory and ctypes.CDLL(None).mlockall(_MCL_CURRENT | _MCL_FUTURE) != 0:
        raise InputError(
            "memory cannot be locked: this user may lock too little. As root add the line "
            "'@robot - memlock unlimited' to /etc/security/limits.conf, put yourself into the "
            "group robot and log in again; or leave --control.lock-memory out"
        )
    if settings.priority:
        _raise_priority(settings.priority)


def _pin(cores: tuple[int, ...]) -> None:
    there = os.sched_getaffinity(0)
    if not set(cores) <= there:
        raise InputError(f"control.cores {list(cores)}: this process may use {sorted(there)}")
    os.sched_setaffinity(0, cores)


def _raise_priority(priority: int) -> None:
    highest = os.sched_get_priority_max(os.SCHED_FIFO)
    if not 1 <= priority <= highest:
        raise InputError(f"control.priority must be 0 (off) to {highest}; found {priority}")
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except PermissionError:
        raise InputError(
            f"SCHED_FIFO priority {priority} is not permitted. As root add the line "
            f"'@robot - rtprio {priority}' to /etc/security/limits.conf, put yourself into the "
            "group robot and log in again ('ulimit -r' must then show it); for one shell: "
            f"sudo prlimit --pid $$ --rtprio={priority}; in a container: --cap-add SYS_NICE "
            f"--ulimit rtprio={priority}; or leave --control.priority at 0"
        ) from None
