"""The documentation does what it says: its Python runs and its commands parse."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from robot_skills import cli, paths

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
_TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)


def blocks(page: Path, *languages: str) -> list[tuple[int, str]]:
    """Line number and text of every fenced block in one of the languages."""
    text = page.read_text()
    return [
        (text.count("\n", 0, found.start("text")) + 1, found["text"])
        for found in _BLOCK.finditer(text)
        if found["language"] in languages
    ]


def commands(page: Path) -> list[str]:
    """Every command of the page's shell blocks, continuation lines joined."""
    lines = []
    for _, text in blocks(page, "bash", "console", "sh"):
        for line in text.replace("\\\n", " ").splitlines():
            lines.append(line.removeprefix("$ ").strip())
    return lines


def invocations() -> list[str]:
    found = [line for page in PAGES for line in commands(page) if "robot-skills " in line]
    return sorted({line[line.index("robot-skills ") :] for line in found})


def ids(page: Path) -> str:
    return str(page.relative_to(ROOT))


def pages_with_python():
    """Each a group by itself, to be shared out among processes; one with a twin keeps real time."""
    for page in PAGES:
        if found := blocks(page, "python"):
            marks = [pytest.mark.xdist_group(ids(page))]
            marks += [pytest.mark.real_time] if any("deploy" in t for _, t in found) else []
            yield pytest.param(page, id=ids(page), marks=marks)


@pytest.mark.parametrize("page", list(pages_with_python()))
def test_the_python_of_a_page_runs(page, tmp_path):
    lines: list[str] = []
    for number, text in blocks(page, "python"):  # kept at their lines, so that errors name them
        lines += [""] * (number - 1 - len(lines)) + text.splitlines()
    program = f"exec(compile(open({str(tmp_path / 'page.py')!r}).read(), {str(page)!r}, 'exec'))"
    (tmp_path / "page.py").write_text("\n".join(lines))
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", invocations())
def test_a_command_in_the_docs_has_its_verb_and_flags(line, capsys):
    words = shlex.split(line, comments=True)[1:]
    if words[0].startswith("-"):
        assert cli.main(words[:1]) == 0
        return
    assert words[0] in cli.VERBS
    if "--config" in words:
        chosen = words[words.index("--config") + 1]
        shipped = paths.data_folder("configs") / words[0] / f"{chosen}.toml"
        assert chosen.endswith(".toml") or shipped.exists()
    command = words[:2] if words[0] == "library" else words[:1]
    with pytest.raises(SystemExit):
        cli.main([*command, "--help"])
    shown = capsys.readouterr().out
    for flag in [word.partition("=")[0] for word in words if word.startswith("--")]:
        assert re.search(rf"{re.escape(flag)}(?![\w-])", shown), f"{words[0]} has no {flag}"


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_inside_the_project_lead_somewhere(page):
    for link in _LINK.findall(page.read_text()):
        assert (page.parent / link).exists(), f"{link} is missing"


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_make_targets_in_the_docs_exist(page):
    targets = set(_TARGET.findall((ROOT / "Makefile").read_text()))
    for line in commands(page):
        if line.startswith("make "):
            assert line.split()[1] in targets


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_has_a_section_in_the_readme(verb):
    assert f"robot-skills {verb}" in (ROOT / "README.md").read_text()
