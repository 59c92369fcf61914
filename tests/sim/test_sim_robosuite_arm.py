"""The MJCF of a robosuite arm is built once an installation, and robosuite not imported again."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from robot_skills.core.errors import InputError
from robot_skills.sim.robosuite_arm import robosuite_arm_xml

ARM = ("Panda", "PandaGripper")
FRESH = """
import sys
from robot_skills.sim.robosuite_arm import robosuite_arm_xml
sys.stdout.write(robosuite_arm_xml(*sys.argv[1:]))
assert "robosuite" not in sys.modules
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    robosuite_arm_xml.cache_clear()
    yield tmp_path
    robosuite_arm_xml.cache_clear()


def test_another_process_reads_the_same_without_robosuite() -> None:
    built = robosuite_arm_xml(*ARM)
    read = subprocess.run(
        [sys.executable, "-c", FRESH, *ARM], capture_output=True, text=True, check=True
    )
    assert read.stdout == built
    assert built.startswith("<mujoco")


def test_a_cache_out_of_reach_changes_nothing(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = robosuite_arm_xml(*ARM)
    file = own_cache / "file"
    file.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    robosuite_arm_xml.cache_clear()
    assert robosuite_arm_xml(*ARM) == built


def test_unknown_names_are_refused_and_not_kept(own_cache: Path) -> None:
    with pytest.raises(InputError, match="no robot model 'Pandora'"):
        robosuite_arm_xml("Pandora", "PandaGripper")
    with pytest.raises(InputError, match=r"no gripper 'Claw' \(known: "):
        robosuite_arm_xml("Panda", "Claw")
    assert not list(own_cache.rglob("*.xml"))
