import io
import os
import pty
import time

import numpy as np
import pytest
from rich.console import Console

from robot_skills.cli.desk import Desk, StoppedAtKeyboard
from robot_skills.cli.live_view import PlainLines, Shown, bar, picture
from robot_skills.cli.person import PersonAtTerminal, TwinOperator
from robot_skills.core.facts import parse_facts
from robot_skills.core.observation import Observation
from robot_skills.core.skill import Operator, Parameter, Plan, PlanStep
from robot_skills.deploy.bringup.person import Stopped
from robot_skills.deploy.control.status import RobotStatus
from robot_skills.record.terminal import TerminalKeys
from robot_skills.run.execute.watching import Moment

JOINTS = ("base", "elbow", "wrist")


def status(fault: str = "", time_s: float = 12.5) -> RobotStatus:
    return RobotStatus(
        mode="running",
        robot_time_s=time_s,
        rate_hz=124.9,
        lateness_p50_ms=0.08,
        lateness_p99_ms=0.9,
        lateness_max_ms=3.5,
        late=1,
        overruns=2,
        dropped_chunks=0,
        aged_chunks=0,
        joint_margin_rad=(2.4, 0.25, 0.06),
        nearest_m=0.082,
        speed_scale=0.4,
        fault=fault,
    )


def step(name: str, thing: str) -> PlanStep:
    parameters = (Parameter(thing, "block"),)
    return PlanStep(Operator(name, name, parameters, *[frozenset()] * 3, support=1))


OPEN, GRASP = step("open", "drawer"), step("grasp", "red")
PLAN = Plan(frozenset(), frozenset(), (OPEN, GRASP), 0.0)


def text_of(shown: Shown) -> str:
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    console.print(picture(shown))
    return console.file.getvalue()


def test_the_view_shows_plan_skill_facts_joints_rate_and_speed() -> None:
    facts = parse_facts("open(drawer) gripper_empty()")
    shown = text_of(Shown("ur5e at 192.168.0.10", JOINTS, status(), PLAN, GRASP, facts))
    for words in (
        "ur5e at 192.168.0.10",
        "open(drawer)  > grasp(red)",
        "gripper_empty()",
        "2.40 rad to its limit",
        "0.06 rad to its limit",
        "124.9 Hz, late p50 0.08, p99 0.90, most 3.5 ms",
        "late readings 1, overruns 2",
        "40% of what is allowed; nearest bodies 82 mm",
        "running, 12.5 s",
        "space or q: stop",
    ):
        assert words in shown


def test_a_latched_reason_stands_in_the_place_of_the_mode() -> None:
    shown = text_of(Shown("ur5e", JOINTS, status("stale: the clock stood still for 60 ms")))
    assert "LATCHED stale: the clock stood still for 60 ms" in shown
    assert "running" not in shown


def test_the_view_can_be_shown_before_anything_is_known() -> None:
    assert "none yet" in text_of(Shown("ur5e", JOINTS))


@pytest.mark.parametrize(
    ("margin_rad", "cells", "colour"),
    [
        (2.0, 24, "green"),
        (0.75, 12, "green"),
        (0.25, 4, "yellow"),
        (0.05, 1, "red"),
        (-1, 0, "red"),
    ],
)
def test_a_joints_bar_is_as_long_as_its_room(margin_rad: float, cells: int, colour: str) -> None:
    drawn = bar(margin_rad)
    assert drawn.plain.count("\u2588") == cells
    assert len(drawn.plain) == 24
    assert drawn.style == colour


def test_without_a_terminal_a_line_is_printed_when_something_changes() -> None:
    plain = PlainLines()
    assert plain.lines(Shown("", JOINTS, status(), PLAN, OPEN)) == [
        "    12.5 s  skill open(drawer)"
    ]
    assert plain.lines(Shown("", JOINTS, status(time_s=13.0), PLAN, OPEN)) == []
    assert plain.lines(Shown("", JOINTS, status("stale: x"), PLAN, GRASP)) == [
        "    12.5 s  skill grasp(red)",
        "    12.5 s  latched: stale: x",
    ]


class Arm:
    """Counts what the desk asks of it."""

    def __init__(self) -> None:
        self.beats = 0
        self.stops = 0

    def status(self) -> RobotStatus:
        return status()

    def beat(self) -> None:
        self.beats += 1

    def stop(self) -> None:
        self.stops += 1


def test_the_desk_beats_while_the_main_thread_works_and_no_longer() -> None:
    arm = Arm()
    with Desk(arm, Shown("", JOINTS)):
        until_s = time.monotonic() + 10.0
        while arm.beats < 4 and time.monotonic() < until_s:
            time.sleep(0.05)
    after = arm.beats
    assert after >= 4
    time.sleep(0.25)
    assert arm.beats == after


@pytest.mark.parametrize("key", [" ", "q"])
def test_the_stop_key_stops_the_arm_and_ends_what_the_main_thread_waits_for(key: str) -> None:
    arm = Arm()
    stopped = pytest.raises(StoppedAtKeyboard, match="stopped at the keyboard")
    with stopped, Desk(arm, Shown("", JOINTS), lambda: key):
        time.sleep(30.0)
    assert arm.stops == 1


def test_other_keys_stop_nothing() -> None:
    arm = Arm()
    with Desk(arm, Shown("", JOINTS), lambda: "abc\n"):
        time.sleep(0.3)
    assert arm.stops == 0


def test_what_the_executor_shows_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    seen = Observation(0.0, np.zeros(3), np.zeros(3), 0.08)
    with Desk(Arm(), Shown("", JOINTS)) as desk:
        desk.watch(Moment(seen, frozenset(), PLAN, GRASP, 3))
    assert "skill grasp(red)" in capsys.readouterr().out


@pytest.fixture
def terminal():
    typed, read = pty.openpty()
    yield typed, read
    os.close(typed)
    os.close(read)


def test_a_person_answers_with_one_key_while_the_arm_is_held(terminal, capsys) -> None:
    typed, read = terminal
    held = []
    with TerminalKeys(read) as keys:
        person = PersonAtTerminal(keys.pressed)

        def meanwhile() -> None:
            held.append(1)
            if len(held) == 3:
                os.write(typed, b"xR")

        assert person.ask("Did it?", "ynr", meanwhile) == "r"
    assert len(held) == 3
    assert "Did it? [y/n/r] r" in capsys.readouterr().out


def test_a_person_may_stop_instead_of_answering(terminal) -> None:
    typed, read = terminal
    with TerminalKeys(read) as keys:
        person = PersonAtTerminal(keys.pressed)
        person.listen()
        os.write(typed, b"q")
        with pytest.raises(Stopped, match="at the keyboard"):
            person.ask("Did it?", "yn", lambda: None)
        os.write(typed, b" ")
        with pytest.raises(Stopped):
            person.listen()


def test_nobody_says_yes_and_says_that_it_is_a_twin(capsys) -> None:
    assert TwinOperator().ask("Did it?", "ynr", lambda: None) == "y"
    assert "as this is a twin" in capsys.readouterr().out
