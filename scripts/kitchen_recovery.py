"""What recovering from disturbances is worth in the kitchen: the same starts with and without."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from chain_bench import Contender, library_key
from results import Figure, share

from robot_skills.cli.run_disturbed import DisturbedCases
from robot_skills.cli.simulated import Simulated
from robot_skills.run.evaluate.disturbed import DisturbedPair
from robot_skills.run.evaluate.recovery import alarmed_first, alarms_in
from robot_skills.run.evaluate.statistics import wilson
from robot_skills.sim.disturbances import DisturbanceKind

RESAMPLES = 2000
NO_PAIRS = "not run, or nothing succeeded without the disturbance either"

Outcomes = Mapping[str, Sequence[tuple[bool, bool]]]  # (without, with) of each pair, by kind


def disturbed(library: Path) -> Contender:
    """A library under every kind of disturbance, against itself without."""
    build = DisturbedCases(Simulated(library), tuple(DisturbanceKind))
    return Contender("recovery", build, library_key(library), plain_pairs)


def plain_pairs(pairs: Iterable[DisturbedPair]) -> list[dict[str, Any]]:
    """Pairs as plain values; those in which nothing could be disturbed are left out."""
    return [
        {
            "kind": str(pair.kind),
            "skill": pair.skill,
            "disturbance": str(pair.disturbance),
            "without": pair.undisturbed.success,
            "with": pair.disturbed.success,
            "reason": pair.disturbed.reason,
            "alarmed first": alarmed_first(pair),
            "false alarms": alarms_in(pair.undisturbed.trace) if pair.undisturbed.trace else 0,
            "minutes": pair.undisturbed.trace.seconds / 60 if pair.undisturbed.trace else 0.0,
        }
        for pair in pairs
        if pair.disturbed is not None
    ]


def alarm_figures(kept: Iterable[Iterable[Mapping[str, Any]]]) -> dict[str, Figure]:
    """How often the alarm told of a disturbance first, by kind, and its false alarms a minute."""
    rows = [list(one) for one in kept]
    told: dict[str, list[bool]] = {str(kind): [] for kind in DisturbanceKind}
    for row in (row for one in rows for row in one if "alarmed first" in row):
        told[row["kind"]].append(row["alarmed first"])
    figures = {
        f"alarm_first/{kind}": share(wilson(sum(found), len(found)))
        for kind, found in told.items()
        if found
    }
    plain = [one[0] for one in rows if one and "minutes" in one[0]]  # all kinds share one
    minutes = sum(row["minutes"] for row in plain)
    if minutes:
        alarms = sum(row["false alarms"] for row in plain)
        note = "in undisturbed episodes"
        figures["false_alarms_per_minute"] = Figure(alarms / minutes, "1/min", note=note)
    return figures


def outcomes(kept: Iterable[Iterable[Mapping[str, Any]]]) -> Outcomes:
    """(without, with) of every pair, by kind."""
    found: dict[str, list[tuple[bool, bool]]] = {str(kind): [] for kind in DisturbanceKind}
    for row in (row for rows in kept for row in rows):
        found[row["kind"]].append((row["without"], row["with"]))
    return found


def recovery_figures(found: Outcomes) -> dict[str, Figure]:
    """Success with a disturbance divided by success without, by kind, and the worst of them."""
    figures: dict[str, Figure] = {}
    for kind, pairs in found.items():
        figures[f"recovery/{kind}"] = ratio_figure(pairs)
        if pairs:
            good = wilson(sum(after for _, after in pairs), len(pairs))
            note = "of all pairs, also those that fail without"
            figures[f"disturbed/{kind}"] = share(good, note)
    measured = {k: f for k in found if (f := figures[f"recovery/{k}"]).value is not None}
    if len(measured) < len(found):
        figures["recovery_worst"] = Figure(None, "share", note=NO_PAIRS)
        return figures
    worst = min(measured, key=lambda kind: measured[kind].value or 0.0)
    figures["recovery_worst"] = replace(measured[worst], note=worst)
    return figures


def ratio_figure(pairs: Sequence[tuple[bool, bool]]) -> Figure:
    """Successes with divided by successes without; the interval by resampling the pairs."""
    both = np.array(pairs, dtype=float).reshape(-1, 2)
    if not both[:, 0].any():
        return Figure(None, "share", note=NO_PAIRS)
    chosen = np.random.default_rng(0).integers(0, len(both), (RESAMPLES, len(both)))
    sums = both[chosen].sum(axis=1)
    ratios = sums[:, 1] / np.maximum(sums[:, 0], 1.0)
    low, high = (float(edge) for edge in np.quantile(ratios, [0.025, 0.975]))
    value = float(both[:, 1].sum() / both[:, 0].sum())
    return Figure(value, "share", min(low, value), max(high, value), len(both))
