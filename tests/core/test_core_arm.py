import numpy as np
import pytest

from robot_skills.core.arm import load_arm
from robot_skills.core.arm_source import FileModel, RobosuiteModel
from robot_skills.core.errors import InputError
from robot_skills.paths import find

PROFILE = (find("assets/arms", "ur5e") / "profile.toml").read_text()
ROBOSUITE = PROFILE[PROFILE.index("[robosuite]") : PROFILE.index("[deploy]")]


def read(tmp_path, text):
    file = tmp_path / "profile.toml"
    file.write_text(text)
    return load_arm(file)


@pytest.mark.parametrize(
    ("name", "driver", "rate_hz", "peak_nm"),
    [("ur5e", "ur", 125.0, 150.0), ("fr3", "franka", 250.0, 87.0), ("so101", "so101", 50.0, 3.35)],
)
def test_a_profile_says_how_the_real_arm_is_driven(name, driver, rate_hz, peak_nm):
    arm = load_arm(find("assets/arms", name))
    assert (arm.deploy.driver, arm.deploy.rate_hz) == (driver, rate_hz)
    assert arm.deploy.torque_max_nm.shape == (arm.dof,)
    assert arm.deploy.torque_max_nm.max() == peak_nm


def test_an_arm_known_in_simulation_only_has_no_driver():
    assert load_arm(find("assets/arms", "panda")).deploy is None


@pytest.mark.parametrize("name", ["ur5e", "panda", "fr3", "so101"])
def test_a_shipped_arm_is_at_home_within_its_limits(name):
    arm = load_arm(find("assets/arms", name))
    assert np.all(arm.position_min < arm.home)
    assert np.all(arm.home < arm.position_max)


def test_where_the_model_is_comes_from_robosuite_or_a_file(tmp_path):
    assert read(tmp_path, PROFILE).model == RobosuiteModel("UR5e", "Robotiq85Gripper")
    own = '[model]\nfile = "mine.xml"\n\n'
    assert read(tmp_path, PROFILE.replace(ROBOSUITE, own)).model == FileModel("mine.xml")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (ROBOSUITE, "", r"needs a table \[robosuite\] or \[model\]"),
        (ROBOSUITE, ROBOSUITE + '[model]\nfile = "x"\n', "not in both"),
        ('driver = "ur"', 'driver = "urx"', "no driver 'urx'.*ur"),
        ("rate_hz = 125.0", "rate_hz = 0", "rate_hz must be above 0; found 0"),
        ("elbow =", "elbw =", r"no key in \[deploy\] 'elbw'.*elbow"),
        (
            "150.0, 150.0, 150.0, 28.0, 28.0, 28.0]\nelbow",
            "150.0]\nelbow",
            "torque_max_nm needs 6 numbers.*found 1",
        ),
    ],
)
def test_what_is_wrong_in_a_profile_is_named(tmp_path, before, after, message):
    assert before in PROFILE
    with pytest.raises(InputError, match=message):
        read(tmp_path, PROFILE.replace(before, after))


def test_a_box_of_a_model_needs_a_whole_pose(tmp_path):
    own = '[model]\nfile = "x"\n[model.boxes.a]\nbody = "b"\npose = [0]\nhalf_extents_m = [1]\n'
    with pytest.raises(InputError, match="pose needs 7 numbers; found 1"):
        read(tmp_path, PROFILE.replace(ROBOSUITE, own))
