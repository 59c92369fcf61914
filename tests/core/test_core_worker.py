"""Work in other processes: in order, its errors told, and gone at once when it is broken off."""

import math
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from processes import children_of, is_gone, wait_until

from robot_skills.core.errors import InputError
from robot_skills.core.parallel import map_in_processes
from robot_skills.core.worker import TIDYING_S, Worker, WorkerDied, stop


@dataclass(frozen=True)
class Root:
    """Prepares what draws roots; -9 kills the process, -1 breaks, and 7 is not to be drawn."""

    def __call__(self):
        return self.draw

    def draw(self, number):
        if number == -9:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == 7:
            raise InputError("seven is not to be drawn")
        return math.sqrt(number)


@dataclass(frozen=True)
class Lingering:
    """Prepares what leaves a file where it works, for a minute; `deaf` to being asked to leave."""

    folder: Path
    deaf: bool = False

    def __call__(self):
        return self.linger

    def linger(self, number):
        if self.deaf:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        file = self.folder / f"{number}.partial"
        try:
            file.touch()
            time.sleep(60)
        finally:
            file.unlink()


@pytest.fixture
def roots():
    with ExitStack() as ending:
        worker = Worker(Root())
        ending.callback(stop, [worker])
        yield worker


def test_answers_and_errors_come_back_one_after_the_other(roots):
    roots.send(9.0)
    assert roots.receive().get() == 3.0
    roots.send(7)
    with pytest.raises(InputError, match="seven is not to be drawn") as told:
        roots.receive().get()
    assert "in draw" in told.value.__notes__[0]
    roots.send(4.0)
    assert roots.receive().get() == 2.0


def test_a_death_is_told_and_the_next_order_starts_another_process(roots):
    roots.send(-9)
    with pytest.raises(WorkerDied, match="was killed, or memory ran out"):
        roots.receive().get()
    roots.send(4.0)
    assert roots.receive().get() == 2.0


def test_results_come_in_the_order_of_the_cases():
    assert map_in_processes(Root(), [9.0, 4.0, 1.0], workers=2) == [3.0, 2.0, 1.0]
    assert map_in_processes(Root(), [9.0, 4.0, 1.0], workers=1) == [3.0, 2.0, 1.0]


@pytest.mark.parametrize("wrong", [7, -1, -9])
def test_the_first_error_ends_all(wrong):
    with pytest.raises((InputError, ValueError, WorkerDied)):
        map_in_processes(Root(), [1.0, wrong, 4.0, 9.0], workers=2)
    assert not children_of(os.getpid(), "spawn_main")


@pytest.mark.parametrize("deaf", [False, True])
def test_a_worker_is_gone_soon_after_it_is_stopped(deaf, tmp_path):
    worker = Worker(Lingering(tmp_path, deaf))
    worker.send(0)
    assert wait_until(lambda: any(tmp_path.iterdir()))
    started_s = time.monotonic()
    stop([worker])
    assert time.monotonic() - started_s < TIDYING_S + 1.0
    assert not children_of(os.getpid(), "spawn_main")
    assert [file.name for file in tmp_path.iterdir()] == (["0.partial"] if deaf else [])


def test_an_interruption_does_not_meet_a_worker_that_is_still_starting(roots, capfd):
    roots.start()
    (started,) = children_of(os.getpid(), "spawn_main")
    os.kill(started, signal.SIGINT)
    roots.send(9.0)
    assert roots.receive().get() == 3.0
    assert capfd.readouterr().err == ""


PROGRAM = """
import signal, sys
from pathlib import Path
from robot_skills import cli
from robot_skills.core.parallel import map_in_processes
from test_core_worker import Lingering

signal.signal(signal.SIGINT, signal.default_int_handler)
work = Lingering(Path(sys.argv[1]), sys.argv[2] == "deaf")
cli._run_verb = lambda name, flags: map_in_processes(work, [0, 1, 2, 3], workers=2)
if __name__ == "__main__":
    sys.exit(cli.main(["run"]))
"""


@pytest.fixture
def program(tmp_path):
    """Starts a program with two workers, waits until both work, and gives it with their ids."""
    script, left = tmp_path / "program.py", tmp_path / "left"
    script.write_text(PROGRAM)
    left.mkdir()
    here = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
    path = {"PYTHONPATH": os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])}

    def start(manner=""):
        command = [sys.executable, str(script), str(left), manner]
        started = subprocess.Popen(command, env=os.environ | path, stderr=subprocess.PIPE)
        ending.enter_context(started)
        ending.callback(started.kill)
        assert wait_until(lambda: len(list(left.iterdir())) == 2)
        return started, children_of(started.pid, "spawn_main"), left

    with ExitStack() as ending:
        yield start


@pytest.mark.parametrize("manner", ["", "deaf"])
@pytest.mark.parametrize(("signals", "status"), [([2], 130), ([15], 143), ([15, 15, 2], 130)])
def test_an_interrupted_program_ends_at_once_with_its_workers(program, signals, status, manner):
    running, workers, left = program(manner)
    started_s = time.monotonic()
    for one in signals:
        running.send_signal(one)
        time.sleep(0.1)
    ended = running.wait(10)
    shown = 128 - ended if ended < 0 else ended  # what a shell shows of one that a signal ended
    assert shown in ({143, 130} if len(signals) > 1 else {status})
    assert time.monotonic() - started_s < TIDYING_S + 1.5
    assert len(workers) == 2 and all(map(is_gone, workers))
    assert manner or not list(left.iterdir())


@pytest.mark.parametrize("manner", ["", "deaf"])
def test_workers_end_with_a_program_that_is_killed(program, manner):
    running, workers, left = program(manner)
    running.kill()
    running.wait(10)
    assert len(workers) == 2
    assert wait_until(lambda: all(map(is_gone, workers)), TIDYING_S + 2.0)
    assert manner or not list(left.iterdir())
