import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SETUP = Path(__file__).resolve().parents[2] / "scripts" / "setup.sh"
TOOLS = ("bash", "dirname", "sha256sum", "cut", "cat", "grep")


@pytest.fixture
def shell(tmp_path):
    """Run a line of shell with set-up's functions, with `programs` and basic tools alone."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(shutil.which(tool))

    def run(line, **programs):
        for name, text in programs.items():
            (folder / name).write_text(f"#!/bin/bash\n{text}\n")
            (folder / name).chmod(0o755)
        return subprocess.run(
            [folder / "bash", "-c", f"source {SETUP}; {line}"],
            env={"PATH": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_user_who_is_not_root_is_told_the_exact_command(shell):
    done = shell("ensure_packages gcc python3-dev", id="echo 1000")
    assert done.returncode == 1
    assert "sudo apt-get install -y gcc python3-dev\n" in done.stderr


def test_root_installs_what_is_missing_and_nothing_else(shell, tmp_path):
    log = tmp_path / "apt.log"
    apt = {"apt-get": f'echo "$@" >> {log}', "id": "echo 0"}
    assert shell("ensure_packages libegl1", **apt).returncode == 0
    assert log.read_text().split()[-1] == "libegl1"
    log.unlink()
    assert shell("ensure_packages", **apt).returncode == 0
    assert not log.exists()


def test_root_refreshes_the_package_lists_when_the_first_try_fails(shell, tmp_path):
    log = tmp_path / "apt.log"
    apt = f'echo "$1" >> {log}; [ "$1" = update ] || grep -q update {log}'
    assert shell("ensure_packages gcc", id="echo 0", **{"apt-get": apt}).returncode == 0
    assert log.read_text().split() == ["install", "update", "install"]


def test_missing_rendering_does_not_stop_the_set_up_but_missing_compilers_do(shell):
    lacks = "building_packages() {{ {}; }}; rendering_packages() {{ {}; }}; ensure_system x"
    drawing = shell(lacks.format("true", "echo libegl1"), id="echo 1000")
    assert drawing.returncode == 0
    assert "there will be no pictures and no video" in drawing.stderr
    building = shell(lacks.format("echo gcc", "true"), id="echo 1000")
    assert building.returncode == 1


def test_another_python_is_refused_with_what_would_do(shell):
    old = '[ "$1" = --version ] && echo Python 3.9.2'
    done = shell("find_python", python3=old)
    assert done.returncode == 1
    assert "needs Python 3.11 or 3.12; found Python 3.9.2" in done.stderr


def test_the_first_python_that_fits_is_taken(shell):
    fitting = f'exec {sys.executable} "$@"'
    done = shell("find_python", python3="exit 1", **{"python3.12": fitting})
    assert done.stdout.strip().endswith("/python3.12")
