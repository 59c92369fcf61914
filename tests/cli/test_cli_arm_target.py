import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from robot_skills import paths
from robot_skills.cli.arm_target import ArmTarget, own_env
from robot_skills.cli.deploy import Deploy
from robot_skills.cli.teleoperate import Teleoperate
from robot_skills.cli.verb import parse_verb
from robot_skills.core.arm import load_arm
from robot_skills.core.errors import InputError
from robot_skills.deploy.safety.settings import SafetySettings, safety_settings


@pytest.mark.parametrize(
    ("arm", "env"), [("so101", "blocks_so101"), ("ur5e", "blocks"), ("/arms/mine", "blocks")]
)
def test_an_arm_gets_the_blocks_at_its_own_scale(arm: str, env: str) -> None:
    assert own_env(arm) == env


@pytest.mark.parametrize(
    ("flags", "driver", "poses_at"),
    [
        ({"host": "192.0.2.7", "arm": "ur5e"}, "ur", "192.0.2.7"),
        ({"host": "/dev/ttyACM9", "arm": "so101"}, "so101", "127.0.0.1"),
        pytest.param(
            {"host": "/", "arm": "ur5e", "driver": "ros2"},
            "ros2",
            "127.0.0.1",
            marks=pytest.mark.skipif(find_spec("rclpy") is None, reason="this Python has no ROS 2"),
        ),
        ({"host": "/s", "arm": "so101", "driver": "lerobot", "perception": "a"}, "lerobot", "a"),
    ],
)
def test_a_real_arm_is_reached_by_its_profiles_driver(
    flags: dict[str, str], driver: str, poses_at: str
) -> None:
    with ArmTarget(**flags).reached() as reached:
        assert (reached.address.driver, reached.address.host) == (driver, flags["host"])
        assert reached.perception == poses_at
        assert reached.twin is None
        assert reached.stats == {}


def test_an_arm_known_in_simulation_only_is_refused() -> None:
    target = ArmTarget(host="192.0.2.7", arm="panda")
    with pytest.raises(InputError, match=r"has no \[deploy\].*--driver ros2"), target.reached():
        pass


def test_a_misspelt_twin_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError) as told:
        parse_verb("deploy", ["--twin", "ur6"])
    known = "no twin 'ur6' (known: fr3, so101, ur5e, xarm6)"
    assert str(told.value) == known
    with pytest.raises(InputError, match="no twin 'panda'"):
        ArmTarget(twin="panda").check_reachable()


@pytest.mark.parametrize(
    ("arm", "driver", "module", "advice"),
    [
        ("fr3", "", "pylibfranka", r"robot-skills\[franka\]"),
        ("so101", "", "scservo_sdk", r"robot-skills\[so101\]"),
        ("ur5e", "", "rtde_receive", r"robot-skills\[ur\]"),
        ("xarm6", "", "xarm", r"robot-skills\[xarm\]"),
        ("panda", "ros2", "rclpy", r"robot-skills\[ros2\]"),
    ],
)
@pytest.mark.parametrize("twin", [True, False])
def test_a_missing_client_is_told_before_anything_starts(
    arm: str, driver: str, module: str, advice: str, twin: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    place = {"twin": arm} if twin else {"host": "192.0.2.7", "arm": arm}
    with (
        pytest.raises(InputError, match=advice),
        ArmTarget(**place, driver=driver).reached(),
    ):
        pytest.fail("the arm was reached for")


def limits(*flags: str) -> SafetySettings:
    verb = parse_verb("deploy", ["--twin", "so101", *flags])
    assert isinstance(verb, Deploy)
    return verb.limits


def test_settings_of_the_command_line_win_over_the_arms_own_which_win_over_all_arms() -> None:
    own = safety_settings(load_arm(paths.find("assets/arms", "so101")))
    assert own.stale_stop_s == 0.1 != SafetySettings().stale_stop_s
    assert Deploy(twin="so101").limits == own == limits()
    assert limits("--safety.speed-max-rad-s", "0.2") == replace(own, speed_max_rad_s=0.2)


def test_asking_for_what_other_arms_have_by_default_is_asking() -> None:
    own = safety_settings(load_arm(paths.find("assets/arms", "so101")))
    common = SafetySettings().stale_stop_s
    asked = limits("--safety.stale-stop-s", str(common), "--safety.has-brakes")
    assert asked == replace(own, stale_stop_s=common, has_brakes=True)
    everything = SafetySettings()
    assert Deploy(twin="so101", safety=everything).limits == everything


def test_a_person_who_steers_by_eye_goes_slowly_unless_asked() -> None:
    slow = parse_verb("teleoperate", ["--twin", "so101"])
    fast = parse_verb("teleoperate", ["--twin", "so101", "--safety.speed-max-rad-s", "1.0"])
    assert isinstance(slow, Teleoperate)
    assert isinstance(fast, Teleoperate)
    assert (slow.limits.speed_max_rad_s, fast.limits.speed_max_rad_s) == (0.5, 1.0)
    assert not slow.limits.has_brakes


def test_a_folder_serves_as_an_arm(tmp_path: Path) -> None:
    profile = paths.find("assets/arms", "ur5e") / "profile.toml"
    (tmp_path / "profile.toml").write_text(profile.read_text())
    with ArmTarget(host="192.0.2.7", arm=str(tmp_path)).reached() as reached:
        assert reached.address.arm == tmp_path
