import numpy as np

from robot_skills.core.facts import parse_facts
from robot_skills.train.controls.flat import hindsight_goal, random_windows, train_flat
from robot_skills.train.learning.cloning import CloningConfig


def test_the_goal_in_hindsight_is_what_was_brought_about(picks_and_places):
    history = picks_and_places[0][0]
    assert hindsight_goal(history) == parse_facts("on(red, green) in(blue, tray)")


def test_a_fact_that_was_undone_and_restored_is_part_of_the_goal(new_hand):
    hand = new_hand()
    hand.pull(0.12)
    hand.pull(0.0)
    assert hindsight_goal(hand.history()) == parse_facts("closed(drawer)")


def test_random_windows_bring_something_about_and_cover_as_much_as_there_is(picks_and_places):
    history = picks_and_places[0][0]
    windows = random_windows(history, np.random.default_rng(0))
    lengths = [window.stop - window.start for window in windows]
    assert sum(lengths) >= history.steps
    assert min(lengths) >= 40  # 2 s
    assert all(w.start >= 0 and w.stop <= history.steps for w in windows)
    assert all(hindsight_goal(history, window) for window in windows)
    again = random_windows(history, np.random.default_rng(0))
    assert windows == again


def test_the_same_seed_gives_the_same_flat_policy(picks_and_places, task):
    histories = picks_and_places[0][:2]
    config = CloningConfig(steps=3)
    one, other = (
        train_flat(histories, task, config, seed=1, stretches=random_windows) for _ in range(2)
    )
    assert all(np.array_equal(one[name], other[name]) for name in one)
