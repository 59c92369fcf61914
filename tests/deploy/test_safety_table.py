"""docs/safety.md tells the numbers that are in the code."""

import math
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from robot_skills.core.errors import InputError
from robot_skills.deploy.safety.settings import _BY_DRIVER, SafetySettings

PAGE = (Path(__file__).parents[2] / "docs" / "safety.md").read_text()
NUMBER = re.compile(r"`(\w+)` (?:is not )?(True|False|\d+(?:\.\d+)?)")


def told(section: str) -> dict[str, str]:
    return dict(NUMBER.findall(section))


def test_the_table_has_every_setting_with_its_default() -> None:
    rows = PAGE.split("## The rows")[1].split("Some arms have other defaults")[0]
    assert told(rows) == {name: str(value) for name, value in asdict(SafetySettings()).items()}


def test_the_second_table_has_what_differs_for_an_arm() -> None:
    rows = PAGE.split("Some arms have other defaults")[1].split("## How")[0]
    drivers = {"SO-101": "so101", "Franka": "franka", "xArm": "xarm", "ROS 2": "ros2"}
    found = {}
    for line in rows.splitlines():
        for name, driver in drivers.items():
            if line.startswith(f"| {name}"):
                found[driver] = told(line)
    expected = {
        driver: {key: str(value) for key, value in differences.items()}
        for driver, differences in _BY_DRIVER.items()
        if driver in drivers.values()
    }
    assert found == expected
    assert _BY_DRIVER["lerobot"] == _BY_DRIVER["so101"]
    assert set(_BY_DRIVER) == {*drivers.values(), "lerobot"}


def test_the_page_says_that_it_is_software() -> None:
    assert "not a safety-rated function" in PAGE
    assert "emergency stop within reach" in PAGE


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"speed_max_rad_s": -1.0}, "safety.speed_max_rad_s must be above 0; found -1"),
        ({"stale_stop_s": math.nan}, "safety.stale_stop_s must be above 0; found nan"),
        ({"heartbeat_s": math.inf}, "safety.heartbeat_s must be above 0; found inf"),
        ({"distance_stop_m": -0.01}, "safety.distance_stop_m must be 0 or more; found -0.01"),
        ({"load_share": 1.5}, "safety.load_share must be above 0 and at most 1; found 1.5"),
        ({"table_m": math.nan}, "safety.table_m must be a number; found nan"),
        ({"command_hold_s": 0.5}, "command_hold_s must be below safety.command_stop_s"),
    ],
)
def test_a_number_that_would_switch_a_row_off_is_refused(
    change: dict[str, float], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        SafetySettings(**change)
