"""Hand-offs as the table of library.toml: one row a pair of operators."""

from collections.abc import Sequence
from typing import Any

from robot_skills.core.skill import Handoff
from robot_skills.core.toml_file import TomlTable

ARROW = " -> "
START = "start"  # the name here of the start of an episode
_KEYS = ("value", "successes", "trials", "covered")


def handoff_rows(handoffs: Sequence[Handoff]) -> dict[str, Any]:
    """The table's rows by pair, such as "open -> pick"."""
    return {
        f"{handoff.before or START}{ARROW}{handoff.after}": {
            "value": float(handoff.value),
            "successes": int(handoff.successes),
            "trials": int(handoff.trials),
            "covered": float(handoff.covered),
        }
        for handoff in handoffs
    }


def read_handoffs(table: TomlTable) -> tuple[Handoff, ...]:
    """The hand-offs of the table; raises InputError at a row that is not one."""
    return tuple(_read(pair, row) for pair, row in table.tables().items())


def _read(pair: str, row: TomlTable) -> Handoff:
    row.check_keys(_KEYS)
    before, arrow, after = pair.partition(ARROW)
    if not (before and arrow and after):
        raise row.error("value", f"hand-off {pair!r}: expected a pair such as open{ARROW}pick")
    return Handoff(
        before="" if before == START else before,
        after=after,
        value=row.number("value", low=0.0, high=1.0),
        successes=row.integer("successes", low=0),
        trials=row.integer("trials", low=0),
        covered=row.number("covered", low=0.0, high=1.0),
    )
