"""robot-skills library search: skills by what they bring about, where they start, what they say."""

import json
import shutil
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

if TYPE_CHECKING:
    from robot_skills.core.facts import State
    from robot_skills.core.operator_search import Match
    from robot_skills.core.skill import Operator, SkillLibrary
    from robot_skills.core.task import Task

NEAREST = 3
FACTS = ("needs", "brings about")
INSIDE = ",\N{NO-BREAK SPACE}"  # between the arguments of a fact, where no line may end


@dataclass(frozen=True)
class Found:
    """One operator of one library that fits all that was asked for."""

    library: str
    skill: str
    operator: str
    needs: str
    brings_about: str
    success: str
    support: int


@dataclass(frozen=True)
class LibrarySearch:
    """Find skills: by the facts they bring about, the facts they can start from, or by words.

    In facts stand objects of the task (drawer), types (container), or ?x or a single letter for
    anything. Of several questions all must fit.
    """

    folder: tyro.conf.Positional[Path] = Path("runs")
    """Where to look, or a library."""

    goal: str = ""
    """Facts to bring about, one of them at least, such as 'in(x, drawer)'."""

    start: str = ""
    """Facts that hold, such as 'closed(drawer) gripper_empty()': which skills can start there."""

    text: str = ""
    """Words in names and descriptions."""

    json: bool = False
    """Print JSON instead of text."""

    def run(self) -> None:
        """Print what fits; InputError where nothing was asked, or nothing fits."""
        from robot_skills.cli.library_list import libraries_below
        from robot_skills.core.errors import InputError
        from robot_skills.storage.kept_versions import LIBRARY_FILE

        if not (self.goal or self.start or self.text):
            raise InputError("search takes --goal, --start or --text; see library search --help")
        folders = libraries_below(self.folder)
        if (self.folder / LIBRARY_FILE).is_file():
            folders = folders[:1]
        if not folders:
            raise InputError(f"no library below {self.folder}; robot-skills train makes one")
        found = [one for folder in folders for one in self._search(folder)]
        if self.json:
            print(json.dumps([vars(one) for one in found], indent=2))
        elif found:
            print("\n".join(_block(one, len(folders) > 1) for one in found))
        else:
            print("\n".join(self._nothing(folders)))

    def _search(self, folder: Path) -> list[Found]:
        from robot_skills.cli.library_show import success_text
        from robot_skills.core.facts import format_facts
        from robot_skills.core.operator_search import naming

        library, task = _library_and_task(folder)
        named = naming(library, self.text) if self.text else list(library.operators)
        answers = [_by_operator(matches) for matches in self._questions(named, task)]
        operators = [
            _bound(operator, [answer[_key(operator)] for answer in answers])
            for operator in named
            if all(_key(operator) in answer for answer in answers)
        ]
        return [
            Found(
                str(folder),
                operator.skill,
                _call(operator),
                format_facts(operator.preconditions),
                format_facts(operator.add),
                success_text(library.skill(operator.skill), operator),
                operator.support,
            )
            for operator in operators
        ]

    def _questions(self, operators: "list[Operator]", task: "Task") -> "list[list[Match]]":
        from robot_skills.core.operator_search import (
            bringing_about,
            check_query,
            fits_task,
            startable,
        )

        fits, answers = fits_task(task), []
        if self.goal:
            goal = _facts(self.goal)
            check_query(task, goal)
            answers.append(
                [m for fact in sorted(goal) for m in bringing_about(operators, fact, fits)]
            )
        if self.start:
            start = _facts(self.start)
            check_query(task, start)
            answers.append(startable(operators, start, fits))
        return answers

    def _nothing(self, folders: list[Path]) -> list[str]:
        """That nothing fits and, for a start, what the nearest operators lack."""
        from robot_skills.core.facts import format_facts
        from robot_skills.core.operator_search import fits_task, missing_facts

        lines = ["nothing fits"]
        if not self.start:
            return lines
        for folder in folders:
            library, task = _library_and_task(folder)
            fits = fits_task(task)
            lacks = [(o, missing_facts(o, _facts(self.start), fits)) for o in library.operators]
            for operator, facts in sorted(lacks, key=lambda pair: len(pair[1]))[:NEAREST]:
                if facts:
                    lines.append(f"  {folder}: {operator.name} lacks {format_facts(facts)}")
        return lines


def _facts(text: str) -> "State":
    from robot_skills.core.facts import parse_facts

    return parse_facts(text)


def _library_and_task(folder: Path) -> "tuple[SkillLibrary, Task]":
    from robot_skills.core.task_file import load_task
    from robot_skills.paths import find
    from robot_skills.storage.libraries import load_library

    library = load_library(folder)
    return library, load_task(find("envs", library.task))


def _key(operator: "Operator") -> tuple[str, str]:
    return operator.skill, operator.name


def _by_operator(matches: "list[Match]") -> "dict[tuple[str, str], Match]":
    return {_key(match.operator): match for match in reversed(matches)}


def _bound(operator: "Operator", matches: "list[Match]") -> "Operator":
    """The operator with the names it was asked for with in place of its parameters."""
    binding = {key: name for match in matches for key, name in match.binding.items()}
    return operator.ground(tuple(binding.get(p.name, p.name) for p in operator.parameters))


def _call(operator: "Operator") -> str:
    return f"{operator.name}({', '.join(p.name for p in operator.parameters)})"


def _block(one: Found, several: bool) -> str:
    """One find as lines of text, wrapped between facts and never within one."""
    width = shutil.get_terminal_size().columns
    told = {
        "library": one.library if several else "",
        "needs": one.needs,
        "brings about": one.brings_about,
        "success": one.success,
        "segments": str(one.support),
    }
    lines = [f"{one.skill}: {one.operator}"]
    for head, text in told.items():
        begin = f"  {head:<12}  "
        whole = text.replace(", ", INSIDE) if head in FACTS else text
        wrapped = textwrap.wrap(
            whole,
            width,
            initial_indent=begin,
            subsequent_indent=" " * len(begin),
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines += [line.replace(INSIDE, ", ") for line in wrapped]
    return "\n".join(lines)
