"""Which revision of a checkout this package is."""

import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def revision(checkout: Path = CHECKOUT) -> str:
    """Revision of a checkout, ending in -dirty where tracked files differ from it.

    Empty for an installed wheel, and where git does not answer.
    """
    if not (checkout / ".git").exists():
        return ""
    command = ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    try:
        done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
