from dataclasses import replace

import numpy as np
import pytest

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.core.skill import Skill, SkillLibrary
from robot_skills.train.discovery.grouping import group_operators, motions_of
from robot_skills.train.discovery.lifting import lift
from robot_skills.train.discovery.transitions import find_transitions
from robot_skills.train.growing import best_match, check_kin, sort_out, unseen
from robot_skills.train.lineage import content_hash, grown_lineage, growths
from robot_skills.train.trainer import TrainConfig

CONFIG = TrainConfig(min_support=3)
PATH = Channel(np.arange(12.0).reshape(4, 3), "m", ChannelKind.POSE)
ONE = Demonstration("one", 20.0, {"path": PATH}, provenance={"arm": "ur5e"})


@pytest.fixture(scope="session")
def library(picks_and_places, task):
    """Picking off a surface, putting on a block and into a container: without policies."""
    groups = group_operators(lift(find_transitions(*picks_and_places), task, 3)[0], task)
    skills = tuple(
        Skill(
            name=group.name,
            operators=tuple(member.operator for member in group.members),
            frame=group.frame,
            settings={},
            weights={},
            end_poses={},
            start_ee=np.zeros((0, 3)),
            median_steps=30,
            segments=len(group.instances),
            motions={m.operator.name: motions_of(m, task) for m in group.members},
        )
        for group in groups
    )
    return SkillLibrary("blocks", "ur5e", 20.0, skills, {})


def shown(hands):
    return [hand.history() for hand in hands], [s for hand in hands for s in hand.segments()]


def hands_that(new_hand, count, *deeds):
    """Histories of hands that do each deed, cut after every one."""
    hands = [new_hand(f"new_{seed}", 100 + seed) for seed in range(count)]
    for hand in hands:
        for deed in deeds:
            deed(hand)
            hand.cut()
    return shown(hands)


def take_from_aside(hand):
    """Takes red with the hand 9 cm beside it: the same change of facts by another motion."""
    hand.move(hand.things["red"][:3] + [0, 0.09, 0.1], frame_of="red")
    hand.move(hand.things["red"][:3] + [0, 0.09, 0.05], 8, frame_of="red")
    hand.held = "red"
    hand._grip = np.array([0.0, 0, 0, 1, 0, 0, 0])
    hand.wait(3)
    hand.move(hand.ee[:3] + [0, 0, 0.12], 10, frame_of="red")


def test_what_is_known_joins_and_nothing_is_learned_anew(library, new_hand, task):
    histories, segments = hands_that(
        new_hand, 2, lambda h: h.take("green"), lambda h: h.put_on("blue")
    )
    found = sort_out(library, histories, segments, task, CONFIG)
    names = [match.operator.name for match in found.joining]
    assert sorted(names) == ["holding_off_surface"] * 2 + ["on_block"] * 2
    assert found.groups == found.unlike == found.left_over == ()
    assert all(match.judged for match in found.joining)
    picks = [m for m in found.joining if m.operator.name == "holding_off_surface"]
    assert {m.instance.binding["?x"] for m in picks} == {"green"}


def test_what_is_novel_and_recurs_becomes_a_skill(library, new_hand, task):
    histories, segments = hands_that(new_hand, 3, lambda h: h.pull(0.16), lambda h: h.take("red"))
    found = sort_out(library, histories, segments, task, CONFIG)
    assert [group.name for group in found.groups] == ["open"]
    assert [match.operator.name for match in found.joining] == ["holding_off_surface"] * 3


def test_what_is_novel_and_rare_is_left_over(library, new_hand, task):
    histories, segments = hands_that(new_hand, 2, lambda h: h.take("red"), lambda h: h.pull(0.16))
    found = sort_out(library, histories, segments, task, CONFIG)
    assert found.groups == ()
    assert len(found.left_over) == 2
    assert len(found.joining) == 2


def test_the_same_change_by_another_motion_is_novel_and_gets_a_name_of_its_own(
    library, new_hand, task
):
    histories, segments = hands_that(new_hand, 3, take_from_aside)
    found = sort_out(library, histories, segments, task, CONFIG)
    assert [match.operator.name for match in found.unlike] == ["holding_off_surface"] * 3
    [group] = found.groups
    assert group.name == "holding_block"
    assert [m.operator.name for m in group.members] == ["holding_off_surface_2"]
    assert min(match.excess for match in found.unlike) > 1.5


def test_without_motions_the_change_of_facts_decides(library, new_hand, task):
    old = replace(library, skills=tuple(replace(s, motions={}) for s in library.skills))
    histories, segments = hands_that(new_hand, 3, take_from_aside)
    found = sort_out(old, histories, segments, task, CONFIG)
    assert [match.judged for match in found.joining] == [False] * 3
    assert found.groups == ()


def test_a_change_with_something_beside_joins_what_explains_most_of_it(
    library, picks_and_places, task
):
    pick = find_transitions(*picks_and_places)[0]
    lost = next(iter(f for f in pick.before if f.predicate == "clear" and f not in pick.deleted))
    odd = replace(pick, after=pick.after - {lost})
    assert best_match(odd, library, task) is None
    match = best_match(odd, library, task, exactly=False)
    assert match is not None
    assert match.operator.name == "holding_off_surface"
    assert match.joins


def test_nothing_known_and_nothing_frequent_is_refused(library, new_hand, task):
    histories, segments = hands_that(new_hand, 1, lambda h: h.pull(0.16))
    with pytest.raises(InputError, match="nothing to grow by: of 1 changes of facts"):
        sort_out(library, histories, segments, task, CONFIG)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"task": "kitchen"}, "its own task: it has kitchen, they have blocks"),
        ({"arm": "panda"}, "its own arm: it has panda, they have ur5e"),
        ({"rate_hz": 50.0}, r"its own rate in Hz: it has 50.0, they have 20.0"),
    ],
)
def test_another_task_arm_or_rate_is_refused(other, message, library, task):
    with pytest.raises(InputError, match=message):
        check_kin(replace(library, **other), [ONE], task)


def test_a_demonstration_is_known_again_by_its_content(library):
    lineage = grown_lineage({"sha256/a": "0"}, {"sha256/one": content_hash(ONE)})
    assert lineage == {"sha256/a": "0", "grown/1/sha256/one": content_hash(ONE)}
    assert growths(grown_lineage(lineage, {"seed": "1"})) == 2
    other = replace(ONE, name="other", rate_hz=10.0)
    old = replace(library, lineage=lineage)
    assert unseen(old, [replace(ONE, name="renamed"), other, other]) == (other,)
