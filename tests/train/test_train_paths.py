from dataclasses import fields, replace

import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.train.discovery.grouping import group_operators
from robot_skills.train.discovery.lifting import lift
from robot_skills.train.discovery.transitions import find_transitions
from robot_skills.train.learning.augmentation import AugmentationConfig, augment
from robot_skills.train.learning.dataset import build_rows, busy_steps, skill_paths

EXACT = replace(
    AugmentationConfig(from_below=0.0, other_grip=0.0),
    **{f.name: 0.0 for f in fields(AugmentationConfig) if "error" in f.name},
)
REGION_M = np.array([[0.2, -0.4, 0.05], [0.7, 0.4, 0.4]])


@pytest.fixture
def groups(picks_and_places, task):
    lifted, _ = lift(find_transitions(*picks_and_places), task, min_support=3)
    return {group.name: group for group in group_operators(lifted, task)}


@pytest.fixture
def picks(groups, task):
    return skill_paths(groups["holding"], task)


def test_planted_waits_are_dropped_and_motion_is_kept():
    moving = np.repeat(np.arange(30) * 0.01, np.where(np.arange(30) == 12, 40, 1))
    ee = np.zeros((len(moving), 7))
    ee[:, 0], ee[:, 3] = moving, 1.0
    still = np.zeros(len(moving), dtype=bool)
    busy = busy_steps(ee, ee, np.full(len(moving), 0.08), still)
    assert busy.sum() == 30
    assert busy[:13].all()
    assert not busy[13:52].any()


def test_a_hand_that_stands_while_its_gripper_works_is_kept():
    steps = 40
    ee = np.tile([0.0, 0, 0, 1, 0, 0, 0], (steps, 1))
    closed = np.arange(steps) >= 15
    width = np.interp(np.arange(steps), [15, 25], [0.08, 0.04])
    busy = busy_steps(ee, ee, width, closed)
    assert busy[15:25].all()
    assert not busy[1:15].any()
    assert not busy[29:-1].any()


def test_a_slow_turn_is_motion():
    ee = np.zeros((50, 7))
    ee[:, 3:] = poses.from_yaw(np.linspace(0, 1, 50))
    shut = np.zeros(50, dtype=bool)
    assert busy_steps(ee, ee, np.zeros(50), shut).sum() > 20


def near_contact(path):
    """Steps from where the end-effector is within 3 cm of where the thing begins to move."""
    way = np.linalg.norm(path.view.thing[:, :3] - path.view.thing[0, :3], axis=1)
    contact = int(np.argmax(way > 0.004))
    distance = np.linalg.norm(path.view.ee[:, :3] - path.view.ee[contact, :3], axis=1)
    return len(path.wanted) - int(np.argmax(distance < EXACT.near_m))


def test_a_copy_has_another_start_and_the_same_contact(picks):
    rng = np.random.default_rng(0)
    for path in picks:
        copy, kept = augment(path, REGION_M, rng, EXACT), near_contact(path)
        assert np.linalg.norm(copy.view.ee[0, :3] - path.view.ee[0, :3]) > 0.005
        np.testing.assert_allclose(copy.view.ee[-kept:], path.view.ee[-kept:], atol=1e-12)
        np.testing.assert_allclose(copy.wanted[-kept:], path.wanted[-kept:], atol=1e-12)
        np.testing.assert_allclose(copy.view.thing[-1], path.view.thing[-1], atol=1e-12)
        assert len(copy.wanted) - copy.effect == len(path.wanted) - path.effect


def strides_of(path):
    return np.linalg.norm(np.diff(path.view.ee[:, :3], axis=0), axis=1)


def test_a_bent_way_has_no_jumps(picks):
    rng = np.random.default_rng(1)
    for path in picks:
        shown = strides_of(path)
        for _ in range(10):
            copy = augment(path, REGION_M, rng, EXACT)
            longer = max(1.0, strides_of(copy).sum() / shown.sum())
            assert strides_of(copy).max() < 3 * longer * shown.max()  # thinned: every other step
            assert copy.view.ee[0, 2] > min(path.view.ee[0, 2], EXACT.floor_m) - 1e-9


def test_a_copy_from_below_rises_straight_first(picks):
    low, rng = replace(EXACT, from_below=1.0), np.random.default_rng(1)
    copies = [augment(path, REGION_M, rng, low) for path in picks for _ in range(10)]
    starts = np.array([copy.view.ee[0] for copy in copies])
    assert starts[:, 2].min() < EXACT.floor_m
    assert starts[:, 2].min() > REGION_M[0, 2]
    for copy in copies:
        rising = copy.view.ee[:, 2] < EXACT.floor_m - 0.02
        first = int(np.argmin(rising)) if rising[0] else 0
        sideways = np.linalg.norm(np.diff(copy.view.ee[:first, :2], axis=0), axis=1)
        assert sideways.sum() == pytest.approx(0.0, abs=1e-9)
        assert (copy.wanted[:first, 2] > copy.view.ee[:first, 2]).all()


def test_a_copy_may_start_with_fingers_left_open_or_shut(picks):
    other, rng = replace(EXACT, other_grip=1.0), np.random.default_rng(1)
    copies = [augment(picks[0], REGION_M, rng, other) for _ in range(20)]
    assert {float(copy.view.closing[0]) for copy in copies} == {0.0, 1.0}
    for copy in copies:
        shut = copy.view.closing[0] > 0
        first_m, last_m = copy.view.width_m[0], copy.view.width_m[-1]
        assert first_m < 0.03 if shut else first_m > 0.04
        assert last_m == picks[0].view.width_m[-1]
        assert copy.wanted_closed[0] == picks[0].wanted_closed[0]


def test_what_is_carried_stays_in_the_bent_hand(groups, task):
    rng = np.random.default_rng(2)
    place = next(group for name, group in groups.items() if name != "holding")
    for path in skill_paths(place, task):
        copy = augment(path, REGION_M, rng, EXACT)
        held = copy.view.held > 0
        grips = poses.relative(copy.view.ee[held], copy.view.thing[held])
        grip = poses.relative(path.view.ee[:1], path.view.thing[:1])
        np.testing.assert_allclose(grips[:, :3], np.tile(grip[:, :3], (len(grips), 1)), atol=1e-9)


def test_errors_on_the_way_disturb_what_is_seen_and_not_what_is_meant(picks):
    config = replace(EXACT, error_m=0.01)
    exact, disturbed = (
        augment(picks[0], REGION_M, np.random.default_rng(3), one) for one in (EXACT, config)
    )
    np.testing.assert_array_equal(exact.wanted, disturbed.wanted)
    off = disturbed.view.ee[:, :3] - exact.view.ee[:, :3]
    assert off.std() == pytest.approx(0.01, rel=0.3)


def test_what_is_carried_errs_with_the_hand(groups, task):
    paths = skill_paths(next(g for g in groups.values() if g.frame.kind == "goal"), task)
    config = replace(EXACT, error_m=0.01)
    copy = augment(paths[0], REGION_M, np.random.default_rng(2), config)
    held = copy.view.held > 0
    in_hand = poses.relative(copy.view.ee[held], copy.view.thing[held])[:, :3]
    meant = poses.relative(paths[0].view.ee[0], paths[0].view.thing[0])[:3]
    assert np.linalg.norm(in_hand - meant, axis=1).max() < 0.004
    shaken = np.linalg.norm(np.diff(copy.view.ee[held, :3], axis=0), axis=1)
    assert shaken.mean() > 0.01


def test_the_same_seed_bends_alike(picks):
    copies = [
        augment(picks[0], REGION_M, np.random.default_rng(s), EXACT).wanted for s in (1, 1, 2)
    ]
    np.testing.assert_array_equal(copies[0], copies[1])
    assert copies[0].shape != copies[2].shape or not np.allclose(copies[0], copies[2])


def test_rows_say_what_was_meant_in_the_frame_and_when_it_was_over(picks):
    path, chunk = picks[0], 5
    rows = build_rows([path], chunk)
    steps = len(path.wanted)
    assert rows.poses.shape == (steps, chunk, 9)
    assert rows.closing.shape == (steps, chunk)
    assert rows.inputs.shape[0] == steps
    here = poses.relative(path.view.frame[0], path.view.ee[0])
    ahead = poses.relative(path.view.frame[0], path.wanted[3])
    np.testing.assert_allclose(rows.poses[0, 3, :3], ahead[:3] - here[:3], atol=1e-12)
    assert rows.done[:-3].sum() == 0
    assert rows.done[-3:].all()
    np.testing.assert_array_equal(rows.poses[-1, 0], rows.poses[-1, -1])


def test_inputs_do_not_depend_on_where_in_the_world_it_happened(picks):
    path = picks[0]
    moved = np.array([0.2, -0.1, 0.0, *poses.from_yaw(np.asarray(0.8))])
    view = path.view
    elsewhere = replace(
        path,
        view=replace(
            view,
            ee=poses.compose(moved, view.ee),
            frame=poses.compose(moved, view.frame),
            thing=poses.compose(moved, view.thing),
        ),
        wanted=poses.compose(moved, path.wanted),
    )
    one, other = build_rows([path], 4), build_rows([elsewhere], 4)
    np.testing.assert_allclose(one.inputs, other.inputs, atol=1e-9)
    np.testing.assert_allclose(one.poses, other.poses, atol=1e-9)
