"""Builds the wheel, installs it alone in an empty environment and uses it from /.

The dependencies are lent by the environment that runs this script, through a .pth file; that the
robot_skills imported is the wheel's is checked.
"""

import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

WHAT_SHIPS = """
import sys
from pathlib import Path
import robot_skills
from robot_skills import paths
home = Path(robot_skills.__file__).resolve()
assert home.is_relative_to(sys.argv[1]), f"imported {home}, not the wheel's"
assert (home.parent / "py.typed").exists(), "py.typed is missing"
for name in ("envs/blocks", "assets/arms", "configs", "demos/blocks"):
    folder, _, entry = name.partition("/")
    found = paths.data_folder(folder) / entry
    assert found.is_relative_to(sys.argv[1]) and any(found.iterdir()), f"{name} is not in the wheel"
print(f"robot_skills {robot_skills.__version__} in {home.parent}")
"""


def run(*command: str | Path) -> None:
    """Run a command from / and stop at the first that fails."""
    subprocess.run([str(word) for word in command], cwd="/", check=True)


def build(folder: Path) -> Path:
    """Build the wheel of this checkout into `folder`."""
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """Install `wheel` in a new environment and lend it this one's packages; returns its python."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def main() -> None:
    """Build, install, then ask the wheel for its data and for segments of the shipped set."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        python = install(build(folder / "dist"), folder / "venv")
        command = python.parent / "robot-skills"
        run(python, "-c", WHAT_SHIPS, folder)
        run(command, "--version")
        run(command, "segment", "demos/blocks", "--out", folder / "segments")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"the wheel failed at: {' '.join(error.cmd)}")
