"""What runs on this machine beside the tests."""

import subprocess
import time
from pathlib import Path


def children_of(process, word=""):
    """Ids of the processes that a process started, with a word in their command line."""
    lines = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(process)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines()
    return [int(line.split()[0]) for line in lines if word in line]


def is_gone(process):
    """Whether a process has ended, be it unburied by whoever inherited it."""
    try:
        return "State:\tZ" in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return True


def wait_until(holds, timeout_s=30.0):
    """Whether something came to hold in time."""
    until_s = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > until_s:
            return False
        time.sleep(0.02)
    return True
