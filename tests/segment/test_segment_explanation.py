import pytest

from robot_skills.core.demonstration import Segment, SegmentRole
from robot_skills.segment.evidence import channels
from robot_skills.segment.evidence.modes import VIEWS
from robot_skills.segment.show.explanation import explain_cut, reason, segment_words, signal_words

OF_CHANNELS = (
    channels.HOLDING,
    channels.CHANGE,
    channels.TURN,
    channels.ACCELERATION,
    channels.PAUSE,
    channels.TREND_ERROR,
    channels.SURPRISE,
    channels.HINDSIGHT,
    *channels.SWITCHES,
    *VIEWS,
    "rest",
)
OF_PREDICTORS = ("motion", "turn", "action", "force", "path", "picture", "object", "fixture")


def test_a_cut_is_told_with_time_certainty_cause_and_what_changes():
    before = Segment("tea", 0, 50, "reach")
    after = Segment("tea", 50, 100, "grasp", 0.843, "gripper")
    said = explain_cut(before, after, 20.0)
    assert said == "at 2.50 s, 84 % sure, because the gripper switched: reach -> grasp"


def test_skills_that_nobody_named_are_left_out():
    said = explain_cut(Segment("a", 0, 3), Segment("a", 3, 9, "", 0.5, "action"), 10.0)
    assert said == "at 0.30 s, 50 % sure, because what comes next was hard to foresee (commands)"


def test_roles_are_named():
    assert segment_words(Segment("a", 0, 3, "x", role=SegmentRole.IDLE)) == "idle"
    assert segment_words(Segment("a", 0, 3, "grasp", role=SegmentRole.REPETITION)) == "grasp again"
    said = explain_cut(
        Segment("a", 0, 3, "grasp"), Segment("a", 3, 9, role=SegmentRole.EXTRANEOUS), 1.0
    )
    assert said.endswith("grasp -> extraneous")


def test_an_unknown_cause_is_told_as_it_is():
    assert "whistle" in reason("whistle")


@pytest.mark.parametrize("cause", [*OF_CHANNELS, *OF_PREDICTORS])
def test_every_cause_of_the_default_method_has_a_sentence_of_its_own(cause):
    assert reason(cause) != f"of {cause}"


def test_predictors_name_the_signal_they_were_least_sure_of():
    assert reason("picture") == "what comes next was hard to foresee (camera picture)"
    assert all(signal_words(cause) != cause for cause in OF_PREDICTORS)
