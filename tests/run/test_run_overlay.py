"""What is written over pictures, and the film."""

from dataclasses import replace

import numpy as np
import pytest
from run_skills import plan_of

from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_facts
from robot_skills.run.execute.trace import Event, Trace
from robot_skills.run.execute.watching import Moment
from robot_skills.run.show.film import VERDICT_S, write_film
from robot_skills.run.show.overlay import draw_overlay, draw_verdict
from robot_skills.sim.gl import rendering_available
from robot_skills.storage.video import count_frames, read_frames

FACTS = parse_facts("on(red, green) gripper_empty() closed(drawer) clear(red)")


@pytest.fixture
def moment(robot):
    plan = plan_of(FACTS, ("pick", "red"), ("drop", "red"))
    return Moment(robot.observe(), FACTS, plan, plan.steps[0], 1)


@pytest.fixture
def image():
    return np.full((480, 640, 3), 200, dtype=np.uint8)


def test_the_image_given_stays_as_it_is(image, moment):
    drawn = draw_overlay(image, moment)
    assert drawn.shape == image.shape
    assert drawn.dtype == np.uint8
    assert (image == 200).all()


def test_the_plan_stands_above_and_the_facts_below_and_the_middle_is_free(image, moment):
    drawn = draw_overlay(image, moment)
    assert (drawn[:60, -40:].mean(axis=(0, 1)) < 100).all()
    assert (drawn[-30:, :100].mean(axis=(0, 1)) < 130).all()
    assert (drawn[150:400] == 200).all()


def test_the_current_step_is_marked(image, moment):
    later = replace(moment, step=moment.plan.steps[1])
    between = replace(moment, step=None)
    pictures = [draw_overlay(image, m) for m in (moment, later, between)]
    assert not np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])


def test_many_facts_go_on_in_further_lines_inside_the_image(image, moment):
    names = [f"on(block_{i}, block_{i + 1})" for i in range(12)]
    crowded = replace(moment, facts=parse_facts(" ".join(names)))
    dark = (draw_overlay(image, crowded)[:, 5].mean(axis=1) < 150).sum()
    assert dark > (draw_overlay(image, moment)[:, 5].mean(axis=1) < 150).sum()


def test_what_went_wrong_stands_above_the_facts(image, moment):
    told = draw_overlay(image, moment, "given up: pick(red): it took too long")
    dark = [(drawn[:, 5].mean(axis=1) < 150).sum() for drawn in (draw_overlay(image, moment), told)]
    assert dark[1] > dark[0]


def test_once_the_goal_holds_no_step_is_the_current_one(image, moment):
    done = replace(moment, plan=replace(moment.plan, goal=parse_facts("closed(drawer)")))
    plans = [draw_overlay(image, replace(done, step=step))[:200] for step in done.plan.steps]
    assert np.array_equal(*plans)


def test_a_verdict_is_green_or_red(image):
    good, bad = (draw_verdict(image, success, "done") for success in (True, False))
    changed = (good != image).any(axis=2)
    assert good[changed][:, 1].mean() > good[changed][:, 0].mean()
    assert bad[changed][:, 0].mean() > bad[changed][:, 1].mean()


def test_nothing_done_makes_no_film(tmp_path, task, body):
    with pytest.raises(InputError, match="nothing to film"):
        write_film(tmp_path / "film.mp4", [], task, body.arm, False)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not rendering_available(), reason="no rendering here")
def test_a_film_has_a_frame_a_step_and_a_second_of_verdict(tmp_path, task, body, moment):
    path = tmp_path / "film.mp4"
    write_film(path, [moment] * 3, task, body.arm, True)
    assert count_frames(path) == 3 + VERDICT_S * task.rate_hz
    first, last = read_frames(path, [0, 22])
    assert first.shape == (480, 640, 3)
    assert np.abs(first.astype(int) - last).mean() > 1


@pytest.mark.skipif(not rendering_available(), reason="no rendering here")
def test_a_film_says_why_a_skill_was_given_up(tmp_path, task, body, moment):
    failed = Event(1, "failure", "pick(red): it took too long", "pick", ("red",))
    trace = Trace(False, 2, task.rate_hz, FACTS, FACTS, (Event(1, "start", "pick(red)"), failed))
    plain, told = tmp_path / "plain.mp4", tmp_path / "told.mp4"
    write_film(plain, [moment], task, body.arm, False)
    write_film(told, [moment], task, body.arm, False, trace=trace)
    ((one,), (other,)) = (read_frames(path, [0]) for path in (plain, told))
    assert np.abs(one.astype(int) - other).mean() > 0.1
