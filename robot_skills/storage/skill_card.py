"""The page that tells a person what a skill needs, brings about and how well it does."""

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.facts import State, format_facts
from robot_skills.core.skill import Operator, Skill

PICTURE = "card.png"

_ANCHORS = {
    "object": "the thing bound to `{0}`, followed until it is held",
    "goal": "where the thing bound to `{0}` is to end up",
}


def skill_card(skill: Skill) -> str:
    """Markdown: frame, starts seen, operators with support and success, measurements."""
    parts = [
        f"# {skill.name}",
        skill.description,
        f"![Segments of {skill.name}]({PICTURE})",
        _origin(skill),
        "## What it needs and brings about",
        *[_operator(operator, skill) for operator in skill.operators],
        *_measured(skill),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _origin(skill: Skill) -> str:
    lines = [
        f"- learned from {skill.segments} segments of {skill.median_steps} control steps (median)",
        f"- moves in the frame of {_ANCHORS[skill.frame.kind].format(skill.frame.parameter)}",
    ]
    if len(skill.start_ee):
        box = _box(skill.start_ee)
        lines.append(f"- seen to start with the end-effector at {box} m in that frame")
    return "\n".join(lines)


def _operator(operator: Operator, skill: Skill) -> str:
    parameters = ", ".join(f"{p.name}: {p.type}" for p in operator.parameters)
    known = bool(skill.measured) or operator.success < 1.0
    success = f"success {operator.success:.0%}" if known else "success not measured yet"
    return "\n".join(
        [
            f"### {operator.name}({parameters})",
            "",
            f"- needs: {_facts(operator.preconditions)}",
            f"- brings about: {_facts(operator.add)}",
            f"- ends: {_facts(operator.delete)}",
            *_goal_region(operator, skill),
            f"- support {operator.support} segments, {success}",
        ]
    )


def _goal_region(operator: Operator, skill: Skill) -> list[str]:
    """Where ?x may end: the box that its ends fill, seen from its place."""
    ends = skill.end_poses.get(operator.name, np.zeros((0, 7)))
    if operator.place is None or not len(ends):
        return []
    where = f"in the frame of `{operator.place}`, seen {len(ends)} times"
    return [f"- `?x` may end at {_box(ends[:, :3])} m {where}"]


def _box(positions_m: NDArray[np.float64]) -> str:
    """The least box around positions (N, 3), such as x 0.10 to 0.20, y ..., z ...."""
    sides = zip("xyz", positions_m.min(axis=0), positions_m.max(axis=0), strict=True)
    return ", ".join(f"{axis} {low:.2f} to {high:.2f}" for axis, low, high in sides)


def _facts(facts: State) -> str:
    return f"`{format_facts(facts)}`" if facts else "nothing"


def _measured(skill: Skill) -> list[str]:
    if not skill.measured:
        return []
    rows = [f"| {name} | {value:.4g} |" for name, value in skill.measured.items()]
    return ["## Measured", "\n".join(["| what | value |", "|---|---|", *rows])]
