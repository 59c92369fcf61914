"""Human teleoperation recorded by robosuite: `demo.hdf5` -> demonstrations.

Layout (robosuite's DataCollectionWrapper): group `data/demo_i` with `states` (T, 1 + nq + nv) =
[time, qpos, qvel], the model as an attribute or under `models/`, and the actions: up to v0.3
`joint_velocities` + `gripper_actuations` at 100 Hz, from v1.0 `actions` at 20 Hz, seven an arm
with the gripper last.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.storage.mjcf import BodyTree, Joint, read_body_tree

Floats = NDArray[np.float64]

ACTIONS_PER_ARM = 7
FINGER_WORDS = ("finger", "gripper", "knuckle")
MODEL_WORD = "<mujoco"


def load_robosuite_demonstrations(file: Path) -> list[Demonstration]:
    """Every demonstration of a robosuite HDF5 file, named "<folder>/<folder>/demo_i".

    Poses are metres and wxyz in the simulator's world. InputError for a file that is no robosuite
    recording, or whose states don't fit its model.
    """
    with _opened(file) as recording:
        return [_read(file, name, group) for name, group in _groups(file, recording)]


def robosuite_names(file: Path) -> list[str]:
    """Names "demo_i" of the demonstrations in a file, none of them read."""
    with _opened(file) as recording:
        return [name for name, _ in _groups(file, recording)]


def load_robosuite_demonstration(file: Path, name: str) -> Demonstration:
    """The demonstration "demo_i" alone, as `load_robosuite_demonstrations` reads it."""
    with _opened(file) as recording:
        return _read(file, name, dict(_groups(file, recording))[name])


@contextmanager
def _opened(file: Path) -> Iterator[h5py.File]:
    if not file.is_file():
        raise InputError(f"no file {file}")
    try:
        with h5py.File(file, "r") as recording:
            yield recording
    except InputError:
        raise
    except (OSError, KeyError, RuntimeError) as error:  # as HDF5 fails on damaged files
        raise InputError(f"{file} is no HDF5 file, or damaged ({error})") from error


def _groups(file: Path, recording: h5py.File) -> list[tuple[str, h5py.Group]]:
    groups = [
        (name, group)
        for name, group in recording.get("data", {}).items()
        if isinstance(group, h5py.Group) and "states" in group
    ]
    if not groups:
        found = ", ".join(recording) or "nothing"
        raise InputError(
            f"{file}: no data/demo_*/states as robosuite writes them; the file holds {found}"
        )
    return groups


def _read(file: Path, name: str, group: h5py.Group) -> Demonstration:
    label = robosuite_label(file, name)
    tree = read_body_tree(_model_text(file, name, group))
    states = np.asarray(group["states"], dtype=float)
    width = 1 + tree.position_columns + tree.velocity_columns
    if states.ndim != 2 or states.shape[1] != width:
        raise InputError(
            f"{label}: states are {states.shape}, but the model has nq {tree.position_columns} and "
            f"nv {tree.velocity_columns}, which makes (T, {width})"
        )
    channels = _state_channels(tree, states) | _action_channels(group)
    return Demonstration(
        label,
        round(1.0 / _period_s(label, states[:, 0]), 6),
        channels,
        provenance={"source": "robosuite", "file": file.name},
    )


def robosuite_label(file: Path, name: str) -> str:
    """What the demonstration "demo_i" of a file is called."""
    return "/".join([*file.resolve().parent.parts[-2:], name])


def _model_text(file: Path, name: str, group: h5py.Group) -> str:
    model = str(group.attrs.get("model_file", ""))
    if MODEL_WORD in model:
        return model
    path = file.parent / "models" / model
    if not model or not path.is_file():
        raise InputError(f"{file.parent.name}/{name}: its model file is missing; wanted {path}")
    return path.read_text()


def _period_s(label: str, time_s: Floats) -> float:
    """Median control period; the recorded clock restarts or jumps in some files."""
    steps = np.diff(time_s)
    if not (steps > 0).any():
        raise InputError(f"{label}: the recorded clock never advances ({len(time_s)} steps)")
    return float(np.median(steps[steps > 0]))


def _state_channels(tree: BodyTree, states: Floats) -> dict[str, Channel]:
    qpos = states[:, 1 : 1 + tree.position_columns]
    qvel = states[:, 1 + tree.position_columns :]
    fingers = [joint for joint in tree.joints if _is_finger(joint)]
    objects = [joint for joint in tree.joints if joint.kind == "free"]
    chain = _arm_joints(tree, fingers)
    robot = {_root(tree, joint.body) for joint in chain}
    rest = [j for j in tree.joints if j.kind != "free" and _root(tree, j.body) not in robot]
    channels: dict[str, Channel] = {}
    for arm, joints in _by_hand(tree, fingers).items():
        hand = tree.bodies[joints[0].body].parent
        channels[f"{arm}ee_pose"] = Channel(
            tree.body_pose(hand, qpos), "m", ChannelKind.POSE, "world"
        )
        channels[f"{arm}gripper_width"] = _gripper(joints, qpos)
    if chain:
        names = tuple(joint.name for joint in chain)
        columns = [joint.position for joint in chain]
        speeds = [joint.velocity for joint in chain]
        channels["joint_position"] = Channel(
            qpos[:, columns], "rad", ChannelKind.JOINT_POSITION, columns=names
        )
        channels["joint_velocity"] = Channel(
            qvel[:, speeds], "rad/s", ChannelKind.JOINT_VELOCITY, columns=names
        )
    for joint in objects:
        values = qpos[:, joint.position : joint.position + 7]
        channels[f"object_pose/{joint.body}"] = Channel(
            values, "m", ChannelKind.OBJECT_POSE, "world"
        )
    for joint in rest:
        unit = "m" if joint.kind == "slide" else "rad"
        channels[f"fixture/{joint.name}"] = Channel(
            qpos[:, [joint.position]], unit, ChannelKind.FIXTURE
        )
    return channels


def _is_finger(joint: Joint) -> bool:
    return joint.kind in ("hinge", "slide") and any(
        word in f"{joint.name} {joint.body}".lower() for word in FINGER_WORDS
    )


def _by_hand(tree: BodyTree, fingers: list[Joint]) -> Mapping[str, list[Joint]]:
    """Finger joints by arm prefix: "" for one hand, "left/" and "right/" for two."""
    hands: dict[str, list[Joint]] = {}
    for joint in fingers:
        hands.setdefault(_hand_root(tree, joint, fingers), []).append(joint)
    if len(hands) == 1:
        return {"": fingers}
    return {f"{_side(name, place)}/": joints for place, (name, joints) in enumerate(hands.items())}


def _hand_root(tree: BodyTree, joint: Joint, fingers: list[Joint]) -> str:
    moving = {finger.body for finger in fingers}
    body = tree.bodies[joint.body]
    while body.parent in moving:
        body = tree.bodies[body.parent]
    return _nearest_jointed(tree, body.parent)


def _nearest_jointed(tree: BodyTree, name: str) -> str:
    while name in tree.bodies and not tree.bodies[name].joints:
        name = tree.bodies[name].parent
    return name


def _root(tree: BodyTree, name: str) -> str:
    """The body fixed to the world that carries `name`."""
    while tree.bodies[name].parent in tree.bodies:
        name = tree.bodies[name].parent
    return name


def _side(name: str, place: int) -> str:
    if "left" in name or "right" in name:
        return "left" if "left" in name else "right"
    return ("right", "left")[place] if place < 2 else f"arm{place}"


def _arm_joints(tree: BodyTree, fingers: list[Joint]) -> list[Joint]:
    """Joints between the world and a hand; every hinge where there is no hand."""
    if not fingers:
        return [joint for joint in tree.joints if joint.kind == "hinge"]
    bodies: set[str] = set()
    for joint in fingers:
        name = tree.bodies[joint.body].parent
        while name in tree.bodies:
            bodies.add(name)
            name = tree.bodies[name].parent
    moving = {finger.name for finger in fingers}
    return [j for j in tree.joints if j.body in bodies and j.name not in moving]


def _gripper(joints: list[Joint], qpos: Floats) -> Channel:
    """Opening of a hand: distance of two sliding fingers m, else the mean of its joints rad."""
    values = qpos[:, [joint.position for joint in joints]]
    if len(joints) == 2 and all(joint.kind == "slide" for joint in joints):
        width = np.abs(values[:, :1] - values[:, 1:])
        return Channel(width, "m", ChannelKind.GRIPPER)
    return Channel(values.mean(axis=1, keepdims=True), "rad", ChannelKind.GRIPPER)


def _action_channels(group: h5py.Group) -> dict[str, Channel]:
    if "joint_velocities" in group:
        channels = {"action/joint_velocity": _action(group["joint_velocities"], "rad/s")}
        if "gripper_actuations" in group:
            channels["action/gripper"] = _action(group["gripper_actuations"], "1")
        return channels
    if "actions" not in group:
        return {}
    actions = np.asarray(group["actions"], dtype=float)
    if actions.shape[1] % ACTIONS_PER_ARM:
        return {"action": _action(actions, "1")}
    arms = np.split(actions, actions.shape[1] // ACTIONS_PER_ARM, axis=1)
    prefixes = [""] if len(arms) == 1 else ["right/", "left/"]
    return {
        f"{prefix}action/{part}": _action(values, "1")
        for prefix, arm in zip(prefixes, arms, strict=True)
        for part, values in (("ee_delta", arm[:, :-1]), ("gripper", arm[:, -1:]))
    }


def _action(values: h5py.Dataset | Floats, unit: str) -> Channel:
    return Channel(np.asarray(values, dtype=float), unit, ChannelKind.ACTION)
