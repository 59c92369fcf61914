import numpy as np
import pytest

from robot_skills.nets.sight.memory import STRIDE, Memory, with_history

RATE_HZ = 20.0
FEATURES = np.random.default_rng(0).normal(size=(40, 3))


def test_one_observation_is_no_history():
    np.testing.assert_array_equal(with_history(FEATURES, 1), FEATURES)


def test_what_came_before_stands_first_and_the_first_step_before_the_beginning():
    rows = with_history(FEATURES, 3).reshape(40, 3, 3)
    np.testing.assert_array_equal(rows[30], FEATURES[[30 - 2 * STRIDE, 30 - STRIDE, 30]])
    np.testing.assert_array_equal(rows[STRIDE], FEATURES[[0, 0, STRIDE]])
    np.testing.assert_array_equal(rows[0], FEATURES[[0, 0, 0]])


@pytest.mark.parametrize("every", [1, STRIDE, 2])
def test_at_run_time_it_is_the_same_however_often_one_looks(every):
    memory = Memory(3, RATE_HZ)
    rows = with_history(FEATURES, 3)
    for step in range(0, 40, every):
        seen = memory.add(step / RATE_HZ + 7.0, FEATURES[step])
        np.testing.assert_array_equal(seen, rows[step])


def test_a_clock_that_trembles_does_not_matter():
    rng, memory = np.random.default_rng(1), Memory(3, RATE_HZ)
    rows = with_history(FEATURES, 3)
    for step in range(40):
        seen = memory.add((step + rng.uniform(-0.2, 0.2)) / RATE_HZ, FEATURES[step])
        np.testing.assert_array_equal(seen, rows[step])


def test_a_reset_forgets():
    memory = Memory(2, RATE_HZ)
    memory.add(0.0, FEATURES[0])
    memory.reset()
    np.testing.assert_array_equal(
        memory.add(5.0, FEATURES[9]), np.concatenate([FEATURES[9], FEATURES[9]])
    )
