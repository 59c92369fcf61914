"""Record the demonstrations that ship in demos/blocks again: same seed, same data to the bit.

    python scripts/make_shipped_demos.py

What it replaces is removed only once the new recordings are whole.
"""

from pathlib import Path

from robot_skills.record.session import SessionConfig, record_session
from robot_skills.storage.atomic import new_folder

FOLDER = Path(__file__).resolve().parent.parent / "demos" / "blocks"
CONFIG = SessionConfig(episodes=3, goals=("put_on_then_in_tray", "two_in_tray", "put_on"), seed=2)
MOST_BYTES = 3_000_000


def make(folder: Path) -> int:
    """Record the set in place of `folder`; returns its size in bytes."""
    with new_folder(folder, replace=True) as partial:
        record_session(CONFIG, partial)
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


if __name__ == "__main__":
    size = make(FOLDER)
    print(f"{FOLDER}: {size / 1e6:.2f} MB (at most {MOST_BYTES / 1e6:.0f})")
    raise SystemExit(size > MOST_BYTES)
