from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robot_skills.core.arm import ArmProfile, load_arm
from robot_skills.core.errors import InputError
from robot_skills.deploy.calibration import (
    Calibration,
    calibration_file,
    calibration_of,
    kinematics_hash,
    load_calibration,
    save_calibration,
)
from robot_skills.deploy.driver import ArmInfo

CAMERA = np.array([0.5, 0.0, 0.9, 0.0, 1.0, 0.0, 0.0])


@pytest.fixture(scope="module")
def info(arm: ArmProfile) -> ArmInfo:
    return ArmInfo(arm.name, arm.joints, 125.0, True, serial="2023-17", firmware="5.15")


@pytest.fixture(scope="module")
def calibration(arm: ArmProfile, info: ArmInfo) -> Calibration:
    return calibration_of(arm, info, "Ada", "2030-01-01", {"front": CAMERA})


@pytest.fixture
def other_arm(arm: ArmProfile, tmp_path: Path) -> Path:
    folder = tmp_path / "arm"
    folder.mkdir()
    (folder / "profile.toml").write_text(arm.file.read_text())
    return folder / "profile.toml"


def test_what_is_saved_is_what_is_loaded(calibration: Calibration, tmp_path: Path) -> None:
    save_calibration(tmp_path / "a" / "c.toml", calibration)
    found = load_calibration(tmp_path / "a" / "c.toml")
    assert found == calibration
    assert found.id == calibration.id
    assert found.cameras["front"] == tuple(CAMERA)


def test_it_fits_the_arm_it_was_made_of(
    calibration: Calibration, arm: ArmProfile, info: ArmInfo
) -> None:
    calibration.check(arm)
    calibration.check(arm, info)


def test_every_part_changes_the_id(calibration: Calibration) -> None:
    others = [
        replace(calibration, serial="x"),
        replace(calibration, firmware="x"),
        replace(calibration, confirmed=calibration.confirmed[:-1]),
        replace(calibration, cameras={}),
    ]
    assert len({calibration.id, *(other.id for other in others)}) == 5


def test_another_arm_of_the_same_kind_is_refused(
    calibration: Calibration, arm: ArmProfile, info: ArmInfo
) -> None:
    with pytest.raises(InputError, match=r"of serial '2023-17'; this arm is '9'.*--check again"):
        calibration.check(arm, replace(info, serial="9"))


def test_another_profile_is_refused(calibration: Calibration, arm: ArmProfile) -> None:
    with pytest.raises(InputError, match="of the arm ur5e, not of panda"):
        calibration.check(replace(arm, name="panda"))


def test_a_changed_profile_is_refused(calibration: Calibration, other_arm: Path) -> None:
    calibration.check(load_arm(other_arm))
    other_arm.write_text(other_arm.read_text().replace("home_rad = [-0.3247", "home_rad = [-0.3"))
    with pytest.raises(InputError, match=r"profile.toml has changed since"):
        calibration.check(load_arm(other_arm))


def test_a_changed_model_is_refused(calibration: Calibration, arm: ArmProfile) -> None:
    base = arm.base_pose + [0.0, 0.001, 0, 0, 0, 0, 0]
    moved = replace(arm, base_pose=base)
    assert kinematics_hash(moved) != kinematics_hash(arm)
    with pytest.raises(InputError, match="the model of ur5e has changed since"):
        calibration.check(moved)


def test_an_unconfirmed_joint_is_refused(calibration: Calibration, arm: ArmProfile) -> None:
    with pytest.raises(InputError, match="nobody saw these joints move as told: wrist_3_joint"):
        replace(calibration, confirmed=arm.joints[:-1]).check(arm)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("2023-17", "2023-18", r"c.toml:2: the file was edited: its id does not fit"),
        ("format = 1", "format = 2", "format must be 1; found 2"),
        ("serial", "seriel", "'seriel'.*did you mean 'serial'"),
        ("[cameras]", "[cameras", "no valid TOML"),
    ],
)
def test_an_edited_file_is_refused(
    calibration: Calibration, tmp_path: Path, old: str, new: str, words: str
) -> None:
    file = tmp_path / "c.toml"
    save_calibration(file, calibration)
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(InputError, match=words):
        load_calibration(file)


def test_a_missing_file_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no calibration: .*deploy --check makes one"):
        load_calibration(tmp_path / "none.toml")


def test_files_are_named_after_arm_and_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "robot_skills" / "calibration"
    assert calibration_file("", "ur5e", "192.168.0.10") == folder / "ur5e-192.168.0.10.toml"
    assert calibration_file("", "so101", "/dev/ttyACM0") == folder / "so101-_dev_ttyACM0.toml"
    assert calibration_file("left", "ur5e", "x") == folder / "left.toml"
    assert calibration_file("here/c.toml", "ur5e", "x") == Path("here/c.toml")
