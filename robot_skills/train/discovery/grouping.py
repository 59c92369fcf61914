"""From operators to skills: the frame in which segments agree, and which operators move alike."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.facts import Fact
from robot_skills.core.frames import followed_frames, upright_frame
from robot_skills.core.skill import Operator, Parameter, ReferenceFrame
from robot_skills.core.task import Task
from robot_skills.train.discovery.lifting import Instance, LiftedOperator, brought_about, numbered
from robot_skills.train.discovery.motions import ALIKE, LANDMARKS_S, spreads_apart
from robot_skills.train.discovery.transitions import Transition

Floats = NDArray[np.float64]

LEVER_M = 0.1  # turns a radian of disagreement into metres: the length of a hand
MOVED_M = 0.02  # a thing that ends nearer than this to where it began was not moved
ALIKE_M = 0.001  # spreads that differ by no more than sensors blur


@dataclass(frozen=True)
class FramedOperator:
    """An operator whose first parameter, ?x, is what its reference frame belongs to."""

    operator: Operator
    frame: ReferenceFrame
    instances: tuple[Instance, ...]
    spread_m: float
    spreads_m: Mapping[str, float]


@dataclass(frozen=True)
class SkillGroup:
    """Operators that one policy serves."""

    name: str
    frame: ReferenceFrame
    members: tuple[FramedOperator, ...]

    @property
    def instances(self) -> list[Instance]:
        """Every transition of every member."""
        return [instance for member in self.members for instance in member.instances]


def group_operators(
    lifted: Sequence[LiftedOperator], task: Task, taken: Collection[str] = ()
) -> list[SkillGroup]:
    """Skills: operators with the same kind of frame whose motions in it agree.

    None gets a name that is `taken`.
    """
    framed = [find_frame(one, task) for one in lifted]
    groups: list[list[FramedOperator]] = []
    for one in framed:
        home = next((g for g in groups if all(_alike(one, m, task) for m in g)), None)
        if home is None:
            groups.append([one])
        else:
            home.append(one)
    used = set(taken)
    return [_named(members, used) for members in groups]


def find_frame(lifted: LiftedOperator, task: Task) -> FramedOperator:
    """Choose the frame in which the end-effector agrees best at the moment of change.

    Candidates are every parameter's thing, and for things that are put somewhere, where they end.
    Where one thing is put onto or into another both agree alike: then the frame is that of the
    thing that moves, since only its own skill sees how it lies in the hand.
    """
    spreads = {
        frame: frame_spread(lifted.instances, frame, task)
        for frame in _candidates(lifted.operator, lifted.instances)
    }
    handicap_m = {"object": 0.0, "goal": -ALIKE_M}
    best = min(spreads, key=lambda frame: spreads[frame] + handicap_m[frame.kind])
    return _renamed(lifted, best, spreads)


def _candidates(operator: Operator, instances: Sequence[Instance]) -> list[ReferenceFrame]:
    found = []
    for parameter in operator.parameters:
        if not all(i.binding[parameter.name] in i.transition.history.things for i in instances):
            continue
        if np.mean([_held_at_start(i, parameter.name) for i in instances]) < 0.5:
            found.append(ReferenceFrame("object", parameter.name))
        moved = np.median([_moved_m(i, parameter.name) for i in instances]) > MOVED_M
        if moved and _is_put_somewhere(operator, parameter.name):
            found.append(ReferenceFrame("goal", parameter.name))
    return found


def _is_put_somewhere(operator: Operator, parameter: str) -> bool:
    """Without a fact such as on(?x, ?y) nobody could say where the thing shall end."""
    return any(len(f.arguments) == 2 and f.arguments[0] == parameter for f in operator.add)


def _held_at_start(instance: Instance, parameter: str) -> bool:
    """A thing in the hand is nowhere to be reached for: its frame would be the hand's own."""
    return Fact("holding", (instance.binding[parameter],)) in instance.transition.before


def _moved_m(instance: Instance, parameter: str) -> float:
    path = _path(instance, parameter)
    return float(np.linalg.norm(path[-1, :3] - path[0, :3]))


def _path(instance: Instance, parameter: str) -> Floats:
    transition = instance.transition
    path = transition.history.things[instance.binding[parameter]]
    return path[transition.start : transition.stop]


def frame_path(instance: Instance, frame: ReferenceFrame, task: Task) -> Floats:
    """Reference frames (T, 7) in world over the steps of a transition."""
    path = _path(instance, frame.parameter)
    name = instance.binding[frame.parameter]
    symmetry = task.yaw_symmetry_of(name)
    if frame.kind == "goal":
        return np.repeat(upright_frame(path[-1], symmetry)[None], len(path), axis=0)
    return followed_frames(path, held_path(instance.transition, name), symmetry)


def held_path(transition: Transition, name: str) -> NDArray[np.bool_]:
    """Whether a thing is held at each step (T,) of a transition."""
    held = Fact("holding", (name,))
    facts = transition.history.facts[transition.start : transition.stop]
    return np.array([held in state for state in facts])


def frame_spread(instances: Sequence[Instance], frame: ReferenceFrame, task: Task) -> float:
    """Median distance in m of the end-effector from its median at the moment of change."""
    relative = np.array([_relative_at(i, frame, task, (0,))[0] for i in instances])
    centre = np.median(relative[:, :3], axis=0)
    sideways = np.linalg.norm(relative[:, :3] - centre, axis=1)
    turn = np.median(relative[:, 3:], axis=0)
    turned = np.linalg.norm(relative[:, 3:] - turn, axis=1)
    return float(np.median(sideways + LEVER_M * turned))


def _relative_at(
    instance: Instance, frame: ReferenceFrame, task: Task, offsets: Sequence[int]
) -> Floats:
    """End-effector in the frame: position and x axis (K, 6) at K steps counted from the effect."""
    transition = instance.transition
    steps = transition.effect + np.asarray(offsets)
    inside = np.clip(steps, transition.start, transition.stop - 1)
    frames = frame_path(instance, frame, task)[inside - transition.start]
    pose = poses.relative(frames, transition.history.ee[inside])
    return np.concatenate([pose[:, :3], poses.matrix(pose[:, 3:])[:, :, 0]], axis=-1)


def _renamed(
    lifted: LiftedOperator, frame: ReferenceFrame, spreads: Mapping[ReferenceFrame, float]
) -> FramedOperator:
    old = [p.name for p in lifted.operator.parameters]
    old.sort(key=lambda name: name != frame.parameter)
    names = {name: f"?{'xyzw'[i]}" for i, name in enumerate(old)}
    types = {p.name: p.type for p in lifted.operator.parameters}
    operator = replace(
        lifted.operator,
        parameters=tuple(Parameter(names[name], types[name]) for name in old),
        preconditions=frozenset(f.bind(names) for f in lifted.operator.preconditions),
        add=frozenset(f.bind(names) for f in lifted.operator.add),
        delete=frozenset(f.bind(names) for f in lifted.operator.delete),
    )
    instances = tuple(
        Instance(i.transition, {names[v]: n for v, n in i.binding.items()})
        for i in lifted.instances
    )
    described = {f"{f.kind} of {names[f.parameter]}": spread for f, spread in spreads.items()}
    kept = ReferenceFrame(frame.kind, "?x")
    return FramedOperator(operator, kept, instances, spreads[frame], described)


def _alike(one: FramedOperator, other: FramedOperator, task: Task) -> bool:
    if one.frame != other.frame or opposed(one.operator, other.operator):
        return False
    if one.operator.parameters[0].type != other.operator.parameters[0].type:
        return False
    return spreads_apart(motions_of(one, task), motions_of(other, task)) < ALIKE


def opposed(one: Operator, other: Operator) -> bool:
    """Whether one undoes what the other does; no policy can serve both."""
    return bool(one.add & other.delete or other.add & one.delete)


def motions_of(one: FramedOperator, task: Task) -> Floats:
    """The motion (16,) of each of N instances: `motion_of`."""
    return np.array([motion_of(i, one.frame, task) for i in one.instances])


def motion_of(instance: Instance, frame: ReferenceFrame, task: Task) -> Floats:
    """Position and gripper width in m at each landmark around the moment of change (16,)."""
    transition = instance.transition
    offsets = [round(seconds * transition.history.rate_hz) for seconds in LANDMARKS_S]
    steps = np.clip(transition.effect + np.asarray(offsets), transition.start, transition.stop - 1)
    positions = _relative_at(instance, frame, task, offsets)[:, :3]
    widths = transition.history.width_m[steps, None]
    return np.concatenate([positions, widths], axis=-1).ravel()


def _named(members: list[FramedOperator], used: set[str]) -> SkillGroup:
    """A skill named after what it brings about; where that is `taken`, also after what of."""
    facts = [brought_about(m.operator.add) for m in members]
    plain = "_or_".join(sorted({fact.predicate if fact else "undo" for fact in facts}))
    names = chain([plain, f"{plain}_{members[0].operator.parameters[0].type}"], numbered(plain))
    name = next(one for one in names if one not in used)
    used.add(name)
    named = tuple(replace(m, operator=replace(m.operator, skill=name)) for m in members)
    return SkillGroup(name, members[0].frame, named)
