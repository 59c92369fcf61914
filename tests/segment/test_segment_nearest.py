import numpy as np
import pytest
from scipy.spatial import cKDTree

from robot_skills.segment.evidence.sticky import change_probability
from robot_skills.segment.predict.nearest import Nearest


@pytest.mark.parametrize(("rows", "count"), [(1, 3), (5, 5), (200, 4), (1500, 7), (1507, 7)])
def test_the_nearest_are_those_a_tree_finds(rows, count):
    rng = np.random.default_rng(rows)
    among, queries = rng.normal(3.0, 1.0, (rows, 12)), rng.normal(3.0, 1.0, (300, 12))
    distance, place = Nearest.among(among).find(queries, count)
    wanted, where = cKDTree(among).query(queries, k=range(1, min(count, rows) + 1))
    assert np.array_equal(np.sort(place, axis=1), np.sort(where, axis=1))
    assert np.allclose(np.sort(distance, axis=1), wanted, atol=1e-4)


def brute_force(likelihood, stay):
    """Change probabilities of one chain of two states by summing over all its courses."""
    samples = len(likelihood)
    leave = 1.0 / stay
    total, changed = 0.0, np.zeros(samples)
    for course in np.ndindex(*[2] * samples):
        switch = np.diff(course) != 0
        worth = np.prod(likelihood[np.arange(samples), course])
        worth *= np.prod(np.where(switch, leave, 1.0 - leave))
        total += worth
        changed[1:] += worth * switch
    return changed / total


def test_changes_of_a_sticky_state_are_those_of_all_courses_summed():
    likelihood = np.random.default_rng(0).uniform(0.05, 1.0, (9, 2))
    found = change_probability(np.log(likelihood)[None], 4.0)
    assert np.allclose(found[0], brute_force(likelihood, 4.0))


def test_states_a_chain_lacks_never_count_and_long_chains_do_not_run_dry():
    rng = np.random.default_rng(1)
    two = np.log(rng.uniform(1e-9, 1.0, (1, 3000, 2)))
    padded = np.concatenate([two, np.full((1, 3000, 3), -np.inf)], axis=2)
    found = change_probability(padded, 40.0)
    assert np.isfinite(found).all() and ((found > -1e-9) & (found < 1 + 1e-9)).all()
    assert np.allclose(found, change_probability(two, 40.0))
