import mmap
import socket
import subprocess
import threading
import time

import pytest

from robot_skills.deploy.control.watchdog import Beats, Guard, Halted, Silence, watch

pytestmark = pytest.mark.real_time

SILENCE_MAX_S = 0.1


class Watched:
    """A control process to be watched: its beats, its end of the socket, and what was halted."""

    def __init__(self, guard: Guard) -> None:
        self.beats = Beats(mmap.mmap(-1, 4096))
        self.beats.guard = guard
        self.end, peer = socket.socketpair()
        self.halted_s: list[float] = []
        self.watching = threading.Thread(
            target=watch, args=(self.beats, peer, SILENCE_MAX_S, self._halt)
        )
        self.watching.start()

    def _halt(self) -> None:
        self.halted_s.append(time.monotonic())

    def ended(self) -> bool:
        self.watching.join(5.0)
        return not self.watching.is_alive()


def test_a_control_process_that_dies_while_guarded_is_followed_by_a_halt() -> None:
    watched = Watched(Guard.LIFE)
    watched.end.close()
    assert watched.ended()
    assert len(watched.halted_s) == 1
    assert watched.beats.halted is Halted.YES


def test_one_that_ends_after_it_stopped_the_arm_is_left_alone() -> None:
    watched = Watched(Guard.OFF)
    watched.end.close()
    assert watched.ended()
    assert watched.halted_s == []
    assert watched.beats.halted is Halted.NO


def test_one_that_hangs_is_killed_and_then_the_arm_is_halted() -> None:
    process = subprocess.Popen(["sleep", "60"])
    watched = Watched(Guard.OFF)
    watched.beats.control_pid = process.pid
    watched.beats.guard = Guard.BEATS
    assert watched.ended()
    assert process.wait(1.0) == -9
    assert len(watched.halted_s) == 1


def test_one_whose_heart_beats_is_left_alone_and_one_that_brings_up_its_arm_may_be_silent() -> None:
    watched = Watched(Guard.LIFE)
    time.sleep(3 * SILENCE_MAX_S)
    assert watched.halted_s == []
    for _ in range(30):
        watched.beats.control += 1
        watched.beats.guard = Guard.BEATS
        time.sleep(0.01)
    assert watched.halted_s == []
    watched.beats.guard = Guard.OFF
    watched.end.close()
    assert watched.ended()


def test_a_halt_that_fails_is_tried_again_and_told_when_it_never_works() -> None:
    beats = Beats(mmap.mmap(-1, 4096))
    beats.guard = Guard.LIFE
    ours, theirs = socket.socketpair()
    ours.close()
    attempts = []

    def halt() -> None:
        attempts.append(1)
        raise OSError

    watch(beats, theirs, SILENCE_MAX_S, halt)
    assert len(attempts) == 5
    assert beats.halted is Halted.FAILED


def test_silence_counts_only_what_the_watcher_could_see() -> None:
    silence = Silence(0.01)
    silence.update(1, 10.0)
    assert silence.update(1, 10.01) == pytest.approx(0.01)
    assert silence.update(1, 15.0) == pytest.approx(0.03)  # it did not get the processor
    assert silence.update(2, 15.01) == 0.0
