"""Draws docs/images/chain.png, the README's picture of the chain, from what the demo left."""

import argparse
import sys
from pathlib import Path

from results import ROOT

from robot_skills.cli.report import draw_chain_of
from robot_skills.cli.stages import read_notes
from robot_skills.core.errors import InputError
from robot_skills.storage.libraries import load_library


def main() -> int:
    """Write the picture; says what is missing where the demo is not finished."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", type=Path, default=ROOT / "runs" / "demo")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "chain.png")
    given = parser.parse_args()
    try:
        found = {note.name: note.found for note in read_notes(given.demo)}
        if "run" not in found or not found["record"]["filmed"]:
            raise InputError(f"{given.demo} holds no finished demo with pictures; run make demo")
        draw_chain_of(given.demo, found, load_library(given.demo / "library"), given.out)
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"wrote {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
