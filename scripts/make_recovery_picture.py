"""Draws docs/images/recovery.png: four moments of an episode in which something went wrong.

    robot-skills run --library LIBRARY --env kitchen --task stow_then_heat --seed 5 --episodes 1 \\
        --disturb shut --video film.mp4 --out pairs.json
    python scripts/make_recovery_picture.py film.mp4 pairs.json
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from PIL import Image
from results import ROOT

from robot_skills.storage.video import read_frames

BEFORE_STEPS, AFTER_STEPS = 5, 25  # of the disturbance
SECOND_LOOK = 0.35  # of the rest of the episode: by then it is mended
WIDTH = 640


@dataclass(frozen=True)
class Picture:
    """Draw the first disturbed episode of a film."""

    film: tyro.conf.Positional[Path]
    """What `robot-skills run --disturb --video` wrote."""

    pairs: tyro.conf.Positional[Path]
    """What --out wrote beside it."""

    steps: tuple[int, ...] = ()
    """Control steps to show instead of those around the disturbance."""

    out: Path = ROOT / "docs" / "images" / "recovery.png"
    """Picture to write."""

    def run(self) -> None:
        """Read four frames and lay them out two by two."""
        pair = next(p for p in json.loads(self.pairs.read_text())["pairs"] if p["disturbance"])
        struck, last = pair["control_step"], pair["disturbed"]["control_steps"] - 1
        later = struck + round(SECOND_LOOK * (last - struck))
        steps = self.steps or (struck - BEFORE_STEPS, struck + AFTER_STEPS, later, last)
        frames = read_frames(self.film, list(steps))
        rows = [np.hstack(list(frames[i : i + 2])) for i in (0, 2)]
        picture = Image.fromarray(np.vstack(rows))
        picture.thumbnail((2 * WIDTH, 2 * WIDTH))
        picture.save(self.out, optimize=True)
        print(f"written: {self.out}, {self.out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    tyro.cli(Picture).run()
