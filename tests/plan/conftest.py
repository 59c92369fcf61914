from types import SimpleNamespace

import numpy as np
import pytest

from robot_skills.core.facts import parse_facts
from robot_skills.core.skill import Operator, Parameter, ReferenceFrame, Skill, SkillLibrary
from robot_skills.core.task_file import load_task
from robot_skills.paths import find


def operator(name, parameters, needs, add, delete, success=1.0):
    """An operator from text: parameters as 'x:block y:support'."""
    typed = tuple(Parameter(f"?{p.split(':')[0]}", p.split(":")[1]) for p in parameters.split())
    facts = [parse_facts(text) for text in (needs, add, delete)]
    return Operator(name, f"{name}_skill", typed, *facts, support=5, success=success)


OPERATORS = (
    operator(
        "pick",
        "x:block",
        "clear(?x) gripper_empty() on(?x, table)",
        "holding(?x)",
        "clear(?x) gripper_empty() on(?x, table)",
    ),
    operator(
        "unstack",
        "x:block y:block",
        "clear(?x) gripper_empty() on(?x, ?y)",
        "holding(?x) clear(?y)",
        "clear(?x) gripper_empty() on(?x, ?y)",
    ),
    operator(
        "stack",
        "x:block y:block",
        "holding(?x) clear(?y)",
        "on(?x, ?y) clear(?x) gripper_empty()",
        "holding(?x) clear(?y)",
        success=0.9,
    ),
    operator(
        "put_down",
        "x:block",
        "holding(?x)",
        "on(?x, table) clear(?x) gripper_empty()",
        "holding(?x)",
    ),
    operator(
        "put_in",
        "x:block y:container",
        "holding(?x) open(?y)",
        "in(?x, ?y) clear(?x) gripper_empty()",
        "holding(?x)",
        success=0.95,
    ),
    operator("open", "y:container", "closed(?y) gripper_empty()", "open(?y)", "closed(?y)"),
    operator("close", "y:container", "open(?y) gripper_empty()", "closed(?y)", "open(?y)"),
)


def library_of(*operators):
    """A library with one skill an operator, its policies left empty."""
    skills = tuple(
        Skill(
            name=o.skill,
            operators=(o,),
            frame=ReferenceFrame("object", o.parameters[0].name),
            settings={},
            weights={},
            end_poses={},
            start_ee=np.zeros((0, 3)),
            median_steps=40,
            segments=5,
        )
        for o in operators
    )
    return SkillLibrary("blocks", "ur5e", 20.0, skills, {})


@pytest.fixture(scope="session")
def task():
    return load_task(find("envs", "blocks"))


@pytest.fixture(scope="session")
def library():
    return library_of(*OPERATORS)


@pytest.fixture(scope="session")
def library_without():
    """The library less some operators, by name."""
    return lambda *names: library_of(*(o for o in OPERATORS if o.name not in names))


@pytest.fixture(scope="session")
def make_library():
    """The functions that build operators and libraries, for tests with operators of their own."""
    return SimpleNamespace(operator=operator, library_of=library_of)


@pytest.fixture(scope="session")
def start():
    """Three blocks on the table, the drawer closed, the tray always open."""
    return parse_facts(
        "on(red, table) on(green, table) on(blue, table) clear(red) clear(green) clear(blue) "
        "gripper_empty() closed(drawer) open(tray)"
    )
