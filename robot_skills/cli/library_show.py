"""robot-skills library show: a library, or the card of one of its skills."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

if TYPE_CHECKING:
    from rich.table import Table

    from robot_skills.core.skill import Handoff, Operator, Skill, SkillLibrary
    from robot_skills.storage.library_standing import Record


WEAKEST = 5


@dataclass(frozen=True)
class LibraryShow:
    """Show a library with its standing and lineage, or the card of one skill.

    A card says what a skill needs and brings about, how well it does, how it hands over, and where
    its picture is.
    """

    library: tyro.conf.Positional[Path] = Path("runs/demo/library")
    """Folder of the library, or of a version that it keeps."""

    skill: tyro.conf.Positional[str] = ""
    """Name of a skill."""

    html: Path | None = None
    """Write a page with every card and picture to this file."""

    json: bool = False
    """Print JSON instead of text."""

    def run(self) -> None:
        """Print, or write the page."""
        from robot_skills.storage.libraries import load_library
        from robot_skills.storage.library_standing import load_record
        from robot_skills.storage.writable import check_file

        check_file(self.html)
        library, record = load_library(self.library), load_record(self.library)
        skills = [library.skill(self.skill)] if self.skill else list(library.skills)
        if self.html is not None:
            from robot_skills.cli.library_page import write_page

            write_page(self.html, self.library, library, record, skills)
            print(f"{self.html} written")
        elif self.json:
            print(json.dumps(self._values(library, record, skills), indent=2))
        elif self.skill:
            _print_skill(self.library, library, skills[0])
        else:
            _print_library(self.library, library, record)

    def _values(
        self, library: "SkillLibrary", record: "Record", skills: "list[Skill]"
    ) -> dict[str, Any]:
        return {
            "library": str(self.library),
            "version": library.version,
            "task": library.task,
            "arm": library.arm,
            "rate_hz": library.rate_hz,
            "standing": str(record.standing),
            "evidence": {str(step): asdict(one) for step, one in record.evidence.items()},
            "origin": dict(record.origin),
            "lineage": dict(library.lineage),
            "handoffs": [asdict(one) for one in library.handoffs],
            "skills": [_skill_values(self.library, skill) for skill in skills],
        }


def _skill_values(folder: Path, skill: "Skill") -> dict[str, Any]:
    from robot_skills.core.facts import format_facts

    return {
        "name": skill.name,
        "description": skill.description,
        "segments": skill.segments,
        "measured": dict(skill.measured),
        "picture": str(picture_of(folder, skill) or ""),
        "operators": [
            {
                "name": operator.name,
                "parameters": [f"{p.name}: {p.type}" for p in operator.parameters],
                "needs": format_facts(operator.preconditions),
                "brings_about": format_facts(operator.add),
                "ends": format_facts(operator.delete),
                "success": operator.success,
                "support": operator.support,
            }
            for operator in skill.operators
        ],
    }


def picture_of(folder: Path, skill: "Skill") -> Path | None:
    """Where a skill's picture is, if it has one."""
    from robot_skills.storage.skill_card import PICTURE
    from robot_skills.storage.skill_files import skill_folder

    picture = skill_folder(folder, skill.name) / PICTURE
    return picture if picture.is_file() else None


def _print_library(folder: Path, library: "SkillLibrary", record: "Record") -> None:
    from rich.console import Console

    from robot_skills.storage.kept_versions import kept_versions
    from robot_skills.train.lineage import suggestions_in

    seconds = f"{library.rate_hz:g} Hz"
    print(f"{folder} {library.version}: task {library.task}, arm {library.arm}, {seconds}")
    print("\n".join(standing_lines(record)))
    print("\n".join(lineage_lines(library)))
    kept = kept_versions(folder)
    print(f"kept versions: {', '.join(kept) or 'none'}\n")
    Console().print(_skill_table(library))
    weak = sorted(library.handoffs, key=lambda one: one.value)[:WEAKEST]
    if weak:
        print("\nweakest hand-offs\n" + "\n".join(f"  {line}" for line in handoff_lines(weak)))
    for line in suggestions_in(library.lineage):
        print(f"\nsuggestion: {line}")


def standing_lines(record: "Record") -> list[str]:
    """Standing, evidence and origin in words."""
    lines = [f"standing: {record.standing.meaning}"]
    for step, one in record.evidence.items():
        tasks = f"{len(one.tasks)} tasks" if len(one.tasks) > 1 else f"task {one.tasks[0]}"
        by = f", allowed by {one.by}" if one.by else ""
        lines.append(f"  {step.meaning} {one.date}: {one}, {tasks}, at least {one.least:.0%}{by}")
    if record.origin:
        lines.append(
            f"origin: {record.origin.get('file', '')} (version {record.origin.get('version', '')}, "
            f"sha256 {record.origin.get('sha256', '')[:12]})"
        )
    return lines


def lineage_lines(library: "SkillLibrary") -> list[str]:
    """Where a library comes from, in a few words; library.toml has the rest."""
    lineage = library.lineage
    cut = lineage.get("segment/method", "")
    hashed = sum(key.startswith("sha256/") for key in lineage)
    code = lineage.get("git_revision", "")[:12] or lineage.get("version/robot_skills", "")
    words = {
        f"{lineage.get('demonstrations')} demonstrations": "demonstrations" in lineage,
        f"{lineage.get('segments')} segments" + (f" by {cut}" if cut else ""): "segments"
        in lineage,
        f"seed {lineage.get('seed')}": "seed" in lineage,
        f"code {code}": bool(code),
        f"hashes of {hashed} inputs": bool(hashed),
    }
    known = [text for text, there in words.items() if there]
    return [f"lineage: {', '.join(known)}"] if known else []


def _skill_table(library: "SkillLibrary") -> "Table":
    from rich.markup import escape
    from rich.table import Column, Table

    table = Table("skill", "segments", "success", Column("brings about", overflow="fold"), box=None)
    for skill in library.skills:
        for operator in skill.operators:
            first = operator is skill.operators[0]
            table.add_row(
                escape(skill.name) if first else "",
                str(skill.segments) if first else "",
                success_text(skill, operator),
                escape(_added(operator)),
            )
    return table


def success_text(skill: "Skill", operator: "Operator") -> str:
    """Measured success of an operator, or that there is none."""
    known = skill.measured or operator.success < 1.0
    return f"{operator.success:.0%}" if known else "not measured"


def _added(operator: "Operator") -> str:
    from robot_skills.core.facts import format_facts

    return f"{operator.name}: {format_facts(operator.add)}"


def handoffs_of(library: "SkillLibrary", skill: "Skill") -> "list[Handoff]":
    """Hand-offs into and out of a skill, the weakest first."""
    own = {operator.name for operator in skill.operators}
    found = [one for one in library.handoffs if own & {one.before, one.after}]
    return sorted(found, key=lambda one: one.value)


def handoff_lines(handoffs: "list[Handoff]") -> list[str]:
    """Each hand-off in a line."""
    return [
        f"{one.before or 'the start'} -> {one.after}: {one.value:.0%}, "
        f"{one.successes} of {one.trials} trials, {one.covered:.0%} of the starts known"
        for one in handoffs
    ]


def _print_skill(folder: Path, library: "SkillLibrary", skill: "Skill") -> None:
    from robot_skills.storage.skill_card import skill_card

    picture = picture_of(folder, skill)
    lines = skill_card(skill).splitlines()
    shown = [line for line in lines if not line.startswith("![")]
    print("\n".join(shown).replace("\n\n\n", "\n\n"))
    lines = handoff_lines(handoffs_of(library, skill))
    print(
        "\n".join(
            ["", "## Hand-offs", "", *(f"- {line}" for line in lines or ["not measured"]), ""]
        )
    )
    print(f"picture: {picture or 'none; robot-skills train draws one'}")
