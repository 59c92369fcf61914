"""Write the scenes of bench_gpu.py as files, where robosuite is installed.

python scripts/export_models.py [--out runs/models]
"""

import argparse
from pathlib import Path

from batch_scenes import SCENES, write_scene


def main() -> None:
    """Write every scene and say what it takes on disk."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/models"))
    parser.add_argument("--starts", type=int, default=64, help="states a scene may start from")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    for name in SCENES:
        for file in write_scene(name, given.out, given.starts, given.seed):
            print(f"{file}: {file.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
