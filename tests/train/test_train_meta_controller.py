import numpy as np
import pytest

from robot_skills.core.errors import InputError, NoPlanError
from robot_skills.core.facts import parse_facts
from robot_skills.core.skill import Barred, ReferenceFrame, Skill, SkillLibrary
from robot_skills.nets.meta_policy import MetaPolicy, meta_shape
from robot_skills.run.controls.meta_controller import MetaController
from robot_skills.train.controls.meta_controller import recognise, train_meta_controller
from robot_skills.train.discovery.lifting import lift
from robot_skills.train.discovery.transitions import find_transitions


@pytest.fixture(scope="module")
def library(picks_and_places, task):
    lifted, _ = lift(find_transitions(*picks_and_places), task, 3)
    skills = tuple(
        Skill(
            name=one.operator.name,
            operators=(one.operator,),
            frame=ReferenceFrame("object", "?x"),
            settings={},
            weights={},
            end_poses={},
            start_ee=np.zeros((0, 3)),
            median_steps=20,
            segments=6,
        )
        for one in lifted
    )
    return SkillLibrary("blocks", "ur5e", 20.0, skills, {})


@pytest.fixture(scope="module")
def weights(picks_and_places, task, library):
    return train_meta_controller(find_transitions(*picks_and_places), library, task, seed=0)


@pytest.fixture(scope="module")
def controller(weights, task, library):
    return MetaController(MetaPolicy(weights, meta_shape(library, task), task), library, task)


def test_a_segment_is_recognised_as_the_operator_that_does_it(picks_and_places, library, task):
    histories, segments = picks_and_places
    first, second, *_ = find_transitions(histories[:1], segments)
    assert "holding(red)" in {str(fact) for fact in recognise(first, library, task).add}
    assert "on(red, green)" in {str(fact) for fact in recognise(second, library, task).add}


def test_the_meta_controller_does_what_was_demonstrated_in_the_same_place(
    picks_and_places, controller
):
    history = picks_and_places[0][0]
    goal = parse_facts("on(red, green) in(blue, tray)")
    plan = controller(history.facts[0], goal, history.objects)
    assert len(plan.steps) == 1
    assert "holding(red)" in {str(fact) for fact in plan.steps[0].operator.add}
    placed = next(f for f in history.facts if parse_facts("on(red, green) clear(red)") <= f)
    then = controller(placed, goal, history.objects)
    assert "holding(blue)" in {str(fact) for fact in then.steps[0].operator.add}


def test_the_meta_controller_chooses_only_what_can_start_and_is_not_barred(
    picks_and_places, controller, library
):
    history = picks_and_places[0][0]
    goal = parse_facts("on(red, green)")
    best = controller(history.facts[0], goal, history.objects).steps[0]
    barred = Barred(frozenset({(best.operator.name, best.arguments)}))
    assert controller(history.facts[0], goal, history.objects, barred).steps[0] != best
    with pytest.raises(NoPlanError, match="no skill can start"):
        controller(frozenset(), goal, history.objects)


def test_weights_of_another_library_are_refused(weights, task, library):
    smaller = SkillLibrary("blocks", "ur5e", 20.0, library.skills[:1], {})
    with pytest.raises(InputError, match="train it for this library"):
        MetaPolicy(weights, meta_shape(smaller, task), task)
