"""The operator puts a peg that it holds askew into a hole with 1 mm to spare."""

import numpy as np
import pytest

from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_sequence
from robot_skills.core.task import Goal
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.record.insertion import Insertion
from robot_skills.record.session import rehearse


@pytest.mark.parametrize("arm", ["ur5e", "panda"])
def test_it_inserts_from_every_start(arm):
    assert all(rehearse("assembly", arm, "insert", seed) for seed in range(3))


def test_a_peg_that_stands_on_the_bench_is_picked_first():
    goal = Goal("given", False, parse_sequence("inserted(steel_peg, brass_socket)"), frozenset())
    assert sum(rehearse("assembly", "ur5e", goal, seed) for seed in range(3)) >= 2


def test_nothing_can_be_inserted_into_what_has_no_hole():
    task = load_task(find("envs", "assembly"))
    with pytest.raises(InputError, match=r"bench.*no interior_m"):
        Insertion(task, "steel_peg", "bench", lambda: None, np.random.default_rng(0))
