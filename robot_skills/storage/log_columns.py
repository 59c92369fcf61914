r"""What the columns of a log are, told by their names.

A name is its words, in lower case, whatever stands between them. Words before those below are its
prefix (`left_ee_x`, `field.pose.position.x`); columns of one prefix and kind make one channel.

| a name that ends in | is | unit |
|---|---|---|
| x, pos_x, position_x, translation_x, px; so y, z | pose: position | m |
| qw, quat_w, orientation_w, rotation_w; so x, y, z | pose: quaternion, whole or not used | 1 |
| vx, velocity_x, linear_x, twist_linear_x | velocity | m/s |
| wx, omega_x, angular_x, angular_velocity_x, gyro_x | turning | rad/s |
| fx, force_x | wrench: force | N |
| tx, torque_x (tx without an fx is a translation) | wrench: torque | Nm |
| dq0, qd_0, velocity_0; any joint with vel, velocity or speed | joint velocity | rad/s |
| tau0, effort_0; any joint with effort, torque or current | wrench: effort | Nm |
| q0, j0, position_0, pos_0, state_0; any other joint | joint position | rad |

Before all of these, the words action, command, cmd, target or desired make an action, and gripper,
finger or jaw a gripper; object or obj in a pose's prefix makes it an object's. A unit may end the
name (`x_mm`, `q0 [deg]`): mm and cm are brought to m, deg to rad.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from robot_skills.core.demonstration import ChannelKind

ACTION_WORDS = {"action", "actions", "command", "cmd", "target", "desired"}
GRIPPER_WORDS = {"gripper", "grippers", "finger", "fingers", "jaw", "jaws"}
OBJECT_WORDS = {"object", "obj"}
SIDES = ("left", "right")
COUNTERS = {"index", "seq", "frame", "episode", "task", "done", "reward", "success", "step"}
CLOCKS = {"time", "timestamp", "stamp", "secs", "nsecs"}
NO_PLACES = {"acc", "accel", "acceleration", "mag", "magnetometer", "euler", "rpy"}
UNITS = {
    "m": ("m", 1.0),
    "mm": ("m", 1e-3),
    "cm": ("m", 1e-2),
    "rad": ("rad", 1.0),
    "deg": ("rad", 0.017453292519943295),
    "n": ("N", 1.0),
    "nm": ("Nm", 1.0),
}


@dataclass(frozen=True)
class Part:
    """One thing columns can be: the channel it belongs to, that one's kind, and the usual unit."""

    channel: str
    kind: ChannelKind
    unit: str
    axes: str = ""


POSITION = Part("pose", ChannelKind.POSE, "m", "xyz")
QUATERNION = Part("pose", ChannelKind.POSE, "1", "wxyz")
LINEAR = Part("velocity", ChannelKind.VELOCITY, "m/s", "xyz")
TURNING = Part("turning", ChannelKind.VELOCITY, "rad/s", "xyz")
FORCE = Part("wrench", ChannelKind.WRENCH, "N", "xyz")
TORQUE = Part("wrench", ChannelKind.WRENCH, "Nm", "xyz")
JOINT = Part("joint_position", ChannelKind.JOINT_POSITION, "rad")
JOINT_SPEED = Part("joint_velocity", ChannelKind.JOINT_VELOCITY, "rad/s")
EFFORT = Part("effort", ChannelKind.WRENCH, "Nm")
ACTION = Part("action", ChannelKind.ACTION, "1")
GRIPPER = Part("gripper", ChannelKind.GRIPPER, "1")

_OF_AXES = (
    (QUATERNION, r"q[wxyz]|q_[wxyz]|(?:quat|quaternion|orientation|rotation|rot)_q?[wxyz]"),
    (TURNING, r"w[xyz]|(?:twist_)?angular_(?:velocity_|vel_)?[xyz]|(?:omega|gyro)_[xyz]"),
    (LINEAR, r"v[xyz]|(?:twist_)?linear_(?:velocity_|vel_)?[xyz]|(?:velocity|vel)_[xyz]"),
    (FORCE, r"f[xyz]|force_[xyz]"),
    (TORQUE, r"t[xyz]|torque_[xyz]"),
    (POSITION, r"p?[xyz]|(?:pos|position|translation)_[xyz]"),
)
_OF_JOINTS = (
    (JOINT_SPEED, r"(?:dq|qd|velocity|velocities|vel)_?\d+", r"velocity|velocities|vel|speed"),
    (EFFORT, r"(?:tau|effort|efforts)_?\d+", r"efforts?|torques?|currents?"),
    (JOINT, r"(?:q|j|position|positions|pos|state)_?\d+", r".*"),
)


@dataclass(frozen=True)
class Meaning:
    """What a column's name says: its part, the channel's prefix, its axis, and what brings the
    values to `unit`.
    """

    part: Part
    prefix: str
    axis: str
    unit: str
    scale: float


def words_of(name: str) -> list[str]:
    """Lower-case words of a column's name; digits stay with the letters before them."""
    return re.findall(r"[a-z]+\d*|\d+", name.lower())


def tells_no_signal(name: str) -> bool:
    """Whether a column counts rows or tells the time."""
    return bool({*words_of(name)} & (COUNTERS | CLOCKS))


def meanings(names: Iterable[str]) -> dict[str, Meaning]:
    """Meaning by column, without the columns whose names say nothing."""
    found = {name: meaning for name in names if (meaning := _meaning(name))}
    forces = {meaning.prefix for meaning in found.values() if meaning.part is FORCE}
    for name, meaning in found.items():
        if meaning.part is TORQUE and meaning.prefix not in forces and "torque" not in name.lower():
            found[name] = Meaning(POSITION, meaning.prefix, meaning.axis, "m", meaning.scale)
    return found


def _meaning(name: str) -> Meaning | None:
    words = words_of(name)
    named_unit, scale = UNITS[words.pop()] if len(words) > 1 and words[-1] in UNITS else ("", 1.0)
    side = "_".join(word for word in words if word in SIDES)
    for part, marks in ((ACTION, ACTION_WORDS), (GRIPPER, GRIPPER_WORDS)):
        if marks & {*words}:
            return Meaning(part, side, "", named_unit or part.unit, scale)
    joined = "_".join(words)
    for part, pattern in _OF_AXES:
        if match := re.fullmatch(rf"(?:(?P<prefix>.+?)_)??(?:{pattern})", joined):
            prefix = match["prefix"] or ""
            if NO_PLACES & {*words_of(prefix)}:
                return None
            return Meaning(part, prefix, joined[-1], named_unit or part.unit, scale)
    of_joint = any(word.startswith("joint") for word in words)
    for part, numbered, mark in _OF_JOINTS:
        marked = of_joint and any(re.fullmatch(mark, word) for word in words)
        if marked or re.fullmatch(rf"(?:.+_)?(?:{numbered})", joined):
            return Meaning(part, side, "", named_unit or part.unit, scale)
    return None
