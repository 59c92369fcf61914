"""A library as one HTML page that needs nothing beside it: every skill's card with its picture."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from robot_skills.cli.library_show import (
    handoff_lines,
    handoffs_of,
    lineage_lines,
    picture_of,
    standing_lines,
    success_text,
)
from robot_skills.cli.report_style import STYLE

if TYPE_CHECKING:
    from robot_skills.core.skill import Operator, Skill, SkillLibrary
    from robot_skills.storage.library_standing import Record


def write_page(
    file: Path, folder: Path, library: "SkillLibrary", record: "Record", skills: "Sequence[Skill]"
) -> None:
    """Write the page of some skills of a library."""
    from robot_skills.storage.atomic import write_text

    title = f"{folder.name} {library.version}"
    lines = [*standing_lines(record), *lineage_lines(library)]
    body = "\n".join(
        [
            f"<h1>{escape(title)}</h1>",
            f"<p>Task {escape(library.task)}, arm {escape(library.arm)}.</p>",
            f"<p>{'<br>'.join(escape(line) for line in lines)}</p>",
            *(_card(folder, library, skill) for skill in skills),
        ]
    )
    head = f"<meta charset='utf-8'><title>{escape(title)}</title><style>{STYLE}</style>"
    page = f"<!doctype html><html lang='en'>{head}<main>{body}</main></html>\n"
    write_text(file, page)


def _card(folder: Path, library: "SkillLibrary", skill: "Skill") -> str:
    operators = "".join(_operator(skill, operator) for operator in skill.operators)
    picture = picture_of(folder, skill)
    drawn = ""
    if picture is not None:
        data = base64.b64encode(picture.read_bytes()).decode()
        drawn = f"<figure><img alt='' src='data:image/png;base64,{data}'></figure>"
    learned = f"Learned from {skill.segments} segments of {skill.median_steps} control steps."
    return (
        f"<section class='skill'><h3>{escape(skill.name)}</h3>"
        f"<p>{escape(skill.description)}<br>{learned}</p>{drawn}{operators}{_measured(skill)}"
        f"{_handoffs(library, skill)}</section>"
    )


def _operator(skill: "Skill", operator: "Operator") -> str:
    from robot_skills.core.facts import format_facts

    parameters = ", ".join(f"{p.name}: {p.type}" for p in operator.parameters)
    rows = {
        "needs": format_facts(operator.preconditions),
        "brings about": format_facts(operator.add),
        "ends": format_facts(operator.delete),
        "success": success_text(skill, operator),
        "support": f"{operator.support} segments",
    }
    return _table(f"{operator.name}({parameters})", rows)


def _measured(skill: "Skill") -> str:
    measured = {name: f"{value:.4g}" for name, value in skill.measured.items()}
    return _table("measured", measured) if measured else ""


def _handoffs(library: "SkillLibrary", skill: "Skill") -> str:
    lines = handoff_lines(handoffs_of(library, skill))
    rows = dict(line.split(": ", 1) for line in lines)
    return _table("hand-offs", rows) if rows else ""


def _table(title: str, rows: dict[str, str]) -> str:
    cells = "".join(
        f"<tr><th>{escape(key)}</th><td>{escape(value or 'nothing')}</td></tr>"
        for key, value in rows.items()
    )
    return f"<p><code>{escape(title)}</code></p><table class='plain'>{cells}</table>"
