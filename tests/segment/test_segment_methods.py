import itertools
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.segment import Method, SegmentConfig, segment
from robot_skills.segment.config import TAKES_NUMBER, method_named
from robot_skills.segment.methods.buds import buds_pieces, tree_pieces
from robot_skills.segment.methods.change_points import kernel_boundaries_of
from robot_skills.segment.methods.cuts import spaced
from robot_skills.segment.methods.lotus import assign_open, find_clusters, lotus_pieces
from robot_skills.segment.methods.pieces import (
    LARGEST,
    Piece,
    drop_short,
    merge_equal,
    piece_features,
    spectral_labels,
)
from robot_skills.segment.methods.tree import LEAF_FRAMES, build_tree, cut_tree
from robot_skills.segment.methods.uvd import find_subgoals, smoothed

LEARNED = (Method.SURPRISE, Method.KERNEL_SURPRISE)  # which train networks first
PUBLISHED = [method for method in Method if method not in LEARNED]
LABELLING = (Method.BUDS, Method.LOTUS)
PLACES = {"a": (0.0, 0.0, 0.0), "b": (4.0, 0.0, 0.0), "c": (0.0, 4.0, 0.0), "d": (0.0, 0.0, 4.0)}


def dwelling(order, frames=60, seed=0):
    """Embedding (S, 3) that dwells at one place after another."""
    rng = np.random.default_rng(seed)
    places = np.repeat([PLACES[name] for name in order], frames, axis=0)
    return places + rng.normal(0, 0.05, places.shape)


def hand(name="hand", **channels):
    """A demonstration at 20 Hz that moves steadily unless a path is given."""
    steps = len(next(iter(channels.values())).values)
    walk = np.linspace(0, 1, steps)[:, None] * np.ones((1, 6))
    moving = {"q": Channel(walk, "rad", ChannelKind.JOINT_POSITION)}
    return Demonstration(name, 20.0, moving | channels)


def starts_of(one, method, **settings):
    return [s.start for s in segment([one], SegmentConfig(method, **settings))]


@pytest.fixture(scope="module")
def few(kinematic):
    return [kinematic(seed)[0] for seed in range(6)]


@pytest.mark.parametrize("method", PUBLISHED)
def test_every_method_tiles_at_every_fineness_and_repeats_itself(few, method):
    for finer in (0.3, 1.0, 3.0):
        config = SegmentConfig(method, finer=finer, seed=5)
        segments = segment(few, config)
        for one in few:
            mine = [s for s in segments if s.demonstration == one.name]
            assert mine[0].start == 0 and mine[-1].stop == one.steps
            assert all(a.stop == b.start for a, b in itertools.pairwise(mine))
            assert all(s.steps > 0 and 0 <= s.confidence <= 1 for s in mine)
        assert segments == segment(few, config)


@pytest.mark.parametrize("method", PUBLISHED)
def test_only_methods_that_compare_demonstrations_name_skills(few, method):
    skills = {s.skill for s in segment(few, SegmentConfig(method))}
    assert ("" not in skills) if method in LABELLING else skills == {""}


@pytest.mark.parametrize("method", PUBLISHED)
def test_recordings_of_a_few_steps_and_of_other_arms_are_cut_beside_others(few, method):
    short = [
        replace(
            few[0],
            name=f"short_{steps}",
            channels={n: replace(c, values=c.values[:steps]) for n, c in few[0].channels.items()},
        )
        for steps in (1, 3, 9, 25)
    ]
    still = hand("still", width=Channel(np.full((90, 1), 0.1), "m", ChannelKind.GRIPPER))
    segments = segment([*few[:2], *short, still], SegmentConfig(method))
    assert {s.demonstration for s in segments} >= {s.name for s in short} | {"still"}


@pytest.mark.parametrize("method", PUBLISHED)
def test_no_method_takes_long(kinematic, method):
    many = [kinematic(seed)[0] for seed in range(8)]
    begun = time.process_time()
    segment(many, SegmentConfig(method))
    assert time.process_time() - begun < 2.0  # a tenth of the 20 s for eighty


@pytest.mark.parametrize("method", TAKES_NUMBER)
@pytest.mark.parametrize("cuts", [0, 1, 4])
def test_methods_that_are_told_a_number_make_that_many(few, method, cuts):
    made = len(segment(few[:1], SegmentConfig(method, cuts=cuts))) - 1
    assert made <= cuts if method is Method.WINDOW else made == cuts  # as many as it has peaks


def test_random_cuts_differ_between_seeds_and_demonstrations(few):
    one, other = few[0], replace(few[0], name="other")
    cuts = {
        tuple(starts_of(d, Method.RANDOM, seed=s, cuts=5)) for d in (one, other) for s in (0, 1)
    }
    assert len(cuts) == 4


def test_an_unknown_method_is_refused_and_the_near_one_suggested():
    assert method_named("uvd") is Method.UVD
    with pytest.raises(InputError, match=r"no method 'key-pose'; did you mean 'key-poses'\?"):
        method_named("key-pose")


@pytest.mark.parametrize("method", [Method.KERNEL, Method.PELT, Method.WINDOW])
def test_change_points_lie_where_the_mean_jumps(method):
    path = np.repeat([[0.0] * 6, [1.0] * 6, [0.2] * 6], 80, axis=0)
    noise = np.random.default_rng(0).normal(0, 0.01, path.shape)
    one = Demonstration(
        "jump", 20.0, {"q": Channel(path + noise, "rad", ChannelKind.JOINT_POSITION)}
    )
    starts = starts_of(one, method)
    for jump in (80, 160):
        assert min(abs(start - jump) for start in starts) <= 4


def test_a_jump_of_the_wrench_is_an_event_beside_the_gripper():
    rng = np.random.default_rng(1)
    force = np.repeat([0.0, 8.0, 0.0], [60, 60, 80])[:, None] + rng.normal(0, 0.1, (200, 1))
    width = np.repeat([0.08, 0.02], [150, 50])[:, None]
    one = hand(
        wrench=Channel(force, "N", ChannelKind.WRENCH),
        width=Channel(width, "m", ChannelKind.GRIPPER),
    )
    pieces = segment([one], SegmentConfig(Method.EVENTS))
    assert [p.start for p in pieces] == pytest.approx([0, 60, 120, 150], abs=2)
    assert [p.cause for p in pieces] == ["start", "force", "force", "gripper"]
    assert [p.cause for p in segment([one], SegmentConfig(Method.GRIPPER))] == ["start", "gripper"]


def test_key_poses_are_stops_and_switches_and_one_where_both_meet():
    speed = np.ones(240)
    speed[60:70] = speed[120:132] = 0.0
    path = np.cumsum(speed)[:, None] * np.full((1, 6), 0.05)
    width = np.repeat([0.08, 0.02, 0.08], [125, 65, 50])[:, None]
    one = hand(
        q=Channel(path, "rad", ChannelKind.JOINT_POSITION),
        width=Channel(width, "m", ChannelKind.GRIPPER),
    )
    pieces = segment([one], SegmentConfig(Method.KEY_POSES))
    assert [p.start for p in pieces] == pytest.approx([0, 62, 123, 190], abs=3)
    assert [p.cause for p in pieces][1::2] == ["stop", "gripper"]


def test_events_are_kept_apart():
    assert spaced([3, 10, 15, 19, 31], 10) == [10, 31]


def test_uvd_finds_the_turning_points_of_a_path_backwards():
    to_and_fro = np.concatenate(
        [np.linspace(0, 1, 61), np.linspace(1, 0, 61)[1:], np.linspace(0, 1, 61)[1:]]
    )
    assert find_subgoals(to_and_fro[:, None], 18) == pytest.approx([60, 120], abs=1)
    assert find_subgoals(to_and_fro[:100, None], 18) == pytest.approx([60], abs=1)
    assert find_subgoals(np.linspace(0, 1, 100)[:, None], 18) == []


@given(st.integers(0, 1000), st.integers(30, 400))
@settings(max_examples=30)
def test_uvd_subgoals_keep_the_published_distance(seed, frames):
    walk = np.cumsum(np.random.default_rng(seed).normal(size=(frames, 3)), axis=0)
    subgoals = find_subgoals(walk, 18)
    assert all(b - a > 18 for a, b in itertools.pairwise([0, *subgoals, frames - 1]))


def test_uvd_looks_back_as_if_at_everything(monkeypatch):
    walk = np.cumsum(np.random.default_rng(3).normal(size=(900, 2)), axis=0)
    near = find_subgoals(walk, 18)
    monkeypatch.setattr("robot_skills.segment.methods.uvd.FIRST_WINDOW", 10_000)
    assert find_subgoals(walk, 18) == near and len(near) > 5


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=80))
def test_smoothing_is_nadaraya_and_watsons(values):
    frames = np.arange(len(values))
    weights = np.exp(-0.08 * (frames[:, None] - frames) ** 2)
    expected = weights @ np.array(values) / weights.sum(axis=1)
    np.testing.assert_allclose(smoothed(np.array(values), 0.08), expected, atol=1e-9)


def test_the_tree_parts_first_what_differs_most():
    root = build_tree(dwelling("ab", 100))
    left, right = root.children
    assert left.stop == right.start == 100


@given(st.integers(1, 300), st.integers(1, 40))
@settings(max_examples=40)
def test_a_cut_tree_tiles_the_frames_with_leaves_of_ten_or_more(frames, count):
    walk = np.cumsum(np.random.default_rng(frames).normal(size=(frames, 2)), axis=0)
    nodes = cut_tree(build_tree(walk), count)
    assert nodes[0].start == 0 and nodes[-1].stop == frames
    assert all(a.stop == b.start for a, b in itertools.pairwise(nodes))
    assert min(n.stop - n.start for n in nodes) >= min(LEAF_FRAMES, frames)
    assert len(nodes) >= min(count, max(1, frames // LEAF_FRAMES - 1))


def test_buds_gives_what_recurs_one_name_wherever_it_happens():
    orders = ["abc", "bca", "cab", "acb"]
    embeddings = [dwelling(order, seed=i) for i, order in enumerate(orders)]
    config = SegmentConfig(skills=3)
    trees = [tree_pieces(one, number, config) for number, one in enumerate(embeddings)]
    pieces = buds_pieces(trees, embeddings, config)
    assert [(p.start, p.stop) for p in pieces] == [(0, 60), (60, 120), (120, 180)] * 4
    names = [order for one in orders for order in one]
    assert len({(p.label, name) for p, name in zip(pieces, names, strict=True)}) == 3


def test_many_pieces_are_clustered_by_some_of_them():
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=LARGEST + 500)
    features = 10.0 * truth[:, None] + rng.normal(0, 0.1, (len(truth), 2))
    labels = spectral_labels(features, 3, seed=0)
    assert len(set(zip(labels.tolist(), truth.tolist(), strict=True))) == 3


def test_fewer_distinct_pieces_than_clusters_are_their_own_clusters():
    features = np.array([[0.0], [1.0], [0.0]])
    assert spectral_labels(features, 5, seed=0).tolist() == [0, 1, 0]


def test_equal_neighbours_become_one_but_not_across_demonstrations():
    pieces = [Piece(0, 0, 10, 1), Piece(0, 10, 20, 1), Piece(0, 20, 30, 2), Piece(1, 0, 10, 2)]
    assert merge_equal(pieces) == [Piece(0, 0, 20, 1), Piece(0, 20, 30, 2), Piece(1, 0, 10, 2)]


def test_a_cluster_too_short_goes_to_the_nearer_neighbour():
    embedding = np.concatenate([dwelling("a"), dwelling("a", 10) + 0.5, dwelling("b")])
    pieces = [Piece(0, 0, 60, 0), Piece(0, 60, 70, 1), Piece(0, 70, 130, 2)]
    assert drop_short(pieces, [embedding], 30) == [Piece(0, 0, 70, 0), Piece(0, 70, 130, 2)]


def test_lotus_joins_known_skills_and_opens_new_ones():
    embeddings = [dwelling("ab", seed=i) for i in range(8)] + [dwelling("bdd", seed=9)]
    known = [Piece(i, 60 * k, 60 * k + 60, k) for i in range(8) for k in range(2)]
    clusters = find_clusters(known, piece_features(known, embeddings), {0, 1})
    assert sorted(clusters) == [0, 1] and all(c.spread > 0 for c in clusters.values())
    fresh = [Piece(8, 0, 60), Piece(8, 60, 120), Piece(8, 120, 180)]
    embeddings[8][:60] = embeddings[0][60:]  # what was seen before
    embeddings[8][120:] = embeddings[8][60:120]  # what is new, twice
    assert [p.label for p in assign_open(fresh, known, embeddings, {0, 1})] == [1, 2, 2]


@pytest.mark.parametrize(("late", "skills"), [("cab", 3), ("dab", 4)])
def test_lotus_opens_a_skill_for_what_only_later_demonstrations_hold(late, skills):
    orders = ["abc", "bca", "cab", "acb", "bac", "cba", late, late, late, late]
    embeddings = [dwelling(order, seed=number) for number, order in enumerate(orders)]
    pieces = lotus_pieces(embeddings, SegmentConfig(skills=3))
    assert len({p.label for p in pieces}) == skills
    last = [p for p in pieces if p.demonstration == 9]
    assert [p.start for p in last] == [0, 60, 120]
    assert len({p.label for p in last}) == 3


def test_change_points_of_the_surprise_are_where_its_level_changes():
    rng = np.random.default_rng(0)
    level = np.repeat([0.0, 3.0, 0.0], 100)[:, None]
    columns = np.concatenate([level, -level, np.ones((300, 1))], axis=1)
    columns[:, :2] += rng.normal(0.0, 0.2, (300, 2))
    found = kernel_boundaries_of(columns, SegmentConfig(), "surprise")
    assert [b.sample for b in found] == pytest.approx([100, 200], abs=3)
    assert {b.cause for b in found} == {"surprise"}
    assert kernel_boundaries_of(np.ones((300, 2)), SegmentConfig(), "surprise") == []
