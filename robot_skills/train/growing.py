"""Open-set growth: new demonstrations add to a library, and what it has learned stays as it is.

The rule of LOTUS (Wan et al., ICRA 2024), told in facts: a change joins the operator whose change
of facts it shows, if its motion in the skill's reference frame is like those that the skill was
learned from. Otherwise it is novel; what is novel and recurs becomes a new operator and skill.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import permutations
from math import inf

import numpy as np

from robot_skills.core.demonstration import Demonstration, Segment
from robot_skills.core.errors import InputError
from robot_skills.core.progress import Track, quiet
from robot_skills.core.robot import Kinematics
from robot_skills.core.skill import Operator, Skill, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.train.discovery.grouping import (
    FramedOperator,
    SkillGroup,
    group_operators,
    motion_of,
)
from robot_skills.train.discovery.lifting import Instance, lift, signature_of_operator
from robot_skills.train.discovery.motions import strangeness, usual_strangeness
from robot_skills.train.discovery.splitting import Frequent, split_recurring
from robot_skills.train.discovery.transitions import Transition, find_transitions
from robot_skills.train.history import History, read_history
from robot_skills.train.learning.seeing import read_footage
from robot_skills.train.lineage import content_hash, grown_lineage, lineage_of
from robot_skills.train.trainer import (
    Keep,
    TrainConfig,
    end_poses_of,
    has_place,
    learn_anew,
    learn_skill,
    one_arm,
)


@dataclass(frozen=True)
class Additions:
    """Demonstrations that a library shall grow by, and how they are cut."""

    demonstrations: Sequence[Demonstration]
    segments: Sequence[Segment]


@dataclass(frozen=True)
class Match:
    """A transition seen as an operator of the library, and how strange its motion is to it.

    `excess` is the strangeness as a share of what is usual; without motions to compare it with it
    is not `judged`, and 0.
    """

    operator: Operator
    instance: Instance
    excess: float
    judged: bool = True

    @property
    def joins(self) -> bool:
        """Whether the motion is like what the skill was learned from."""
        return self.excess <= 1.0


@dataclass(frozen=True)
class SortedOut:
    """What joins the library, what changes the same by another motion, new skills, the rest."""

    joining: tuple[Match, ...]
    unlike: tuple[Match, ...]
    groups: tuple[SkillGroup, ...]
    left_over: tuple[Transition, ...]


@dataclass(frozen=True)
class Growth:
    """The grown library, its new skills, and what became of every change in the demonstrations.

    `joined` counts by operator what joined it, `unlike` what changed the same by another motion;
    for operators in `unjudged` no motions were known, and the change of facts decided alone.
    """

    library: SkillLibrary
    groups: tuple[SkillGroup, ...]
    joined: Mapping[str, int]
    unlike: Mapping[str, int]
    unjudged: tuple[str, ...]
    left_over: tuple[Transition, ...]


def grow(
    library: SkillLibrary,
    new: Additions,
    task: Task,
    kinematics: Kinematics,
    config: TrainConfig,
    track: Track = quiet,
    keep: Keep = learn_anew,
) -> Growth:
    """Add what demonstrations show to a library; the weights of its skills stay as they are.

    Raises InputError for another task, arm or rate, for demonstrations that the library was
    learned from, and where nothing is known and nothing novel recurs.
    """
    check_kin(library, new.demonstrations, task)
    if len(unseen(library, new.demonstrations)) < len(new.demonstrations):
        raise InputError("the library was learned from some of the demonstrations; leave them out")
    histories = [
        read_history(one, task, kinematics) for one in track(new.demonstrations, "reading facts")
    ]
    sorted_out = sort_out(library, histories, new.segments, task, config)
    names = config.cameras if sorted_out.groups else ()
    footage = read_footage(new.demonstrations, histories, names) if names else None
    learned = [
        keep(g.name, partial(learn_skill, g, task, config, footage, track))
        for g in sorted_out.groups
    ]
    widened = [_widened(skill, sorted_out.joining, task) for skill in library.skills]
    lineage = lineage_of(new.demonstrations, new.segments, task, config)
    return Growth(
        replace(
            library, skills=(*widened, *learned), lineage=grown_lineage(library.lineage, lineage)
        ),
        sorted_out.groups,
        Counter(match.operator.name for match in sorted_out.joining),
        Counter(match.operator.name for match in sorted_out.unlike),
        tuple(sorted({m.operator.name for m in sorted_out.joining if not m.judged})),
        sorted_out.left_over,
    )


def check_kin(library: SkillLibrary, demonstrations: Sequence[Demonstration], task: Task) -> None:
    """Raise InputError unless demonstrations are of the library's task, arm and rate."""
    if not demonstrations:
        raise InputError("there is nothing to grow by: no demonstrations were given")
    rates = {float(one.rate_hz) for one in demonstrations}
    for what, own, others in (
        ("task", library.task, {task.name}),
        ("arm", library.arm, {one_arm(demonstrations)}),
        ("rate in Hz", float(library.rate_hz), rates),
    ):
        if others != {own}:
            found = ", ".join(map(str, sorted(others)))
            raise InputError(
                f"a library grows by demonstrations of its own {what}: it has {own}, they have "
                f"{found}; train a library of their own"
            )


def unseen(
    library: SkillLibrary, demonstrations: Sequence[Demonstration]
) -> tuple[Demonstration, ...]:
    """The demonstrations whose content the library was not learned from, each once."""
    seen = set(library.lineage.values())
    found = []
    for one in demonstrations:
        content = content_hash(one)
        if content not in seen:
            found.append(one)
            seen.add(content)
    return tuple(found)


def sort_out(
    library: SkillLibrary,
    histories: Sequence[History],
    segments: Sequence[Segment],
    task: Task,
    config: TrainConfig,
) -> SortedOut:
    """What each change in the histories is to the library, by the rule of this module.

    Raises InputError where nothing is known and nothing novel recurs.
    """
    cut = find_transitions(histories, segments)
    support = config.support(len(cut))
    learned = {signature_of_operator(o): Frequent(o.support, inf) for o in library.operators}
    split = split_recurring(cut, task, support, learned)
    joining, novel = _joining(split, library, task, exactly=True)
    lifted, rare = lift(novel, task, support, [o.name for o in library.operators])
    beside, left = _joining(rare, library, task, exactly=False)
    if not (joining or beside or lifted):
        raise InputError(
            f"nothing to grow by: of {len(split)} changes of facts the library knows none, and "
            f"none recurs in {support} segments or more; record more or lower min_support"
        )
    groups = group_operators(lifted, task, [skill.name for skill in library.skills])
    unlike = [match for one in novel if (match := best_match(one, library, task))]
    return SortedOut((*joining, *beside), tuple(unlike), tuple(groups), tuple(left))


def _joining(
    transitions: Iterable[Transition], library: SkillLibrary, task: Task, exactly: bool
) -> tuple[list[Match], list[Transition]]:
    """Transitions that join an operator of the library, and the others."""
    joining, others = [], []
    for transition in transitions:
        match = best_match(transition, library, task, exactly)
        if match is not None and match.joins:
            joining.append(match)
        else:
            others.append(transition)
    return joining, others


def best_match(
    transition: Transition, library: SkillLibrary, task: Task, exactly: bool = True
) -> Match | None:
    """The operator whose change a transition shows, and nothing else if `exactly`.

    Among several it is the one to whose skill the motion is least strange, after those that
    explain more of the change.
    """
    matches = [
        match
        for skill in library.skills
        for operator in skill.operators
        for match in _matches(transition, operator, skill, task, exactly)
    ]
    return min(matches, key=_rank, default=None)


def _rank(match: Match) -> tuple[bool, int, float]:
    return not match.joins, -len(match.operator.add | match.operator.delete), match.excess


def _matches(
    transition: Transition, operator: Operator, skill: Skill, task: Task, exactly: bool
) -> Iterator[Match]:
    changed = transition.added | transition.deleted
    if exactly and len(changed) != len(operator.add) + len(operator.delete):
        return
    names = sorted({name for fact in changed for name in fact.arguments})
    types = [p.type for p in operator.parameters]
    for chosen in permutations(names, len(types)):
        if [task.type_of(name) for name in chosen] != types:
            continue
        bound = operator.ground(chosen)
        if bound.add <= transition.added and bound.delete <= transition.deleted:
            instance = Instance(transition, operator.binding(chosen))
            yield _match(operator, instance, skill, task)


def _match(operator: Operator, instance: Instance, skill: Skill, task: Task) -> Match:
    """Judged by the motions of the whole skill: operators that share a policy move alike."""
    if not skill.motions:
        return Match(operator, instance, 0.0, judged=False)
    shown = np.concatenate(list(skill.motions.values()))
    strange = strangeness(motion_of(instance, skill.frame, task), shown)
    return Match(operator, instance, strange / usual_strangeness(shown))


def _widened(skill: Skill, matches: Sequence[Match], task: Task) -> Skill:
    """The skill with the support of what joined, and with where it ended.

    Starts and motions stay: they say what the policy has learned from, and it learned nothing.
    """
    counts = Counter(m.operator.name for m in matches if m.operator.skill == skill.name)
    operators = tuple(replace(o, support=o.support + counts[o.name]) for o in skill.operators)
    ends = dict(skill.end_poses)
    for operator in skill.operators:
        instances = tuple(m.instance for m in matches if m.operator.name == operator.name)
        member = FramedOperator(operator, skill.frame, instances, 0.0, {})
        if instances and has_place(member):
            new = end_poses_of(member, task)
            ends[operator.name] = np.concatenate([ends.get(operator.name, new[:0]), new])
    return replace(skill, operators=operators, end_poses=ends)
