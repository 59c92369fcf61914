import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_skills import paths
from robot_skills.core.arm import load_arm
from robot_skills.deploy.drivers.franka.follower import Follower
from robot_skills.deploy.twins.franka.motion import DesiredPath

ARM = load_arm(paths.find("assets/arms", "fr3"))
MIDDLE = (ARM.position_min + ARM.position_max) / 2
REACH = (ARM.position_max - ARM.position_min) / 2


class Cycle:
    """A follower and the controller that judges it, with states as the arm sends them."""

    def __init__(self) -> None:
        self.arm = DesiredPath(MIDDLE)
        self.follower = Follower(MIDDLE, ARM.speed_max, 0.001)
        self._since = 1

    def run(self, lost: bool = False, brake: bool = False) -> None:
        """One cycle; a command that is lost leaves the arm to bridge it."""
        if lost:
            self.arm.bridge()
            self._since += 1
            return
        single = [
            value.astype(np.float32).astype(float)
            for value in (self.arm.position, self.arm.speed, self.arm.acceleration)
        ]
        self.follower.take_over(*single)
        wanted = self.follower.brake() if brake else self.follower.step(self._since)
        self._since = 1
        error = self.arm.follow(wanted)
        assert error is None, error


@settings(max_examples=30, deadline=None)
@given(
    shares=st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=6),
    lost=st.integers(0, 19),
    seed=st.integers(0, 99),
)
def test_whatever_is_asked_the_controller_raises_no_reflex(
    shares: list[float], lost: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    cycle, number = Cycle(), 0
    for share in shares:
        goal = MIDDLE + share * REACH * rng.choice([-1.0, 1.0], 7)
        for k in range(150):
            if rng.random() < 0.7:
                number += int(rng.integers(1, 4))
                cycle.follower.aim(number, goal)
            cycle.run(lost=20 <= k < 20 + lost)


def test_a_smooth_path_is_followed_closely() -> None:
    cycle = Cycle()
    behind = []
    for k in range(2000):
        goal = MIDDLE + 0.3 * (1 - np.cos(2e-3 * k)) * np.array([1, 0, 0, 0, 0, 0, 0])
        cycle.follower.aim(k + 1, goal)
        cycle.run()
        behind.append(abs(goal[0] - cycle.arm.position[0]))
    assert max(behind) < 0.005


@pytest.mark.parametrize("targets_a_cycle", [1, 3])
def test_a_steady_speed_is_followed_without_falling_behind(targets_a_cycle: int) -> None:
    cycle, goal = Cycle(), MIDDLE
    for k in range(1500):
        speed = 0.5 * min(k / 500, 1.0)
        goal = goal + speed * 1e-3 * np.eye(7)[0]
        cycle.follower.aim(targets_a_cycle * (k + 1), goal)
        cycle.run()
    assert abs(goal[0] - cycle.arm.position[0]) < 0.002


def test_targets_that_come_in_bursts_are_smoothed() -> None:
    cycle = Cycle()
    accelerations = []
    for k in range(2000):
        if k % 5 == 4:  # five at once
            goal = MIDDLE + 0.3 * (1 - np.cos(2e-3 * k)) * np.array([1, 0, 0, 0, 0, 0, 0])
            cycle.follower.aim(k + 1, goal)
        cycle.run()
        path = 0.3 * 4 * np.cos(2e-3 * k)
        accelerations.append(abs(cycle.arm.acceleration[0] - path))
    assert np.percentile(accelerations[300:], 99) < 1.0


def test_it_comes_to_rest_on_a_target_that_stays_and_when_braking() -> None:
    cycle = Cycle()
    for k in range(1500):
        cycle.follower.aim(k + 1, MIDDLE + 0.2)
        cycle.run()
    assert cycle.follower.at_rest
    assert cycle.arm.position == pytest.approx(MIDDLE + 0.2, abs=1e-4)
    for k in range(200):
        cycle.follower.aim(2000 + k, MIDDLE + 0.2 + 1e-3 * k)
        cycle.run()
    assert not cycle.follower.at_rest
    cycles = 0
    while not cycle.follower.at_rest:
        cycle.run(brake=True)
        cycles += 1
    assert cycles < 400


def test_silence_is_counted_from_the_first_target_on() -> None:
    cycle = Cycle()
    cycle.run()
    assert cycle.follower.silent_cycles == 0
    cycle.follower.aim(1, MIDDLE)
    for _ in range(5):
        cycle.run()
    assert cycle.follower.silent_cycles == 5
    cycle.follower.forget(1)
    cycle.follower.aim(1, MIDDLE + 1.0)  # not new
    cycle.run()
    assert cycle.arm.position == pytest.approx(MIDDLE, abs=1e-6)
