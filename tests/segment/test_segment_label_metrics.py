import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_skills.core.demonstration import Segment
from robot_skills.segment.metrics.intervals import bootstrap_mean
from robot_skills.segment.metrics.label_metrics import (
    OVERLAPS,
    edit_score,
    frame_accuracy,
    label_consistency,
    labels_of,
    matched_labels,
    normalised_mutual_information,
    over_segmentation,
    score_labels,
    segmental_f1,
)

labelling = st.lists(st.sampled_from("abcd"), min_size=1, max_size=30)
pair = st.integers(1, 30).flatmap(
    lambda steps: st.tuples(
        *[st.lists(st.sampled_from("abcd"), min_size=steps, max_size=steps)] * 2
    )
)
pairs = st.lists(pair, min_size=1, max_size=4)
names = st.permutations("wxyz")


def apart(many):
    """(found, true) of every demonstration, from pairs."""
    return [one for one, _ in many], [other for _, other in many]


def right_steps(found, true):
    """How many steps of all demonstrations have the true label."""
    return sum(a == b for x, y in zip(found, true, strict=True) for a, b in zip(x, y, strict=True))


def values(found, true):
    return {name: mean.value for name, mean in score_labels(found, true).items()}


@given(st.lists(labelling, min_size=1, max_size=4), names)
@settings(max_examples=40)
def test_the_truth_under_any_names_scores_one(true, others):
    renamed = [[others["abcd".index(x)] for x in one] for one in true]
    scores = values(renamed, true)
    consistency = scores.pop("consistency")
    assert scores == pytest.approx(dict.fromkeys(scores, 1.0))
    assert consistency == pytest.approx(label_consistency(true))


@given(pairs, names)
@settings(max_examples=40)
def test_the_names_of_found_labels_mean_nothing(many, others):
    found, true = apart(many)
    renamed = [[others["abcd".index(x)] for x in one] for one in found]
    one, other = matched_labels(found, true), matched_labels(renamed, true)
    assert right_steps(one, true) == right_steps(other, true)
    assert values(found, true)["nmi"] == pytest.approx(values(renamed, true)["nmi"])
    assert label_consistency(found) == pytest.approx(label_consistency(renamed))


@given(pairs)
@settings(max_examples=40)
def test_scores_lie_between_nothing_and_one_and_inside_their_intervals(many):
    for name, mean in score_labels(*apart(many)).items():
        assert mean.low <= mean.value <= mean.high and mean.n == len(many)
        assert mean.value > 0 if name == "over_segmentation" else 0 <= mean.value <= 1


@given(pair)
def test_symmetric_metrics_do_not_care_which_is_the_truth(both):
    one, other = both
    assert frame_accuracy(one, other) == frame_accuracy(other, one)
    assert edit_score(one, other) == pytest.approx(edit_score(other, one))
    nmi = normalised_mutual_information([one], [other])
    assert nmi == pytest.approx(normalised_mutual_information([other], [one]))
    assert over_segmentation(one, other) == pytest.approx(1 / over_segmentation(other, one))


@given(pair)
def test_more_overlap_is_never_easier(both):
    scores = [segmental_f1(*both, overlap) for overlap in OVERLAPS]
    assert scores == sorted(scores, reverse=True)


@given(pairs)
@settings(max_examples=40)
def test_matching_changes_no_information_and_never_lowers_accuracy(many):
    found, true = apart(many)
    matched = matched_labels(found, true)
    before = normalised_mutual_information(found, true)
    assert normalised_mutual_information(matched, true) == pytest.approx(before)
    assert right_steps(matched, true) >= right_steps(found, true)


def test_matching_goes_by_all_demonstrations_together():
    true = [list("aab"), list("aabbbb")]
    found = [list("xxy"), list("yyxxxx")]
    assert matched_labels(found, true) == [list("bba"), list("aabbbb")]


def test_a_label_too_many_matches_nothing():
    assert matched_labels([list("xyz")], [list("aab")])[0].count("a") == 1
    assert frame_accuracy(matched_labels([list("xyz")], [list("aab")])[0], list("aab")) == (
        pytest.approx(2 / 3)
    )


def test_known_edit_scores():
    assert edit_score("aaabbbccc", "abc") == 1.0
    assert edit_score("abab", "ab") == pytest.approx(0.5)
    assert edit_score("abc", "acb") == pytest.approx(1 / 3)
    assert edit_score("a", "b") == 0.0


def test_known_segmental_scores():
    true = list("aaaaaaaaaabbbbbbbbbb")
    found = list("aaaaaaaaaaaaaabbbbbb")  # overlaps 10/14 and 6/10
    assert [segmental_f1(found, true, o) for o in (0.5, 0.65, 0.75)] == [1.0, 0.5, 0.0]
    split = list("aaaabaaaaabbbbbbbbbb")  # five a of ten count once; the rest are wrong
    assert segmental_f1(split, true, 0.25) == pytest.approx(2 * 2 / (4 + 2))
    with pytest.raises(ValueError, match=r"overlap must lie in \(0, 1\]; found 0"):
        segmental_f1(true, true, 0)


def test_known_over_segmentation():
    assert over_segmentation("aabb", "cdcd") == 0.5
    assert over_segmentation("abab", "ccdd") == 2.0


def test_independent_labels_share_nothing():
    assert normalised_mutual_information(["aabb"], ["cdcd"]) == pytest.approx(0.0)
    assert normalised_mutual_information(["aabb"], ["ccdd"]) == pytest.approx(1.0)
    assert normalised_mutual_information(["aaaa"], ["cccc"]) == 1.0


def test_consistency_is_the_mean_over_pairs_and_over_demonstrations():
    found = ["aab", "abb", "abab", "c"]
    mean = score_labels(found, found)["consistency"]
    assert mean.value == pytest.approx(label_consistency(found))
    assert label_consistency(["aab", "abb"]) == 1.0 == label_consistency(["ab"])
    assert label_consistency(["ab", "cd"]) == 0.0


def test_labels_come_from_segments():
    pieces = [Segment("one", 0, 2, "grasp"), Segment("one", 2, 3, "place")]
    assert labels_of(pieces) == ["grasp", "grasp", "place"]
    assert labels_of([Segment("one", 0, 1), Segment("one", 1, 2)]) == ["segment 1", "segment 2"]


@pytest.mark.parametrize(("found", "true"), [(["ab"], ["a"]), ([], []), (["a"], []), ([""], [""])])
def test_labels_of_other_lengths_are_refused(found, true):
    with pytest.raises(ValueError, match="as many a demonstration"):
        score_labels(found, true)


def test_a_mean_needs_something_and_repeats_itself():
    with pytest.raises(ValueError, match="found none"):
        bootstrap_mean([])
    one = bootstrap_mean([0.2, 0.4, 0.9], seed=3)
    assert one == bootstrap_mean([0.2, 0.4, 0.9], seed=3)
    assert one.low < one.value == pytest.approx(0.5) and one.high > 0.5
    assert bootstrap_mean([0.7] * 5).low == pytest.approx(0.7)
