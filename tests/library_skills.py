"""A small library for tests: three skills of the task blocks, with arrays of their own."""

from dataclasses import replace

import numpy as np

from robot_skills.core.facts import parse_facts
from robot_skills.core.skill import Operator, Parameter, ReferenceFrame, Skill, SkillLibrary

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def skill(name, operators, seed=0, frame="object"):
    random = np.random.default_rng(seed)
    return Skill(
        name=name,
        operators=tuple(replace(operator, skill=name) for operator in operators),
        frame=ReferenceFrame(frame, operators[0].parameters[0].name),
        settings={"inputs": 3, "chunk": 2, "scale": (0.5, 2.0)},
        weights={"bias": random.normal(size=4).astype(np.float32)},
        end_poses={operators[0].name: random.normal(size=(2, 7))},
        start_ee=random.normal(size=(3, 3)),
        median_steps=40,
        segments=9,
        description=f"Moves to {name}.",
    )


def operator(name, parameters, needs, add, delete):
    typed = tuple(Parameter(*p.split(": ")) for p in parameters.split(", "))
    return Operator(name, "", typed, *map(parse_facts, (needs, add, delete)), support=9)


PICK = operator(
    "pick", "?x: block", "clear(?x) gripper_empty()", "holding(?x)", "clear(?x) gripper_empty()"
)
STOW = operator(
    "stow",
    "?x: block, ?y: container",
    "holding(?x) open(?y)",
    "in(?x, ?y) clear(?x) gripper_empty()",
    "holding(?x)",
)
OPEN = operator("open", "?y: container", "closed(?y) gripper_empty()", "open(?y)", "closed(?y)")


def small_library(**changes):
    skills = (
        skill("pick", [PICK]),
        skill("stow", [STOW], seed=1, frame="goal"),
        skill("open", [OPEN], seed=2),
    )
    return replace(SkillLibrary("blocks", "ur5e", 20.0, skills, {"seed": "0"}), **changes)


def with_skill(library, name, **changes):
    """The library with some fields of one skill replaced."""
    skills = tuple(replace(s, **changes) if s.name == name else s for s in library.skills)
    return replace(library, skills=skills)


def better(library, name="pick"):
    """The library with other weights in one skill."""
    bias = library.skill(name).weights["bias"] + np.float32(1)
    return with_skill(library, name, weights={"bias": bias})
