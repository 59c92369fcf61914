"""The train stage: demonstrations and segments in, a library of skills out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.demonstration import Demonstration, Segment
from robot_skills.core.errors import InputError
from robot_skills.core.fixtures import place_frame
from robot_skills.core.frames import upright_frame
from robot_skills.core.progress import Track, quiet
from robot_skills.core.robot import Kinematics
from robot_skills.core.skill import Skill, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.nets.sight.skill_sight import OPEN_THRESHOLD_M
from robot_skills.train.discovery.grouping import (
    FramedOperator,
    SkillGroup,
    group_operators,
    motions_of,
)
from robot_skills.train.discovery.lifting import Instance, lift
from robot_skills.train.discovery.splitting import split_recurring
from robot_skills.train.discovery.transitions import Transition, find_transitions
from robot_skills.train.history import History, common_rate_hz, read_history
from robot_skills.train.learning.alarm import add_alarm
from robot_skills.train.learning.augmentation import AugmentationConfig, augment
from robot_skills.train.learning.cloning import CloningConfig
from robot_skills.train.learning.dataset import (
    Rows,
    SkillPath,
    build_rows,
    fixtures_shown,
    skill_paths,
)
from robot_skills.train.learning.learned import learn_from_images, learn_from_rows
from robot_skills.train.learning.seeing import Footage, is_seen, read_footage
from robot_skills.train.lineage import lineage_of

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TrainConfig:
    """Settings of the train stage.

    An operator needs `min_support` segments, and `min_share` of all. Policies are told poses, or
    see through `cameras`, where any are named, whatever they have to look for.
    """

    seed: int = 0
    min_support: int = 3
    min_share: float = 0.015
    cameras: tuple[str, ...] = ()
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    cloning: CloningConfig = field(default_factory=CloningConfig)

    def support(self, changes: int) -> int:
        """How many segments an operator needs among so many that change something."""
        return max(self.min_support, round(self.min_share * changes))


@dataclass(frozen=True)
class Training:
    """What the train stage found: the library, the groups behind it, and what fitted nowhere."""

    library: SkillLibrary
    groups: tuple[SkillGroup, ...]
    left_over: tuple[Transition, ...]
    histories: tuple[History, ...]


class Keep(Protocol):
    """Gives the skill `name`: what `learn` makes, or what it made before from the same inputs."""

    def __call__(self, name: str, learn: Callable[[], Skill]) -> Skill: ...  # noqa: D102 - said above


def learn_anew(name: str, learn: Callable[[], Skill]) -> Skill:
    """The `Keep` that keeps nothing."""
    return learn()


def train(
    demonstrations: Sequence[Demonstration],
    segments: Sequence[Segment],
    task: Task,
    kinematics: Kinematics,
    config: TrainConfig,
    track: Track = quiet,
    keep: Keep = learn_anew,
) -> Training:
    """Find the skills that recur in the segments and clone a policy for each.

    Raises InputError when nothing recurs often enough.
    """
    if not demonstrations:
        raise InputError("there is nothing to train on: no demonstrations were given")
    histories = [
        read_history(demonstration, task, kinematics)
        for demonstration in track(demonstrations, "reading facts")
    ]
    cut = find_transitions(histories, segments)
    support = config.support(len(cut))
    transitions = split_recurring(cut, task, support)
    lifted, left = lift(transitions, task, support)
    if not lifted:
        raise InputError(
            f"no change of facts recurs in {support} segments or more among "
            f"{len(segments)} segments; record more demonstrations or lower min_support"
        )
    groups = group_operators(lifted, task)
    names = config.cameras
    footage = read_footage(demonstrations, histories, names) if names else None
    rate_hz = common_rate_hz(histories)
    skills = tuple(
        keep(g.name, partial(learn_skill, g, task, config, footage, track)) for g in groups
    )
    library = SkillLibrary(
        task=task.name,
        arm=one_arm(demonstrations),
        rate_hz=rate_hz,
        skills=skills,
        lineage=lineage_of(demonstrations, segments, task, config),
    )
    return Training(library, tuple(groups), tuple(left), tuple(histories))


def one_arm(demonstrations: Sequence[Demonstration]) -> str:
    """The arm that all demonstrations come from; InputError where there is none, or several."""
    arms = {d.provenance.get("arm", "") for d in demonstrations}
    if arms == {""}:
        raise InputError(
            f"{demonstrations[0].name} names no arm; write one in its provenance, such as "
            "{'arm': 'ur5e'}"
        )
    if len(arms) != 1:
        raise InputError(f"demonstrations must come from one arm; found {sorted(arms)}")
    return arms.pop()


def learn_skill(
    group: SkillGroup, task: Task, config: TrainConfig, footage: Footage | None, track: Track
) -> Skill:
    """A skill with its policy, from the segments of one group."""
    paths = skill_paths(group, task)
    if footage is not None and is_seen(group, task):
        learned = learn_from_images(group, task, footage, config.cloning, config.seed, track)
    else:
        learned = learn_from_rows(
            _augmented(paths, _seen_region_m(group), config, task.scale),
            config.cloning,
            config.seed,
            track,
        )
    ends = {m.operator.name: end_poses_of(m, task) for m in group.members if has_place(m)}
    skill = Skill(
        name=group.name,
        operators=tuple(member.operator for member in group.members),
        frame=group.frame,
        settings={
            **learned.settings,
            "open_width_m": _open_width_m(group),
            "fixtures": " ".join(fixtures_shown(group, task)),
            "told_reached": 1,
        },
        weights=learned.weights,
        end_poses=ends,
        motions={m.operator.name: motions_of(m, task) for m in group.members},
        start_ee=np.array([poses.relative(p.view.frame[0], p.view.ee[0])[:3] for p in paths]),
        median_steps=int(
            np.median([i.transition.stop - i.transition.start for i in group.instances])
        ),
        segments=len(paths),
        description=describe(group),
    )
    return add_alarm(skill, group, config.seed)


def _augmented(
    paths: Sequence[SkillPath], region_m: Floats, config: TrainConfig, scale: float
) -> Rows:
    rng = np.random.default_rng(config.seed)
    settings = config.augmentation.scaled(scale)
    copies = [
        augment(path, region_m, rng, settings) for _ in range(settings.copies) for path in paths
    ]
    return build_rows([*paths, *copies], config.cloning.chunk, config.cloning.seen)


def _seen_region_m(group: SkillGroup) -> Floats:
    """Least and greatest x, y and z (2, 3) m of the end-effector in the skill's recordings."""
    histories = {i.transition.history.name: i.transition.history for i in group.instances}
    seen = np.concatenate([history.ee[:, :3] for history in histories.values()])
    return np.array([seen.min(axis=0), seen.max(axis=0)])


def _open_width_m(group: SkillGroup) -> float:
    widths = np.concatenate(
        [
            i.transition.history.wanted_width_m[i.transition.start : i.transition.stop]
            for i in group.instances
        ]
    )
    opened = widths[widths >= OPEN_THRESHOLD_M]
    return float(np.median(opened)) if len(opened) else 0.0


def has_place(member: FramedOperator) -> bool:
    """Whether an operator puts ?x somewhere."""
    return member.frame.kind == "goal" and member.operator.place is not None


def end_poses_of(member: FramedOperator, task: Task) -> Floats:
    """Where ?x ended (E, 7), relative to the upright frame of its place."""
    return np.array([_end_pose(instance, member, task) for instance in member.instances])


def _end_pose(instance: Instance, member: FramedOperator, task: Task) -> Floats:
    transition = instance.transition
    last = transition.stop - 1
    place = instance.binding[member.operator.place or "?x"]
    things, openings = transition.history.things, transition.history.openings
    opening = float(openings[place][last]) if place in openings else 0.0
    base = place_frame(task, place, things[place][last], opening)
    thing = instance.binding["?x"]
    end = upright_frame(things[thing][last], task.yaw_symmetry_of(thing))
    return np.asarray(poses.relative(base, end))


def describe(group: SkillGroup) -> str:
    """One sentence on what a skill brings about, from its operators."""
    changes = [
        f"{member.operator.name}: {', '.join(str(f) for f in sorted(member.operator.add))}"
        for member in group.members
    ]
    return f"Moves in the frame of the {group.frame.kind} of ?x. Brings about " + "; ".join(changes)
