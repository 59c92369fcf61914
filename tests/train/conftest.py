"""Histories with planted facts: a hand that moves blocks about, without physics."""

import itertools

import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.core.demonstration import Segment
from robot_skills.core.observation import Observation, PoseEstimate
from robot_skills.core.predicates import FactObserver
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.train.history import History

OBJECTS = ("red", "green", "blue")
DOWN = np.array([0.0, 1.0, 0.0, 0.0])
FIXTURES = {"table": [0.4, 0, 0], "tray": [0.45, -0.3, 0.0], "drawer": [0.62, 0.3, 0.02]}
OPEN_M, SHUT_M, BLOCK_M = 0.08, 0.0, 0.04


class Hand:
    """Writes one history step by step; `cut` ends a segment where it is called."""

    def __init__(self, task, name="one", seed=0):
        self._task, self._name = task, name
        self.rng = np.random.default_rng(seed)
        self.things = {n: self._upright([*spot, 0.02]) for n, spot in self._spots().items()}
        fixtures = {n: np.array([*p, 1.0, 0, 0, 0]) for n, p in FIXTURES.items()}
        self.things |= fixtures
        self.ee = np.array([*self.rng.uniform([0.35, -0.2, 0.2], [0.55, 0.2, 0.25]), *DOWN])
        self.width_m, self.opening_m, self.held = OPEN_M, 0.0, None
        self.rows, self.cuts = [], [0]

    def _spots(self):
        columns = self.rng.permutation([0.35, 0.45, 0.55])
        return {n: [x, self.rng.uniform(-0.1, 0.1)] for n, x in zip(OBJECTS, columns, strict=True)}

    def _upright(self, position):
        yaw = self.rng.uniform(-0.6, 0.6)
        return np.array([*position, *poses.from_yaw(np.asarray(yaw))])

    def keep(self):
        things = {n: p.copy() for n, p in self.things.items()}
        width = BLOCK_M if self.held else self.width_m
        wanted = SHUT_M if self.held else self.width_m
        self.rows.append((self.ee.copy(), width, wanted, things, self.opening_m))

    def move(self, position, steps=15, frame_of=None):
        """Go straight to a position; the hand turns with `frame_of` as it goes."""
        start = self.ee.copy()
        turn = DOWN if frame_of is None else poses.multiply(self.things[frame_of][3:], DOWN)
        for share in np.linspace(0, 1, steps + 1)[1:]:
            self.ee = np.concatenate([start[:3] + share * (np.array(position) - start[:3]), turn])
            if self.held:
                self.things[self.held] = poses.compose(self.ee, self._grip)
            self.keep()

    def wait(self, steps):
        for _ in range(steps):
            self.keep()

    def take(self, name):
        self.move(self.things[name][:3] + [0, 0, 0.1], frame_of=name)
        self.move(self.things[name][:3], 8, frame_of=name)
        self.held, self._grip = name, poses.relative(self.ee, self.things[name])
        self.wait(3)
        self.move(self.ee[:3] + [0, 0, 0.12], 10, frame_of=name)

    def put(self, position):
        self.move(np.array(position) + [0, 0, 0.08])
        self.move(position, 8)
        self.held = None
        self.wait(3)
        self.move(self.ee[:3] + [0, 0, 0.1], 10)

    def put_on(self, name):
        self.put(self.things[name][:3] + [0, 0, BLOCK_M])

    def put_in_tray(self):
        offset = self.rng.uniform([-0.05, -0.07], [0.05, 0.07])
        self.put(np.array([0.45, -0.3, 0.02]) + [*offset, 0.0])

    def pull(self, to_m):
        """Bring the drawer's opening to `to_m`, by the same motion whether it opens or shuts."""
        self.move([0.5, 0.3, 0.1])
        self.move([0.46, 0.3, 0.04], 6)
        self.opening_m = to_m
        self.move([0.46, 0.3, 0.1], 6)

    def cut(self):
        self.cuts.append(len(self.rows))

    def history(self):
        observer = FactObserver(self._task, OBJECTS)
        ee, width, wanted, things, opening = zip(*self.rows, strict=True)
        facts = tuple(
            observer.facts(_observation(w, t, o), e)
            for e, w, t, o in zip(ee, width, things, opening, strict=True)
        )
        return History(
            name=self._name,
            rate_hz=20.0,
            ee=np.array(ee),
            wanted_ee=np.array(ee),
            width_m=np.array(width),
            wanted_width_m=np.array(wanted),
            things={n: np.array([t[n] for t in things]) for n in things[0]},
            openings={"drawer": np.array(opening)},
            objects=OBJECTS,
            facts=facts,
        )

    def segments(self):
        edges = sorted({*self.cuts, len(self.rows)})
        return [Segment(self._name, a, b) for a, b in itertools.pairwise(edges)]


def _observation(width_m, things, opening_m):
    seen = {name: PoseEstimate(pose, 0.0) for name, pose in things.items()}
    return Observation(0.0, np.zeros(6), np.zeros(6), width_m, seen, {"drawer": opening_m})


@pytest.fixture(scope="session")
def task():
    return load_task(find("envs", "blocks"))


@pytest.fixture
def new_hand(task):
    """Makes a hand before three blocks on a table, a tray and a shut drawer."""
    return lambda name="one", seed=0: Hand(task, name, seed)


@pytest.fixture(scope="session")
def picks_and_places(task):
    """Six histories: red onto green, then blue into the tray, cut between the behaviours."""
    hands = [Hand(task, f"history_{seed}", seed) for seed in range(6)]
    for hand in hands:
        hand.take("red")
        hand.cut()
        hand.put_on("green")
        hand.cut()
        hand.take("blue")
        hand.cut()
        hand.put_in_tray()
    return [hand.history() for hand in hands], [s for hand in hands for s in hand.segments()]
