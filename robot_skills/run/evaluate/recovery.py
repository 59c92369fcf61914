"""How often tasks succeed in spite of disturbances, and what the alarm was worth, as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from robot_skills.run.evaluate.disturbed import DisturbedPair
from robot_skills.run.evaluate.statistics import Rate, wilson
from robot_skills.run.execute.trace import Trace

SOON_S = 2.0  # an alarm later than this after a disturbance has nothing to do with it
NOTICED = ("undone", "failure", "unseen", "replan")  # events by which the executor notices


@dataclass(frozen=True)
class Recovery:
    """Over the pairs of one kind in which the disturbance came about.

    `ratio` is success with it over success without; `recovered` counts only the pairs whose
    undisturbed episode succeeded. Both are None where none did. `alarmed_first` is how often the
    alarm went off soon after it, before anything else was noticed.
    """

    kind: str
    disturbed: Rate
    undisturbed: Rate
    recovered: Rate | None
    ratio: float | None
    alarmed_first: Rate


def recoveries(pairs: Sequence[DisturbedPair]) -> list[Recovery]:
    """One a kind, in the order of the pairs; kinds that nothing could be done to are left out."""
    kinds = dict.fromkeys(pair.kind for pair in pairs if pair.disturbed is not None)
    return [_recovery(kind, [p for p in pairs if p.kind is kind]) for kind in kinds]


def false_alarms_per_minute(pairs: Sequence[DisturbedPair]) -> float | None:
    """Alarms a minute of robot time in the undisturbed episodes; None where there are none."""
    plain = {(p.undisturbed.goal, p.undisturbed.seed): p.undisturbed.trace for p in pairs}
    traces = [trace for trace in plain.values() if trace is not None]
    minutes = sum(trace.seconds for trace in traces) / 60
    return sum(map(alarms_in, traces)) / minutes if minutes else None


def alarms_in(trace: Trace) -> int:
    """How often the alarm went off."""
    return sum(event.kind == "alarm" for event in trace.events)


def _recovery(kind: str, pairs: Sequence[DisturbedPair]) -> Recovery:
    done = [pair for pair in pairs if pair.disturbed is not None]
    both = [(p.undisturbed.success, p.disturbed.success) for p in done if p.disturbed]
    plain, disturbed = (sum(one) for one in zip(*both, strict=True))
    return Recovery(
        kind=str(kind),
        disturbed=wilson(disturbed, len(both)),
        undisturbed=wilson(plain, len(both)),
        recovered=wilson(sum(one and other for one, other in both), plain) if plain else None,
        ratio=disturbed / plain if plain else None,
        alarmed_first=wilson(sum(map(alarmed_first, done)), len(done)),
    )


def alarmed_first(pair: DisturbedPair) -> bool:
    """Whether the alarm went off soon after the disturbance, before anything else was noticed."""
    trace = pair.disturbed.trace if pair.disturbed else None
    if trace is None or pair.disturbance is None:
        return False
    since = pair.disturbance.control_step
    alarm, noticed = (_first(trace, kinds, since) for kinds in (("alarm",), NOTICED))
    return alarm < noticed and alarm - since <= SOON_S * trace.rate_hz


def _first(trace: Trace, kinds: Sequence[str], since: int) -> float:
    """Control step of the first event of these kinds from a control step on; infinite for none."""
    steps = (e.control_step for e in trace.events if e.kind in kinds and e.control_step >= since)
    return next(steps, float("inf"))
