import os
import termios
from contextlib import contextmanager
from itertools import islice

import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.core.control import Workspace
from robot_skills.core.errors import InputError
from robot_skills.core.observation import Observation
from robot_skills.record.keyboard import LEAD_M, STEPS_M, STEPS_RAD, Ending, KeyboardOperator
from robot_skills.record.keyboard_session import record_by_keyboard
from robot_skills.record.session import SessionConfig
from robot_skills.record.terminal import TerminalKeys, as_text
from robot_skills.storage.episodes import load_demonstrations

START = np.array([0.45, 0.0, 0.2, 0.0, 1.0, 0.0, 0.0])
ROOM = Workspace(np.array([0.25, -0.4, 0.01]), np.array([0.7, 0.4, 0.45]))
WIDE_M = 0.085


class Clock:
    """A wall clock on which only sleeping takes time."""

    def __init__(self):
        self.now_s = 0.0
        self.slept_s = []

    def sleep(self, seconds):
        self.slept_s.append(seconds)
        self.now_s += seconds


def operator_of(keys, width_m=WIDE_M, pose=START):
    """An operator before an arm that stays where it is, and one batch of keys a step."""
    batches, clock = iter(keys), Clock()
    observation = Observation(0.0, np.zeros(6), np.zeros(6), width_m)
    operator = KeyboardOperator(
        lambda: next(batches, "\n"),
        lambda: (observation, pose),
        20.0,
        ROOM,
        WIDE_M,
        clock=lambda: clock.now_s,
        sleep=clock.sleep,
    )
    return operator, clock


@pytest.mark.parametrize(
    ("key", "direction"),
    [
        ("w", [1, 0, 0]),
        ("s", [-1, 0, 0]),
        ("a", [0, 1, 0]),
        ("d", [0, -1, 0]),
        ("r", [0, 0, 1]),
        ("f", [0, 0, -1]),
    ],
)
def test_each_stroke_of_a_key_moves_the_wish_one_step(key, direction):
    operator, _ = operator_of([key, key + key])
    positions = [wish.ee_pose[:3] for wish in operator.wishes()]
    steps = np.diff(positions, axis=0) / STEPS_M[1]
    np.testing.assert_allclose(steps, np.outer([1, 2], direction), atol=1e-9)


def test_turning_keys_turn_about_the_vertical_and_back():
    operator, _ = operator_of(["q", "qe"])
    turns = [
        poses.rotation_vector(poses.multiply(wish.ee_pose[3:], poses.conjugate(START[3:])))
        for wish in operator.wishes()
    ]
    np.testing.assert_allclose(turns[1], [0, 0, STEPS_RAD[1]], atol=1e-9)
    np.testing.assert_allclose(turns[2], turns[1], atol=1e-9)


def test_speed_keys_change_the_step_within_its_range():
    operator, _ = operator_of(["+" * 10, "w", "-" * 10, "w"])
    positions = np.array([wish.ee_pose[0] for wish in operator.wishes()])
    np.testing.assert_allclose(np.diff(positions), [0, STEPS_M[-1], 0, STEPS_M[0]], atol=1e-9)
    assert operator.status == "step 2 mm, turn 1 degrees"


@pytest.mark.parametrize("width_m", [WIDE_M, 0.0])
def test_the_gripper_key_toggles_from_how_the_gripper_stands(width_m):
    operator, _ = operator_of(["", " ", "", " "], width_m)
    widths = [wish.gripper_width_m for wish in operator.wishes()]
    other = WIDE_M - width_m
    assert widths == [width_m, width_m, other, other, width_m]


def test_the_wish_runs_no_further_ahead_of_a_blocked_arm_than_its_lead():
    operator, _ = operator_of(["f" * 8] * 10)
    lowest = min(wish.ee_pose[2] for wish in operator.wishes())
    assert lowest == pytest.approx(START[2] - LEAD_M)


def test_the_wish_stays_in_the_workspace():
    border = np.array([ROOM.high[0] - 0.001, *START[1:]])
    operator, _ = operator_of(["w"] * 5, pose=border)
    assert max(wish.ee_pose[0] for wish in operator.wishes()) == ROOM.high[0]


@pytest.mark.parametrize(
    ("key", "ending"),
    [("\n", Ending.KEPT), ("\r", Ending.KEPT), ("x", Ending.DISCARDED), ("Q", Ending.QUIT)],
)
def test_an_ending_key_ends_the_episode_and_says_how(key, ending):
    operator, _ = operator_of(["w", f"w{key}w"])
    assert len(list(operator.wishes())) == 2
    assert operator.ending is ending


def test_wishes_come_at_the_control_rate_and_a_late_one_is_not_made_up_for():
    operator, clock = operator_of([""] * 10)
    wishes = operator.wishes()
    next(wishes)
    for _ in islice(wishes, 4):
        clock.now_s += 0.03  # the caller's own work
    np.testing.assert_allclose(clock.slept_s, [0.05, 0.02, 0.02, 0.02], atol=1e-9)
    clock.now_s += 0.2
    next(wishes)
    next(wishes)
    np.testing.assert_allclose(clock.slept_s[-2:], [0.0, 0.05], atol=1e-9)


@pytest.fixture
def terminal():
    """Both ends of a real terminal: what the user types into, what the program reads."""
    typed, read = os.openpty()
    yield typed, read
    os.close(typed)
    os.close(read)


def test_a_terminal_gives_keys_without_enter_and_is_left_as_it_was(terminal):
    typed, read = terminal
    before = termios.tcgetattr(read)
    with TerminalKeys(read) as keys:
        assert keys.pressed() == ""
        os.write(typed, b"wa q")
        assert keys.pressed() == "wa q"
        assert not termios.tcgetattr(read)[3] & (termios.ICANON | termios.ECHO)
    assert termios.tcgetattr(read) == before


def test_what_is_no_terminal_is_refused():
    reading, writing = os.pipe()
    with pytest.raises(InputError, match="needs a terminal"), TerminalKeys(reading):
        pass
    os.close(reading)
    os.close(writing)


def test_a_picture_as_text_has_two_pixels_a_character():
    image = np.zeros((60, 80, 3), np.uint8)
    image[:30] = [240, 0, 0]
    lines = as_text(image, columns=40).split("\n")
    assert len(lines) == 15
    assert all(line.count("\u2580") == 40 for line in lines)
    assert lines[0].startswith("\x1b[38;2;240;0;0;48;2;240;0;0m")
    assert lines[-1].startswith("\x1b[38;2;0;0;0;48;2;0;0;0m")


def test_a_session_at_a_terminal_keeps_what_the_operator_keeps(terminal, tmp_path):
    typed, read = terminal
    script = iter([b"w", b"w ", b"x", b"d", b"d", b"d", b"\n", b"", b"Q"])
    lines = []

    @contextmanager
    def screen(robot):
        def show(line):
            lines.append(line)
            os.write(typed, next(script))

        yield show

    config = SessionConfig(episodes=5, goals=("put_in_tray",), cameras=())
    with TerminalKeys(read) as keys:
        kept = record_by_keyboard(config, tmp_path, keys.pressed, screen)
    assert [(one.number, one.steps, one.failed_takes) for one in kept] == [(0, 4, 1)]
    (demonstration,) = load_demonstrations(tmp_path)
    assert demonstration.steps == 4
    wanted = demonstration.values("action/ee_pose")
    np.testing.assert_allclose(np.diff(wanted[:, 1]), -STEPS_M[1], atol=1e-9)
    assert lines[0].startswith("try in(")
