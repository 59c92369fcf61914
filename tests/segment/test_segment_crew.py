"""Work is done alike by one process, by several and by a cluster (test_segment_ray.py)."""

import math
import multiprocessing
import operator
import os
import time
from functools import partial

import pytest

from robot_skills.core.errors import InputError
from robot_skills.core.worker import WorkerDied
from robot_skills.segment.many.crew import Alone, Outcome, Workers, attempt, map_sources, open_crew
from robot_skills.segment.many.processes import Processes


@pytest.fixture(scope="module")
def two():
    with Processes(2) as crew:
        yield crew


def test_results_come_in_the_order_of_the_items_whoever_works(two):
    numbers = [9.0, 4.0, -1.0, 1.0, 0.25]
    expected = [Outcome(3.0), Outcome(2.0), None, Outcome(1.0), Outcome(0.5)]
    for crew in (Alone(), two):
        found = map_sources(math.sqrt, numbers, crew)
        assert found[2].value is None and "ValueError" in found[2].reason
        assert [*found[:2], None, *found[3:]] == expected


def test_a_process_that_dies_costs_only_its_own_item(two):
    items = [partial(math.sqrt, 4.0), partial(os._exit, 3), partial(math.sqrt, 9.0)]
    found = map_sources(operator.call, items, two)
    assert [one.value for one in found] == [2.0, None, 3.0]
    assert [one.reason for one in found] == ["", str(WorkerDied()), ""]


def test_processes_are_gone_at_once_when_the_work_is_broken_off():
    before = set(multiprocessing.active_children())
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), Processes(2) as crew:
        for number, _ in crew.as_done(time.sleep, [0.0, 60.0, 60.0]):
            assert number == 0
            raise KeyboardInterrupt
    assert time.monotonic() - started < 30
    assert set(multiprocessing.active_children()) == before


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (InputError("no gripper"), "no gripper"),
        (PermissionError(13, "Permission denied", "a.h5"), "Permission denied: a.h5"),
        (MemoryError("too big"), "MemoryError: too big"),
    ],
)
def test_the_reason_says_what_went_wrong(error, reason):
    def work(_):
        raise error

    assert attempt(work, 1) == Outcome(None, reason)


def test_a_crew_is_chosen_by_the_wish():
    assert isinstance(open_crew(Workers()), Alone)
    assert isinstance(open_crew(Workers(3)), Processes)
    with pytest.raises(InputError, match="workers must be 1 or more; found 0"):
        Workers(0)
