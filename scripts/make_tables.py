"""Writes the tables in README.md and docs/*.md from docs/results/.

A table stands between `<!-- table: NAME -->` and `<!-- end table -->`; NAME may be followed by
patterns such as `unseen_*` that choose figures and their order. Between `<!-- grid: NAME GROUP -->`
and `<!-- end table -->` stand the figures GROUP/row/column as a grid; with `turned` after GROUP,
GROUP/column/row. Patterns after that choose the first of the two, and their order. Figures named
row/column have the group `-`.
"""

import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from results import RESULTS, ROOT, read_results

_TABLE = re.compile(
    r"(?P<start><!-- (?P<kind>table|grid): (?P<name>[\w-]+)(?P<patterns>[^\n]*?) -->\n).*?"
    r"(?P<end><!-- end table -->)",
    re.DOTALL,
)
HEADER = "| figure | value | 95 % interval | n | note |\n|---|---|---|---|---|\n"


def pages(root: Path = ROOT) -> list[Path]:
    """Every page that may hold tables."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def fill(text: str, results: Path = RESULTS) -> str:
    """`text` with every table written anew from the files in `results`."""
    return _TABLE.sub(lambda found: _replacement(found, results), text)


def _replacement(found: re.Match[str], results: Path) -> str:
    file = results / f"{found['name']}.json"
    if not file.exists():
        body = "\nNot measured yet.\n\n"
    else:
        words = found["patterns"].split()
        draw = table if found["kind"] == "table" else grid
        body = f"\n{draw(read_results(file), words)}\n"
    return f"{found['start']}{body}{found['end']}"


def table(results: dict[str, Any], patterns: list[str]) -> str:
    """Markdown table of the figures whose names match, and where they were measured."""
    figures = results["figures"]
    chosen = dict.fromkeys(
        name for pattern in patterns or ["*"] for name in figures if fnmatchcase(name, pattern)
    )
    rows = "".join(_row(name, figures[name]) for name in chosen)
    return f"{HEADER}{rows}\n{_source(results)}\n"


def grid(results: dict[str, Any], words: list[str]) -> str:
    """Markdown grid of the figures GROUP/row/column: value and interval in each cell."""
    prefix, turned = "" if words[0] == "-" else f"{words[0]}/", "turned" in words[1:]
    patterns = [word for word in words[1:] if word != "turned"] or ["*"]
    figures = results["figures"]
    depth = prefix.count("/") + 1
    chosen = dict.fromkeys(
        name
        for pattern in patterns
        for name in figures
        if name.count("/") == depth and fnmatchcase(name.rpartition("/")[0], f"{prefix}{pattern}")
    )
    cells: dict[tuple[str, str], str] = {}
    for name in chosen:
        row, column = name.removeprefix(prefix).split("/")
        cells[(column, row) if turned else (row, column)] = _cell(figures[name])
    rows, columns = (list(dict.fromkeys(key[i] for key in cells)) for i in (0, 1))
    head = "| " + " | ".join(["", *(_words(c) for c in columns)]) + " |\n"
    line = "|" + "---|" * (len(columns) + 1) + "\n"
    body = "".join(
        f"| {_words(r)} | " + " | ".join(cells.get((r, c), "") for c in columns) + " |\n"
        for r in rows
    )
    return f"{head}{line}{body}\n{_source(results)}\n"


def _cell(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return "not measured"
    if figure["unit"] == "1 or 0":
        return "yes" if figure["value"] else "no"
    value, unit = _number(figure["value"], figure["unit"]), figure["unit"]
    if figure["low"] is None:
        return value
    return f"{value} ({_number(figure['low'], unit)} to {_number(figure['high'], unit)})"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _source(results: dict[str, Any]) -> str:
    return f"Measured with `{results['command']}` at {results['commit']} on {results['machine']}."


def _row(name: str, figure: dict[str, Any]) -> str:
    value, unit = figure["value"], figure["unit"]
    interval = ""
    if figure["low"] is not None and figure["high"] is not None:
        interval = f"{_number(figure['low'], unit)} to {_number(figure['high'], unit)}"
    shown = "not measured" if value is None else _number(value, unit)
    if unit == "1 or 0" and value is not None:
        shown = "yes" if value else "no"
    elif value is not None and unit not in ("", "share"):
        shown = f"{shown} {unit}"
    n = "" if figure["n"] is None else str(figure["n"])
    return f"| {_words(name)} | {shown} | {interval} | {n} | {figure['note']} |\n"


def _number(value: float, unit: str) -> str:
    if unit == "share":
        return f"{100 * value:.3g} %"
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def main() -> int:
    """Rewrite the pages whose tables are out of date; says which."""
    for page in pages():
        before = page.read_text()
        after = fill(before)
        if after != before:
            page.write_text(after)
            print(f"wrote the tables of {page.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
