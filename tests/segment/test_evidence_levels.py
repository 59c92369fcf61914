"""From curves to evidence, how far channels are believed, and how they are mixed."""

import numpy as np
import pytest

from robot_skills.core.errors import InputError
from robot_skills.segment.evidence.fusion import FEATURES, Mixture, share_of_few
from robot_skills.segment.evidence.levels import Level, split_level
from robot_skills.segment.evidence.weights import Weights, read_weights, shipped_weights


def bumps(heights, every=60, width=4.0):
    """A curve that crests at 30, 90, ... samples with the given heights."""
    time = np.arange(every * len(heights))[:, None]
    centres = every * np.arange(len(heights)) + every // 2
    return (np.array(heights) * np.exp(-0.5 * ((time - centres) / width) ** 2)).sum(axis=1)


HEIGHTS = (3.0, 0.2, 2.8, 0.3, 3.2, 0.25, 0.2, 3.0)


def test_the_split_parts_two_groups():
    assert 0.2 < split_level([0.1, 0.2, 0.15, 5.0, 5.2]) < 5.0
    assert split_level([4.0]) == 4.0
    assert split_level([]) == float("inf")


def test_a_level_lies_between_low_and_high_crests_and_parts_them_well():
    level = Level.find([bumps(HEIGHTS)])
    assert 0.3 < level.height < 2.8
    assert level.separation > 0.95
    alike = Level.find([bumps(np.random.default_rng(0).uniform(1, 2, 40))])
    assert alike.separation < level.separation


def test_evidence_knows_no_unit_and_no_offset():
    curve = bumps(HEIGHTS)
    known = Level.find([curve]).evidence(curve)
    other = 250 * curve - 3
    assert Level.find([other]).evidence(other) == pytest.approx(known)
    assert known.min() >= 0 and known.max() <= 1
    at = np.arange(8) * 60 + 30
    assert [known[t] > 0.5 for t in at] == [h > 1 for h in HEIGHTS]


def test_a_crest_as_high_as_the_level_is_evidence_of_one_half():
    curve = bumps([1.0, 2.0, 1.5, 3.0])
    at_crest = bumps([1.0] * 4)
    height = float(curve[30]) * 4 / np.sqrt(4**2 + 1)  # a Gaussian of 4 blurred by one of 1
    found = Level(height, 1.0).evidence(at_crest)
    assert found[[30, 90, 150, 210]] == pytest.approx(0.5, abs=0.01)


def test_hardly_any_crest_and_none_at_all_have_no_level():
    assert Level.find([bumps([1.0, 2.0, 3.0])]) is None
    assert Level.find([np.zeros(100), np.ones(3)]) is None


def test_crests_that_are_all_alike_are_not_parted():
    level = Level.find([np.tile([0.0] * 10 + [1.0] + [0.0] * 9, 30)[5:-5]])
    assert np.isfinite(level.height)
    assert 0.0 <= level.separation <= 1.0


TRUST = {"holding": 0.3, "contact modes": 0.1, "gripper": 0.1, "turning back": 0.2, "pause": 0.3}


def evidence(seed, samples=40):
    rng = np.random.default_rng(seed)
    return {name: rng.random(samples) for name in TRUST}


@pytest.mark.parametrize("known", [True, False])
def test_shares_sum_to_what_the_features_add_to_the_logit(known):
    mixture = Mixture.of(TRUST, known)
    seen = evidence(2)
    coefficients = np.arange(1.0, len(FEATURES) + 1)
    logits = mixture.features(seen) @ coefficients
    for t in range(40):
        row = np.array([seen[name][t] for name in mixture.channels])
        assert mixture.shares(row, coefficients).sum() == pytest.approx(logits[t])


def test_contact_speaks_by_its_mean_and_its_strongest_where_it_is_known():
    seen = evidence(3) | {"touch": evidence(4)["pause"]}
    features = dict(
        zip(FEATURES, Mixture.of(TRUST | {"touch": 0.0}, True).features(seen).T, strict=True)
    )
    together = (seen["holding"] + seen["touch"] + seen["contact modes"]) / 3
    assert features["contact"] == pytest.approx(together)
    strongest = np.maximum(seen["holding"], seen["touch"])
    assert features["strongest contact"] == pytest.approx(strongest)
    agreed = sum(TRUST[name] * seen[name] for name in TRUST)
    assert features["agreement beside contact"] == pytest.approx(agreed)
    for name in ("agreement", "turning back", "pause", "change"):
        assert not features[name].any()


def test_the_motion_speaks_where_contact_is_unknown():
    seen = evidence(5)
    features = dict(zip(FEATURES, Mixture.of(TRUST, False).features(seen).T, strict=True))
    assert features["contact"] == pytest.approx((seen["holding"] + seen["gripper"]) / 2)
    assert features["turning back"] == pytest.approx(seen["turning back"])
    assert features["agreement"] == pytest.approx(sum(TRUST[n] * seen[n] for n in TRUST))
    assert not features["strongest contact"].any()
    assert not features["change"].any()  # there is no such channel here


def test_physical_change_decides_less_the_more_is_recorded():
    by_number = [share_of_few(n, 1.0) for n in (1, 5, 10, 40, 1000)]
    by_length = [share_of_few(1000, minutes) for minutes in (0.1, 4.0, 8.0, 60.0)]
    for shares in (by_number, by_length):
        assert shares == sorted(shares, reverse=True)
        assert all(0 <= share <= 1 for share in shares)
    assert share_of_few(1, 0.5) > 0.98 and share_of_few(200, 600.0) < 0.01
    assert share_of_few(10, 1e9) == pytest.approx(0.5)


MADE = Weights(tuple(float(n) / 4 for n in range(len(FEATURES))), -3.0, 2.0, 0.5, 1.5, -0.25)


def test_weights_are_read_as_they_were_written():
    assert read_weights(MADE.text(), "made") == MADE
    assert read_weights(shipped_weights().text(), "shipped") == shipped_weights()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("format = ", "damaged"),
        ("", "damaged"),
        (MADE.text().replace("format = 1", "format = 7"), "format must be 1; found 7"),
        (MADE.text().replace("bias = -3.0000", "bias = 'much'"), "damaged"),
        (MADE.text().replace(f'"{FEATURES[0]}"', '"other"'), "damaged"),
        (MADE.text().replace("slope = 1.5000\n", ""), "damaged.*slope"),
    ],
)
def test_damaged_and_unknown_weights_are_refused_with_their_place(text, what):
    with pytest.raises(InputError, match=rf"here\.toml: .*{what}"):
        read_weights(text, "here.toml")


def test_the_logit_goes_over_from_evidence_to_surprise():
    features, rise = np.ones((1, len(FEATURES))), np.array([1.5])
    assert MADE.logit(features, rise, 1.0) == pytest.approx(sum(MADE.coefficients) - 3.0)
    assert MADE.logit(features, rise, 0.0) == pytest.approx(3.0)
    middle = MADE.logit(features, rise, 0.5)
    assert middle == pytest.approx((sum(MADE.coefficients) - 3.0 + 3.0) / 2)


def test_confidence_grows_with_the_logit_and_stays_a_probability():
    found = MADE.confidence(np.linspace(-50, 50, 101))
    assert np.all(np.diff(found) >= 0) and found[0] >= 0 and found[-1] <= 1
    assert MADE.confidence(np.array([0.25 / 1.5])) == pytest.approx(0.5)
