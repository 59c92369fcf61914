"""Draws docs/images/assembly.png: a peg on its way to its socket, and at the mouth of it."""

import argparse
from pathlib import Path

import numpy as np
from make_robosuite_picture import seen_after
from PIL import Image
from results import ROOT

from robot_skills.core.arm import load_arm
from robot_skills.paths import find

SHOWN = (("front", 16), ("close", 52))  # camera, control steps into the episode


def main() -> None:
    """Let the scripted operator come to where it shows what it does, and draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "assembly.png")
    parser.add_argument("--arm", default="ur5e")
    given = parser.parse_args()
    arm = load_arm(find("assets/arms", given.arm))
    seen = [seen_after("assembly", arm, "insert", step, [camera])[0] for camera, step in SHOWN]
    Image.fromarray(np.hstack(seen)).save(given.out, optimize=True)
    print(f"written: {given.out}, {given.out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
