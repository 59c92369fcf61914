"""Change seen in the signals themselves: kernel distance, hidden modes, what is held."""

import itertools

import numpy as np
import pytest

from robot_skills.segment.evidence.columns import Scaler
from robot_skills.segment.evidence.discrepancy import discrepancy
from robot_skills.segment.evidence.holding import holding_changes
from robot_skills.segment.evidence.modes import View, mode_changes
from robot_skills.segment.evidence.sticky import change_probability
from robot_skills.segment.signals import Signals, derivative


def signals(path, objects=None, **series):
    """Signals at 20 Hz of a hand's path (S, 3) and objects (S, N, 3)."""
    samples = len(path)
    empty = np.zeros((samples, 0))
    given = {"path": path, "velocity": derivative(path), "turn": empty, "gripper": empty}
    given |= {"command": empty, "fixtures": empty, "force": empty, "picture": empty}
    given["objects"] = np.zeros((samples, 0, 3)) if objects is None else objects
    return Signals("made", samples, 20.0, **(given | series))


def naive_discrepancy(rows, width):
    """Every kernel value between the samples before and after each moment, summed as written."""
    apart = ((rows[:, None] - rows[None]) ** 2).sum(axis=2)
    kernel = np.exp(-apart / np.median(apart[apart > 0]))
    found = np.zeros(len(rows))
    for t in range(width, len(rows) - width + 1):
        if t == len(rows):
            continue
        before, after = slice(t - width, t), slice(t, t + width)
        total = kernel[before, before].sum() + kernel[after, after].sum()
        found[t] = np.sqrt(max(total - 2 * kernel[before, after].sum(), 0.0)) / width
    return found


@pytest.mark.parametrize("width", [1, 3, 10])
def test_the_linear_discrepancy_equals_the_quadratic_one(width):
    rows = np.random.default_rng(0).normal(size=(60, 3)).cumsum(axis=0)
    assert discrepancy(rows, width) == pytest.approx(naive_discrepancy(rows, width), abs=1e-9)


def test_a_planted_change_point_is_where_the_discrepancy_is_greatest():
    rows = np.random.default_rng(1).normal(0, 0.1, (200, 2)) + (np.arange(200) >= 120)[:, None]
    found = discrepancy(rows, 20)
    assert abs(int(np.argmax(found)) - 120) <= 1
    assert found[120] > 3 * found[40:90].max()


@pytest.mark.parametrize("rows", [np.ones((50, 2)), np.zeros((50, 0)), np.zeros((2, 3))])
def test_nothing_that_changes_has_no_discrepancy(rows):
    assert discrepancy(rows, 10) == pytest.approx(np.zeros(len(rows)))


def enumerated_changes(log_likelihood, stay):
    """Probability of a change on entering each sample, over every course of the hidden state."""
    samples, states = log_likelihood.shape
    leave = 1.0 / stay
    total, changed = 0.0, np.zeros(samples)
    for course in itertools.product(range(states), repeat=samples):
        weight = np.exp(sum(log_likelihood[t, k] for t, k in enumerate(course)))
        moves = np.array([a != b for a, b in itertools.pairwise(course)])
        weight *= np.prod(np.where(moves, leave / (states - 1), 1 - leave))
        total += weight
        changed[1:] += weight * moves
    return changed / total


@pytest.mark.parametrize("states", [2, 3])
def test_the_probability_of_a_change_is_that_over_all_courses(states):
    known = np.random.default_rng(2).normal(0, 2, (6, states))
    found = change_probability(known[None], 4.0)[0]
    assert found == pytest.approx(enumerated_changes(known, 4.0), abs=1e-9)


def test_states_that_a_chain_lacks_change_nothing():
    known = np.random.default_rng(3).normal(0, 2, (1, 30, 2))
    absent = np.full((1, 30, 3), -np.inf)
    both = np.concatenate([np.concatenate([known, absent], axis=2)] * 2)
    found = change_probability(both, 10.0)
    assert found == pytest.approx(np.repeat(change_probability(known, 10.0), 2, axis=0))


def test_a_sure_switch_is_told_at_its_sample_and_nowhere_else():
    sure = np.where(np.arange(40)[:, None] < 25, [0.0, -9.0], [-9.0, 0.0])
    found = change_probability(sure[None], 20.0)[0]
    assert found[25] > 0.99 and np.delete(found, 25).max() < 0.01
    assert change_probability(sure[None, :1], 20.0).tolist() == [[0.0]]


def regimes(order, seed, length=60):
    """A block of two columns that dwells at one level after another."""
    level = {"a": (0.0, 0.0), "b": (3.0, 0.0), "c": (0.0, 3.0)}
    rows = np.repeat([level[name] for name in order], length, axis=0)
    return {"speed": rows + np.random.default_rng(seed).normal(0, 0.2, rows.shape)}


def test_modes_change_where_regimes_do_and_recur_over_recordings():
    raw = [regimes("abcab", 0), regimes("cabc", 1)]
    scaler = Scaler.fit(raw)
    blocks = [scaler.apply(one) for one in raw]
    view = View.fit(blocks, ["speed"], seed=0)
    found = mode_changes({"state modes": view}, blocks[0])["state modes"]
    near = [found[t - 3 : t + 4].max() for t in (60, 120, 180, 240)]
    far = np.concatenate([found[t + 15 : t + 45] for t in range(0, 300, 60)])
    assert min(near) > 5 * far.max()
    seen = np.argmax(view.log_likelihood(blocks[0])[2], axis=1)  # of two mixtures for each count
    other = np.argmax(view.log_likelihood(blocks[1])[2], axis=1)
    a_first, a_again, a_other = seen[5:55], seen[185:235], other[65:115]
    assert len({int(np.median(part)) for part in (a_first, a_again, a_other)}) == 1


def test_a_view_of_columns_that_nobody_has_is_none():
    assert View.fit([regimes("ab", 0)], ["touch"], seed=0) is None
    assert mode_changes({}, regimes("ab", 0)) == {}


GRASP, RELEASE = 93, 259


def carried():
    """A hand goes to an object, carries it with a halt on the way, leaves it and goes on."""

    def glide(frames):
        return np.sin(np.linspace(0, np.pi, frames)) ** 2 * 0.02

    speed = np.concatenate(
        [glide(90), np.zeros(6), glide(60), np.zeros(40), glide(60), np.zeros(6), glide(90)]
    )
    hand = np.stack([np.cumsum(speed), np.zeros(len(speed)), np.zeros(len(speed))], axis=1)
    held = (np.arange(len(speed)) >= GRASP) & (np.arange(len(speed)) < RELEASE)
    thing = np.cumsum(np.where(held, speed, 0.0))
    thing = np.stack([thing, np.zeros(len(speed)), np.zeros(len(speed))], axis=1)
    return signals(hand, thing[:, None])


def test_a_grasp_and_a_release_are_found_and_a_halt_in_the_hand_is_none():
    found = holding_changes(carried())
    crests = [t for t in range(1, len(found) - 1) if found[t - 1] < found[t] >= found[t + 1]]
    high = [t for t in crests if found[t] > 0.5 * found.max()]
    assert len(high) == 2
    assert abs(high[0] - GRASP) <= 16 and abs(high[1] - RELEASE) <= 16  # 0.8 s
    assert found[150:205].max() < 0.2 * found.max()


def test_a_push_in_passing_is_no_grasp():
    taken = holding_changes(carried()).max()
    hand = np.stack([np.arange(200) * 0.01, np.zeros(200), np.zeros(200)], axis=1)
    nudged = 0.02 * (1 / (1 + np.exp(-(np.arange(200.0) - 100) / 1.5)))
    thing = np.stack([np.zeros(200), nudged, np.zeros(200)], axis=1)
    assert holding_changes(signals(hand, thing[:, None])).max() < 0.1 * taken


def test_without_objects_or_with_one_sample_nothing_is_held():
    assert holding_changes(signals(np.zeros((9, 3)))).tolist() == [0.0] * 9
    assert holding_changes(signals(np.zeros((1, 3)), np.zeros((1, 2, 3)))).tolist() == [0.0]
