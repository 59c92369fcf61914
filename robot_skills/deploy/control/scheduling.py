"""Real-time scheduling of the control process, where the settings ask for it: all or an error."""

import ctypes
import os

from robot_skills.core.errors import InputError
from robot_skills.deploy.settings import ControlSettings

_MCL_CURRENT, _MCL_FUTURE = 1, 2


def schedule(settings: ControlSettings) -> None:
    """Give the calling thread its priority and lock memory; InputError names what allows it.

    Threads that a vendor's client starts later are ordinary ones. Cores are only looked at here.
    """
    there = os.sched_getaffinity(0)
    if not set(settings.cores) <= there:
        raise InputError(
            f"control.cores {list(settings.cores)}: this process may use {sorted(there)}"
        )
    if settings.lock_memory and ctypes.CDLL(None).mlockall(_MCL_CURRENT | _MCL_FUTURE) != 0:
        raise InputError(
            "memory cannot be locked: this user may lock too little. As root add the line "
            "'@robot - memlock unlimited' to /etc/security/limits.conf, put yourself into the "
            "group robot and log in again; or leave --control.lock-memory out"
        )
    if settings.priority:
        _raise_priority(settings.priority)


def pin(settings: ControlSettings) -> None:
    """Keep the calling thread to its cores, and those started from now on."""
    if settings.cores:
        os.sched_setaffinity(0, settings.cores)


def _raise_priority(priority: int) -> None:
    highest = os.sched_get_priority_max(os.SCHED_FIFO)
    if not 1 <= priority <= highest:
        raise InputError(f"control.priority must be 0 (off) to {highest}; found {priority}")
    try:
        kind = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, kind, os.sched_param(priority))
    except PermissionError:
        raise InputError(
            f"SCHED_FIFO priority {priority} is not permitted. As root add the line "
            f"'@robot - rtprio {priority}' to /etc/security/limits.conf, put yourself into the "
            "group robot and log in again ('ulimit -r' must then show it); for one shell: "
            f"sudo prlimit --pid $$ --rtprio={priority}; in a container: --cap-add SYS_NICE "
            f"--ulimit rtprio={priority}; or leave --control.priority at 0"
        ) from None
