import subprocess
import sys

import pytest

import robot_skills
from robot_skills.core import demonstration, errors, skill, task


def test_the_shared_types_can_be_had_from_the_package():
    from robot_skills import Demonstration, InputError, SkillLibrary, Task

    assert Demonstration is demonstration.Demonstration
    assert InputError is errors.InputError
    assert SkillLibrary is skill.SkillLibrary
    assert Task is task.Task


@pytest.mark.parametrize("name", robot_skills.__all__)
def test_every_promised_name_is_there(name):
    assert getattr(robot_skills, name) is not None
    assert name in dir(robot_skills)


def test_a_name_that_is_not_there_is_missing_as_in_any_module():
    with pytest.raises(AttributeError, match="'robot_skills' has no attribute 'Robott'"):
        _ = robot_skills.Robott


def test_importing_the_package_imports_no_other():
    program = "import sys, robot_skills; print('numpy' in sys.modules)"
    done = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert done.strip() == "False"
