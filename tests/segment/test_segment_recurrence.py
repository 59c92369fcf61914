"""Planted skills, rests, fumbles and wanderings: what recurrence makes of them."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration, SegmentRole
from robot_skills.segment.candidates import Candidate
from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.metrics.label_metrics import normalised_mutual_information
from robot_skills.segment.recurrence.clusters import Clusters
from robot_skills.segment.recurrence.lattice import Lattice
from robot_skills.segment.recurrence.naming import SkillName, name_skills
from robot_skills.segment.recurrence.revise import revise
from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals, read_signals

Floats = NDArray[np.float64]

SKILLS = ("reach", "press", "scrub", "turn", "back")
OFF = SegmentConfig()


@dataclass
class Actor:
    """A hand that performs named motions from wherever it is; what it did when is kept."""

    rng: np.random.Generator
    rows: list[Floats] = field(default_factory=list)  # x y z, yaw, push down N, width
    did: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.at = np.array([*self.rng.normal(0, 0.3, 3), self.rng.uniform(-1, 1), 0.0, 1.0])

    def do(self, *names: str) -> "Actor":
        for name in names:
            self.did.append((name, len(self.rows)))
            getattr(self, name)()
        return self

    def reach(self) -> None:
        self._glide([0.30, 0.05, -0.10], 1.6)

    def back(self) -> None:
        self._glide([-0.25, -0.05, 0.15], 1.4)

    def press(self) -> None:
        self._glide([0, 0, -0.06], 1.5, push=12.0)

    def turn(self) -> None:
        self._glide([0, 0, 0.01], 1.6, yaw=1.4)

    def scrub(self) -> None:
        start = self.at.copy()
        for s in np.linspace(0, 1, self._steps(2.4)):
            circle = 0.05 * np.array([np.sin(4 * np.pi * s), 1 - np.cos(4 * np.pi * s), 0])
            self._stand(np.array([*(start[:3] + circle), start[3], 6.0, start[5]]))

    def rest(self) -> None:
        for _ in range(self._steps(4.0)):
            self._stand(self.at)

    def wander(self) -> None:
        for _ in range(3):
            self._glide(self.rng.normal(0, 0.25, 3), 0.9, yaw=float(self.rng.normal(0, 0.8)))

    def grasp(self) -> None:
        self._glide([0, 0, -0.10], 1.0)
        self._grip(0.0)

    def miss(self) -> None:
        self.grasp()

    def let_go(self) -> None:
        self._grip(1.0)
        self._glide([0, 0, 0.10], 0.5)

    def _grip(self, width: float) -> None:
        start = self.at[5]
        for s in np.linspace(0, 1, 7)[1:]:
            self._stand(np.array([*self.at[:5], start + s * (width - start)]))

    def _glide(
        self, by: list[float] | Floats, seconds: float, yaw: float = 0.0, push: float = 0.0
    ) -> None:
        start = self.at.copy()
        scale = self.rng.normal(1.0, 0.08)
        for s in np.linspace(0, 1, self._steps(seconds)):
            eased = s**3 * (10 - 15 * s + 6 * s * s)
            there = start[:3] + scale * eased * np.asarray(by)
            self._stand(
                np.array([*there, start[3] + eased * yaw, push * np.sin(np.pi * s), start[5]])
            )

    def _stand(self, row: Floats) -> None:
        self.at = row.copy()
        self.rows.append(row)

    def _steps(self, seconds: float) -> int:
        return round(seconds * self.rng.uniform(0.85, 1.15) * SIGNAL_RATE_HZ)

    def signals(self, name: str) -> Signals:
        rows = np.array(self.rows)
        noise = self.rng.normal(0, 0.0003, (len(rows), 3))
        half = rows[:, 3] / 2
        turned = np.stack([np.cos(half), 0 * half, 0 * half, np.sin(half)], axis=1)
        wrench = np.zeros((len(rows), 6))
        wrench[:, 2] = -rows[:, 4]
        wrench += self.rng.normal(0, 0.05, wrench.shape)
        pose = np.concatenate([rows[:, :3] + noise, turned], axis=1)
        channels = {
            "pose": Channel(pose, "m", ChannelKind.POSE),
            "wrench": Channel(wrench, "N", ChannelKind.WRENCH),
            "width": Channel(rows[:, 5:], "m", ChannelKind.GRIPPER),
        }
        return read_signals(Demonstration(name, SIGNAL_RATE_HZ, channels), OFF)

    @property
    def cuts(self) -> list[int]:
        return [start for _, start in self.did[1:]]


@dataclass(frozen=True)
class Play:
    """Signals, true cuts and what was done between them, of several demonstrations."""

    signals: list[Signals]
    cuts: list[list[int]]
    did: list[list[str]]


def play(*scripts: list[str], seed: int = 0) -> Play:
    actors = [Actor(np.random.default_rng([seed, i])).do(*s) for i, s in enumerate(scripts)]
    signals = [actor.signals(f"demonstration_{i}") for i, actor in enumerate(actors)]
    return Play(signals, [a.cuts for a in actors], [[n for n, _ in a.did] for a in actors])


def shuffled(count: int, length: int = 6, seed: int = 0) -> list[list[str]]:
    """Scripts of skills in random order, none twice in a row."""
    rng = np.random.default_rng(seed)
    scripts = []
    for _ in range(count):
        script: list[str] = []
        while len(script) < length:
            name = str(rng.choice(SKILLS))
            if not script or script[-1] != name:
                script.append(name)
        scripts.append(script)
    return scripts


def with_false_ones(cuts: list[int], samples: int, rng: np.random.Generator) -> list[Candidate]:
    """True cuts among as many false ones, all equally probable."""
    edges = [0, *cuts, samples]
    false = [round(a + rng.uniform(0.3, 0.7) * (b - a)) for a, b in pairwise(edges)]
    return [Candidate(at, 0.5, "planted") for at in sorted([*cuts, *false])]


def revised_parts(made: Play, seed: int = 1) -> tuple[Floats, Floats]:
    """Probabilities after revision of true and of false cuts that were equally probable."""
    rng = np.random.default_rng(seed)
    given = [
        with_false_ones(cuts, one.samples, rng)
        for one, cuts in zip(made.signals, made.cuts, strict=True)
    ]
    revised = revise(made.signals, given, OFF)
    every = [
        (c.probability, c.sample in cuts)
        for found, cuts in zip(revised, made.cuts, strict=True)
        for c in found
    ]
    return np.array([p for p, true in every if true]), np.array(
        [p for p, true in every if not true]
    )


def named(made: Play) -> list[list[SkillName]]:
    return name_skills(made.signals, made.cuts)


def labels_by_sample(
    made: Play, found: list[list[SkillName]]
) -> tuple[list[list[str]], list[list[str]]]:
    """Found and true label of every sample of every demonstration."""

    def spread(parts: list[str], at: int) -> list[str]:
        edges = [0, *made.cuts[at], made.signals[at].samples]
        return [p for p, n in zip(parts, np.diff(edges), strict=True) for _ in range(n)]

    numbers = range(len(made.signals))
    return (
        [spread([one.name for one in found[at]], at) for at in numbers],
        [spread(made.did[at], at) for at in numbers],
    )


def roles_of(made: Play, doing: str) -> Counter[SegmentRole]:
    """Roles given to segments in which the hand did one thing."""
    return Counter(
        one.role
        for found, did in zip(named(made), made.did, strict=True)
        for one, name in zip(found, did, strict=True)
        if name == doing
    )


def test_cuts_between_skills_that_recur_gain_and_cuts_inside_them_lose() -> None:
    true, false = revised_parts(play(*shuffled(20)))
    assert true.mean() > 0.65
    assert false.mean() < 0.40


def test_revision_helps_within_one_long_demonstration() -> None:
    true, false = revised_parts(play(*shuffled(1, 40)))
    assert true.mean() > false.mean() + 0.15


def test_revision_expects_as_many_boundaries_as_before() -> None:
    true, false = revised_parts(play(*shuffled(8)))
    assert true.sum() + false.sum() == pytest.approx(0.5 * (len(true) + len(false)), rel=0.01)


def test_revision_changes_little_where_nothing_can_recur() -> None:
    made = play(["reach", "scrub", "turn"])
    given = [[Candidate(cut, 0.6, "motion") for cut in made.cuts[0]]]
    revised = revise(made.signals, given, OFF)
    assert [c.sample for c in revised[0]] == made.cuts[0]
    assert [c.probability for c in revised[0]] == pytest.approx([0.6, 0.6], abs=0.15)


def test_revision_keeps_causes_and_demonstrations_without_candidates() -> None:
    made = play(*shuffled(3))
    given = [[], *([Candidate(cut, 0.6, "motion") for cut in cuts] for cuts in made.cuts[1:])]
    revised = revise(made.signals, given, OFF)
    assert revised[0] == []
    assert {c.cause for found in revised for c in found} == {"motion"}
    assert [len(found) for found in revised] == [len(found) for found in given]


def test_revision_is_the_same_twice() -> None:
    made = play(*shuffled(4))
    given = [[Candidate(cut, 0.6, "motion") for cut in cuts] for cuts in made.cuts]
    assert revise(made.signals, given, OFF) == revise(made.signals, given, OFF)


def test_long_rests_become_segments_of_their_own() -> None:
    made = play(["reach", "scrub", "rest", "turn", "back"])
    revised = revise(made.signals, [[]], OFF)[0]
    start, stop = made.cuts[0][1:3]
    assert [c.sample for c in revised] == pytest.approx([start, stop], abs=8)
    assert {c.cause for c in revised} == {"rest"}
    assert all(c.probability > 0.5 for c in revised)


def test_candidates_that_do_not_ascend_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must ascend between 0 and 50; found \[30, 20\]"):
        Lattice.between([30, 20], 50)


def test_lattice_without_worth_returns_the_probabilities_it_was_given() -> None:
    given = np.array([0.9, 0.2, 0.5, 0.7])
    lattice = Lattice.between([10, 20, 30, 40], 50)
    candidates, segments = lattice.posteriors(given, np.zeros(len(lattice.first)))
    assert candidates == pytest.approx(given)
    whole = (lattice.starts == 0) & (lattice.stops == 50)
    assert segments[whole] == pytest.approx(np.prod(1 - given))


def test_lattice_agrees_with_summing_all_cuttings() -> None:
    rng = np.random.default_rng(0)
    given, lattice = rng.uniform(0.2, 0.8, 3), Lattice.between([10, 20, 30], 40)
    worth = rng.normal(size=len(lattice.first))
    value = dict(zip(zip(lattice.starts, lattice.stops, strict=True), worth, strict=True))
    weights = np.zeros(8)
    chosen = np.array([[bool(way >> bit & 1) for bit in range(3)] for way in range(8)])
    for way, cut in enumerate(chosen):
        edges = [0, *np.array([10, 20, 30])[cut], 40]
        odds = np.where(cut, given, 1 - given).prod()
        weights[way] = odds * np.exp(sum(value[p] for p in pairwise(edges)))
    expected = (weights[:, None] * chosen).sum(axis=0) / weights.sum()
    assert lattice.posteriors(given, worth)[0] == pytest.approx(expected)


def test_the_same_skill_has_one_name_wherever_it_happens() -> None:
    made = play(*shuffled(20))
    found = named(made)
    assert normalised_mutual_information(*labels_by_sample(made, found)) > 0.95
    assert {one.role for each in found for one in each} == {SegmentRole.SKILL}


def test_skills_of_one_long_demonstration_are_named() -> None:
    made = play(*shuffled(1, 40))
    assert normalised_mutual_information(*labels_by_sample(made, named(made))) > 0.9


def test_names_are_numbered_in_order_of_first_appearance() -> None:
    found = [one.name for each in named(play(*shuffled(10))) for one in each]
    firsts = list(dict.fromkeys(found))
    assert firsts == [f"skill_{number + 1}" for number in range(len(firsts))]


def test_a_rest_is_idle_and_belongs_to_no_skill() -> None:
    scripts = shuffled(6)
    scripts[2].insert(3, "rest")
    made = play(*scripts)
    assert roles_of(made, "rest") == {SegmentRole.IDLE: 1}
    assert named(made)[2][3] == SkillName("", SegmentRole.IDLE)
    assert sum(one.role is SegmentRole.IDLE for each in named(made) for one in each) == 1


def test_motion_that_recurs_nowhere_is_extraneous() -> None:
    scripts = shuffled(10)
    scripts[1].insert(2, "wander")
    scripts[4].insert(4, "wander")
    made = play(*scripts)
    assert roles_of(made, "wander") == {SegmentRole.EXTRANEOUS: 2}
    others = [roles_of(made, name)[SegmentRole.EXTRANEOUS] for name in SKILLS]
    assert sum(others) == 0


def test_a_grasp_tried_again_after_the_gripper_opened_is_a_repetition() -> None:
    script = ["reach", "grasp", "back", "let_go"]
    fumbled = ["reach", "grasp", "let_go", "grasp", "back", "let_go"]
    made = play(script, fumbled, *[script] * 8)
    roles = [[one.role for one in found] for found in named(made)]
    assert roles[1].index(SegmentRole.REPETITION) == 3
    assert sum(role is SegmentRole.REPETITION for found in roles for role in found) == 1
    assert named(made)[1][3].name == named(made)[1][1].name


def test_strokes_that_are_always_repeated_are_no_fumbles() -> None:
    made = play(*[["reach", "scrub", "scrub", "scrub", "back"] for _ in range(5)])
    assert roles_of(made, "scrub") == {SegmentRole.SKILL: 15}


def test_one_stroke_repeated_once_is_a_repetition() -> None:
    scripts = [["reach", "scrub", "turn", "back"] for _ in range(6)]
    scripts[3].insert(2, "scrub")
    made = play(*scripts)
    assert roles_of(made, "scrub") == {SegmentRole.SKILL: 6, SegmentRole.REPETITION: 1}


def test_clusters_find_their_number_and_label_what_they_never_saw() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 10, (4, 6))
    truth = rng.integers(0, 4, 3000)
    rows = centres[truth] + rng.normal(size=(3000, 6))
    labels = Clusters.find(rows).label(rows)
    assert len(set(zip(truth, labels, strict=True))) == 4


def test_few_segments_are_all_skills() -> None:
    made = play(["reach", "wander", "back"])
    assert [one.role for one in named(made)[0]] == [SegmentRole.SKILL] * 3
