"""What a person at the arm sees while it works: plan, skill, facts, joints, rate, and the latch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from robot_skills.core.facts import State
    from robot_skills.core.skill import Plan, PlanStep
    from robot_skills.deploy.control.status import RobotStatus

BAR_CELLS = 24
FULL_BAR_RAD = 1.5  # a joint with more room than this is as free as can be
NEAR_RAD, TIGHT_RAD = 0.3, 0.1
FULL, EMPTY = "\u2588", "\u2591"
LATE_MS = 5.0
KEYS = "space or q: stop"


@dataclass(frozen=True)
class Shown:
    """One look at a run; `plan`, `step` and `facts` are None and empty before it begins."""

    title: str
    joints: tuple[str, ...]
    status: "RobotStatus | None" = None
    plan: "Plan | None" = None
    step: "PlanStep | None" = None
    facts: "State" = frozenset()
    note: str = ""


def picture(shown: Shown) -> "RenderableType":
    """The whole view as something that rich can print."""
    from rich.panel import Panel
    from rich.table import Table

    table = Table.grid(padding=(0, 1))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    if shown.status is not None:
        table.add_row("arm", _arm(shown.status))
    table.add_row("plan", _plan(shown.plan, shown.step))
    table.add_row("skill", str(shown.step) if shown.step else "none")
    table.add_row("facts", _facts(shown.facts))
    if shown.status is not None:
        table.add_row("joints", _joints(shown.joints, shown.status.joint_margin_rad))
        _add_status(table, shown.status)
    if shown.note:
        table.add_row("note", shown.note)
    return Panel(table, title=shown.title, subtitle=KEYS, title_align="left")


def _arm(status: "RobotStatus") -> "Text":
    from rich.text import Text

    if status.fault:
        return Text(f"LATCHED {status.fault}", style="bold white on red")
    return Text(f"{status.mode}, {status.robot_time_s:.1f} s")


def _plan(plan: "Plan | None", step: "PlanStep | None") -> "Text":
    from rich.text import Text

    words = Text()
    for one in plan.steps if plan else ():
        is_now = one == step
        words.append(f"{'> ' if is_now else ''}{one}", style="bold cyan" if is_now else "dim")
        words.append("  ")
    return words if words.plain else Text("none yet", style="dim")


def _facts(facts: "State") -> str:
    from robot_skills.core.facts import format_facts

    return format_facts(facts) if facts else "none seen yet"


def _joints(names: tuple[str, ...], margins_rad: tuple[float, ...]) -> "Table":
    from rich.table import Table

    table = Table.grid(padding=(0, 1))
    for name, margin_rad in zip(names, margins_rad, strict=True):
        table.add_row(name, bar(margin_rad), f"{margin_rad:5.2f} rad to its limit")
    return table


def bar(margin_rad: float) -> "Text":
    """A joint's room as a bar: red where it is tight, yellow where it is near its limit."""
    from rich.text import Text

    share = min(max(margin_rad / FULL_BAR_RAD, 0.0), 1.0)
    cells = round(share * BAR_CELLS)
    near = "yellow" if margin_rad < NEAR_RAD else "green"
    colour = "red" if margin_rad < TIGHT_RAD else near
    return Text(FULL * cells + EMPTY * (BAR_CELLS - cells), style=colour)


def _add_status(table: "Table", status: "RobotStatus") -> None:
    from rich.text import Text

    late = f"late p50 {status.lateness_p50_ms:.2f}, p99 {status.lateness_p99_ms:.2f}, most "
    late += f"{status.lateness_max_ms:.1f} ms"
    style = "yellow" if status.lateness_p99_ms > LATE_MS else ""
    table.add_row("loop", Text(f"{status.rate_hz:.1f} Hz, {late}", style=style))
    lost = f"late readings {status.late}, overruns {status.overruns}, "
    lost += f"commands dropped {status.dropped_chunks}, too old {status.aged_chunks}"
    table.add_row("counted", lost)
    near = f"nearest bodies {1000 * status.nearest_m:.0f} mm"
    if status.nearest_m == float("inf"):
        near = "nothing near"
    table.add_row("speed", f"{status.speed_scale:.0%} of what is allowed; {near}")


class PlainLines:
    """The same where there is no terminal: a line when the skill or the latched reason changes."""

    def __init__(self) -> None:
        self._step: PlanStep | None = None
        self._fault = ""

    def lines(self, shown: Shown) -> list[str]:
        """What is new since the last call."""
        found = []
        status = shown.status
        time = f"{status.robot_time_s:8.1f} s  " if status else ""
        if shown.step != self._step and shown.step is not None:
            found.append(f"{time}skill {shown.step}")
        if status is not None and status.fault and status.fault != self._fault:
            found.append(f"{time}latched: {status.fault}")
        self._step = shown.step
        self._fault = status.fault if status else ""
        return found
