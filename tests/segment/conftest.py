"""A small kinematic stand-in for scripted demonstrations, with its true boundaries."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.nets import gaussian_predictor as predictor
from robot_skills.segment.evidence import modes

Floats = NDArray[np.float64]
RATE_HZ = 20.0
OPEN_M = 0.085
GRASPED_M = 0.045
CARRY_M = 0.20
DOWN = np.array([0.0, 1.0, 0.0, 0.0])


@dataclass
class Hand:
    """An operator's hand that glides between waypoints and drags what it holds."""

    rng: np.random.Generator
    objects: dict[str, Floats]
    rest: float

    def __post_init__(self) -> None:
        self.position = np.array([0.4, 0.0, 0.35]) + self.rng.normal(0, 0.04, 3)
        self.width = OPEN_M
        self.held: str | None = None
        self.drawer = 0.0
        self.pulls_drawer = False
        self.speed = self.rng.uniform(0.18, 0.35)
        self.rows: list[tuple[Floats, float, dict[str, Floats], float]] = []

    def stay(self, steps: int) -> None:
        for _ in range(steps):
            objects = {name: place.copy() for name, place in self.objects.items()}
            self.rows.append((self.position.copy(), self.width, objects, self.drawer))

    def move(self, goal: Floats) -> None:
        start = self.position.copy()
        pace = self.speed * self.rng.uniform(0.7, 1.4)
        steps = max(8, int(np.linalg.norm(goal - start) / pace * 1.5 * RATE_HZ))
        bend = self.rng.normal(0, 0.02, 3) if self.rng.random() < 0.15 else np.zeros(3)
        pause = int(self.rng.integers(steps)) if self.rng.random() < self.rest else -1
        for step in range(1, steps + 1):
            s = step / steps
            reached = start + (goal - start) * s**3 * (10 - 15 * s + 6 * s * s)
            self._go(reached + bend * np.sin(np.pi * s) ** 2)
            if step == pause:
                self.stay(int(self.rng.integers(6, 24)))

    def _go(self, position: Floats) -> None:
        shift = position - self.position
        self.position = position
        if self.held:
            self.objects[self.held] = self.objects[self.held] + shift
        if self.pulls_drawer:
            self.drawer += abs(shift[1])
        self.stay(1)

    def grip(self, width: float) -> None:
        self.stay(int(self.rng.integers(1, 4)))
        for value in np.linspace(self.width, width, 6)[1:]:
            self.width = float(value)
            self.stay(1)
        self.stay(int(self.rng.integers(1, 4)))

    def above(self, place: Floats) -> Floats:
        return np.array([place[0], place[1], place[2] + CARRY_M])

    def pick(self, name: str) -> None:
        if self.rng.random() < 0.15:
            self.move(self.above(self.objects[name]))
            self.move(self.objects[name] + self.rng.normal(0, 0.01, 3) + [0, 0, 0.03])
            self.grip(0.0)
            self.move(self.position + [0, 0, self.rng.uniform(0.03, 0.08)])
            self.grip(OPEN_M)
        else:
            self.move(self.above(self.objects[name]))
        self.move(self.objects[name].copy())
        self.grip(GRASPED_M)
        self.held = name
        self.move(self.above(self.position))

    def place(self, spot: Floats) -> None:
        self.move(self.above(spot))
        self.move(spot)
        self.grip(OPEN_M)
        self.held = None
        self.move(self.above(self.position))

    def pull(self, shift_m: float) -> None:
        handle = np.array([0.3, 0.35 - self.drawer, 0.08])
        self.move(self.above(handle))
        self.move(handle)
        self.grip(0.02)
        self.pulls_drawer = True
        self.move(handle + [0, -shift_m, 0])
        self.pulls_drawer = False
        self.grip(OPEN_M)
        self.move(self.above(self.position))


def perform(seed: int, rest: float = 0.15) -> tuple[Demonstration, list[int]]:
    """One demonstration and its boundaries in steps."""
    rng = np.random.default_rng(seed)
    places = [[0.35 + 0.1 * (i % 3), 0.15 * (i // 3) - 0.2, 0.02] for i in range(6)]
    spots = [np.array(p) + [*rng.uniform(-0.03, 0.03, 2), 0] for p in rng.permutation(places)]
    objects = {name: spots.pop() for name in ("red", "green", "blue", "yellow")}
    hand = Hand(rng, objects, rest)
    hand.stay(int(rng.integers(0, 6)))
    boundaries: list[int] = []
    jobs: list[Callable[[], None]] = []
    names = list(rng.permutation(list(objects)))
    for _ in range(int(rng.integers(1, 3))):
        name = str(names.pop())
        onto = hand.objects[str(names[0])] + [0, 0, 0.04] if rng.random() < 0.5 else spots.pop()
        jobs += [lambda n=name: hand.pick(n), lambda s=onto: hand.place(s)]  # type: ignore[misc]
    if rng.random() < 0.4:
        jobs.append(lambda: hand.pull(0.15))
    for job in jobs:
        boundaries.append(len(hand.rows))
        job()
    hand.stay(int(rng.integers(0, 6)))
    return _demonstration(f"kinematic_{seed:03d}", hand, rng), boundaries[1:]


def _demonstration(name: str, hand: Hand, rng: np.random.Generator) -> Demonstration:
    def pose(places: Floats, noise_m: float) -> Floats:
        noisy = places + rng.normal(0, noise_m, places.shape)
        return np.concatenate([noisy, np.tile(DOWN, (len(places), 1))], axis=1)

    ee = np.array([row[0] for row in hand.rows])
    width = np.array([[row[1]] for row in hand.rows])
    late = np.concatenate([ee[:1], ee[:1], ee[:-2]])
    channels = {
        "ee_pose": Channel(pose(late, 0.0005), "m", ChannelKind.POSE, "world"),
        "gripper_width": Channel(
            np.concatenate([width[:1], width[:-1]]) + rng.normal(0, 0.0003, width.shape),
            "m",
            ChannelKind.GRIPPER,
        ),
        "action/ee_pose": Channel(pose(ee, 0.0), "m", ChannelKind.ACTION, "world"),
        "action/gripper_width": Channel(width, "m", ChannelKind.ACTION),
        "fixture/drawer": Channel(
            np.array([[row[3]] for row in hand.rows]), "m", ChannelKind.FIXTURE
        ),
    }
    for thing in hand.objects:
        places = np.array([row[2][thing] for row in hand.rows])
        channels[f"object_pose/{thing}"] = Channel(
            pose(places, 0.001), "m", ChannelKind.OBJECT_POSE, "world"
        )
    return Demonstration(name, RATE_HZ, channels)


@pytest.fixture(scope="session")
def kinematic() -> Callable[..., tuple[Demonstration, list[int]]]:
    """`kinematic(seed)`: one demonstration of the stand-in and its boundaries in steps."""
    return perform


@pytest.fixture
def quick_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels that learn little, for tests of what does not depend on how well they know."""
    monkeypatch.setattr(predictor, "TRAINING_STEPS", 20)
    monkeypatch.setattr(modes, "COUNTS", (2, 4))
    monkeypatch.setattr(modes, "STARTS", 1)
    monkeypatch.setattr(modes, "STARTS", 1)
    monkeypatch.setattr(modes, "ROWS", 300)


@pytest.fixture(scope="module")
def brief_training() -> Iterator[None]:
    """Predictors that learn a quarter as long, which is enough for the stand-in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictor, "TRAINING_STEPS", 150)
        yield
