"""The alarm of a skill: silent at what demonstrations show, loud at what moves by itself."""

from dataclasses import replace

import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.core.errors import InputError
from robot_skills.core.skill import ReferenceFrame, Skill
from robot_skills.nets.alarm import THRESHOLDS, alarm_of, deviations, with_alarm
from robot_skills.nets.contact import AHEAD_STEPS, ContactView, contact_rows
from robot_skills.nets.gaussian_predictor import fit_predictor, score_rows
from robot_skills.train.learning.alarm import conformal_quantile

STEPS = 40
EMPTY = Skill("carry", (), ReferenceFrame("object", "?x"), {}, {}, {}, np.zeros((0, 3)), 40, 9)


def carrying(seed, lost_at=STEPS):
    """A hand that carries a thing along a random line, until it falls out at a step."""
    rng = np.random.default_rng(seed)
    speed = rng.uniform(-0.015, 0.015, 3)
    path = rng.uniform(-0.2, 0.2, 3) + np.arange(STEPS)[:, None] * speed
    upright = np.tile([1.0, 0, 0, 0], (STEPS, 1))
    thing = path.copy()
    fallen = np.arange(STEPS) - lost_at
    thing[fallen >= 0] = path[min(lost_at, STEPS - 1)]
    thing[:, 2] -= 0.05 * np.clip(fallen, 0, 3)
    return ContactView(
        ee=np.hstack([path, upright]),
        thing=np.hstack([thing, upright]),
        width_m=np.full(STEPS, 0.04),
        told_m=np.zeros(STEPS),
        others=np.tile(rng.uniform(-0.3, 0.3, (1, 2, 3)), (STEPS, 1, 1)),
        openings=np.zeros((STEPS, 1)),
    )


@pytest.fixture(scope="module")
def members():
    rows = [contact_rows(carrying(seed)) for seed in range(60)]
    inputs, targets = (np.concatenate(part) for part in zip(*rows, strict=True))
    return [fit_predictor(inputs, targets, seed) for seed in range(2)]


def turned(view, yaw):
    turn = np.tile(poses.from_yaw(np.asarray(yaw)), (STEPS, 1))

    def pose(path):
        return np.hstack([poses.rotate(turn, path[:, :3]), poses.multiply(turn, path[:, 3:])])

    others = np.stack([poses.rotate(turn, view.others[:, i]) for i in range(2)], axis=1)
    return replace(view, ee=pose(view.ee), thing=pose(view.thing), others=others)


def test_what_is_seen_does_not_depend_on_which_way_the_scene_is_turned():
    view = carrying(3, lost_at=20)
    for one, other in zip(contact_rows(view), contact_rows(turned(view, 0.8)), strict=True):
        assert one.shape[0] == STEPS - AHEAD_STEPS
        assert np.allclose(one, other, atol=1e-9)


def test_deviations_are_those_of_the_network_in_torch(members):
    view = carrying(101)
    inputs, targets = contact_rows(view)
    log_spread, actual = score_rows(members[0], inputs, targets)
    squares = 2 * (actual - log_spread)
    seen = deviations(members[0].layers, view)
    small = seen < 2.5  # the score bounds what is larger
    assert small.mean() > 0.9
    assert np.allclose(seen[small] ** 2, squares[small], atol=1e-2)


def test_the_alarm_is_silent_while_carrying_and_goes_off_when_the_thing_falls(members):
    shown = [
        np.max([deviations(m.layers, carrying(s)).max(axis=0) for m in members], axis=0)
        for s in range(200, 230)
    ]
    alarm = alarm_of(with_alarm(EMPTY, members, 3 * np.max(shown, axis=0)))

    def worst(view, stop):
        parts = range(AHEAD_STEPS + 1, stop + 1)
        return max(alarm.surprise(cut(view, end - AHEAD_STEPS - 1, end)) for end in parts)

    assert worst(carrying(300), STEPS) < 1
    lost = carrying(300, lost_at=20)
    assert worst(lost, 20) < 1
    assert worst(lost, 25) > 1


def cut(view, start, stop):
    names = ("ee", "thing", "width_m", "told_m", "others", "openings")
    return replace(view, **{name: getattr(view, name)[start:stop] for name in names})


def test_an_alarm_lies_among_a_skills_weights_and_settings(members):
    skill = with_alarm(EMPTY, members, [6.0] * 8)
    assert alarm_of(EMPTY) is None
    assert len(skill.weights) == 2 * len(members[0].layers)
    assert skill.settings[THRESHOLDS] == (6.0,) * 8
    with pytest.raises(InputError, match="carry has an alarm but lacks the numbers"):
        alarm_of(replace(skill, settings={}))


def test_the_threshold_is_exceeded_by_a_new_demonstration_as_seldom_as_asked():
    scores = list(range(1, 100))
    assert conformal_quantile(scores, 0.05) == 95
    assert conformal_quantile(scores, 0.001) == 99
    rng = np.random.default_rng(0)
    exceeded = [
        draw[-1] > conformal_quantile(list(draw[:-1]), 0.1) for draw in rng.normal(size=(2000, 30))
    ]
    assert np.mean(exceeded) < 0.11
