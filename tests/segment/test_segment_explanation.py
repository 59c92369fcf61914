from robot_skills.core.demonstration import Segment, SegmentRole
from robot_skills.segment.show.explanation import explain_cut, reason, segment_words


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
