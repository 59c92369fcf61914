"""What came of each fault on each twin, and the figures of docs/results/faults.json from it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from results import Figure


@dataclass(frozen=True)
class Case:
    """What came of one row on one arm; `problem` is "" where the table's action was seen.

    `ee_excursion_m` is how far the end-effector went along an axis, `ee_outside_m` how far it was
    outside the task's box; all of the twin's own log.
    """

    arm: str
    row: str
    action: str
    problem: str
    latched: str
    standstill_s: float | None
    joint_speed_rad_s: float
    joint_acceleration_rad_s2: float
    ee_speed_m_s: float
    ee_excursion_m: float
    ee_outside_m: float


def figures_of(work: Path, table_rows: Sequence[str]) -> dict[str, Figure]:
    """Figures of every case and walk that is kept; `table_rows` are those of docs/safety.md."""
    cases = [
        Case(**json.loads(file.read_text()))
        for file in sorted(work.glob("*/*.json"))
        if file.stem != "faultless"
    ]
    table = [case for case in cases if case.row in table_rows]
    stops = [case for case in cases if case.standstill_s is not None and not case.problem]
    figures: dict[str, Figure] = {
        "tripped": Figure(sum(not case.problem for case in table), "rows", n=len(table)),
        "of": Figure(len(table), "rows", note=f"{len(table_rows)} rows of each arm"),
    }
    if stops:
        worst = max(stops, key=lambda case: case.standstill_s or 0.0)
        figures["worst_standstill_s"] = Figure(
            worst.standstill_s, "s", n=len(stops), note=f"{worst.arm} {worst.row}, in robot time"
        )
    figures |= _walks(work)
    for case in cases:
        figures |= _case_figures(case)
    return figures


def _walks(work: Path) -> dict[str, Figure]:
    figures, hours, trips = {}, 0.0, 0
    for file in sorted(work.glob("*/faultless.json")):
        found = json.loads(file.read_text())
        arm, n = file.parent.name, len(found["trips"])
        hours, trips = hours + found["minutes"] / 60, trips + n
        note = "; ".join(sorted(set(found["trips"])))[:200]
        minutes = f"in {found['minutes']:.0f} min"
        figures[f"spurious_trips/{arm}"] = Figure(n, "stops", note=f"{minutes} {note}".strip())
        own = found["protective_stops"]
        figures[f"protective_stops/{arm}"] = Figure(
            own, "stops", note=f"of the twin's own {minutes}"
        )
    if hours:
        note = f"{trips} in {60 * hours:.0f} min on {len(figures) // 2} twins"
        figures["spurious_trips_per_h"] = Figure(trips / hours, "1/h", note=note)
    return figures


def _case_figures(case: Case) -> dict[str, Figure]:
    where = f"{case.row}/{case.arm}"
    seen = Figure(0 if case.problem else 1, "1 or 0", note=case.problem or case.action)
    found = {f"action/{where}": seen}
    if case.standstill_s is not None:
        found[f"standstill_s/{where}"] = Figure(round(case.standstill_s, 3), "s")
    found[f"joint_speed_rad_s/{where}"] = Figure(case.joint_speed_rad_s, "rad/s")
    found[f"joint_acceleration_rad_s2/{where}"] = Figure(case.joint_acceleration_rad_s2, "rad/s2")
    found[f"ee_speed_m_s/{where}"] = Figure(case.ee_speed_m_s, "m/s")
    found[f"ee_excursion_m/{where}"] = Figure(round(case.ee_excursion_m, 4), "m")
    found[f"ee_outside_m/{where}"] = Figure(round(case.ee_outside_m, 4), "m")
    return found
