"""Skills that people performed, named without being told how many there are."""

import os
from pathlib import Path

import pytest

from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.metrics.label_metrics import normalised_mutual_information
from robot_skills.segment.recurrence.naming import name_skills
from robot_skills.segment.signals import SIGNAL_RATE_HZ, read_signals
from robot_skills.storage.human_kuka import load_kuka_set
from robot_skills.storage.labelled_set import LabelledSet

needs_data = pytest.mark.skipif(
    "ROBOT_SKILLS_DATA" not in os.environ, reason="ROBOT_SKILLS_DATA is not set"
)


def shared_information(known: LabelledSet) -> float:
    """Normalised mutual information of names and true labels, the true cuts being given."""
    signals = [read_signals(one, SegmentConfig()) for one in known.demonstrations]
    cuts = [[round(s * SIGNAL_RATE_HZ) for s in times_s] for times_s in known.boundaries_s]
    found = [
        [
            f"{one.name}{one.role}"
            for one, start, stop in zip(names, [0, *edges], [*edges, s.samples], strict=True)
            for _ in range(stop - start)
        ]
        for names, edges, s in zip(name_skills(signals, cuts), cuts, signals, strict=True)
    ]
    true = [
        [labels[min(len(labels) - 1, s.step_of(at))] for at in range(s.samples)]
        for labels, s in zip(known.step_labels(), signals, strict=True)
    ]
    return normalised_mutual_information(found, true)


@needs_data
@pytest.mark.parametrize(("name", "least"), [("peeling", 0.45), ("rim", 0.45), ("fender", 0.60)])
def test_names_agree_with_a_persons_labels(name: str, least: float) -> None:
    known = load_kuka_set(Path(os.environ["ROBOT_SKILLS_DATA"]), name)
    assert shared_information(known) > least
