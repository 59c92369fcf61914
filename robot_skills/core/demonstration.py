"""What was recorded, and the pieces it is cut into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError, unknown_name

Floats = NDArray[np.float64]


class ChannelKind(StrEnum):
    """What the columns of a channel mean; `segment` chooses its signals by kind, never by name."""

    JOINT_POSITION = "joint_position"
    JOINT_VELOCITY = "joint_velocity"
    POSE = "pose"
    VELOCITY = "velocity"
    WRENCH = "wrench"
    GRIPPER = "gripper"
    ACTION = "action"
    OBJECT_POSE = "object_pose"
    FIXTURE = "fixture"
    EMBEDDING = "embedding"
    FLOW = "flow"


class SegmentRole(StrEnum):
    """What a segment is good for: a skill, or what lies between skills."""

    SKILL = "skill"
    IDLE = "idle"
    EXTRANEOUS = "extraneous"
    REPETITION = "repetition"


@dataclass(frozen=True)
class Channel:
    """One recorded signal: values (T, D) in `unit`, expressed in `frame`."""

    values: Floats
    unit: str
    kind: ChannelKind
    frame: str = ""
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.values.ndim != 2:
            raise InputError(f"a channel's values must be (T, D); found shape {self.values.shape}")


@dataclass(frozen=True)
class Demonstration:
    """A long recording of an expert: any subset of channels at one rate, and video read lazily."""

    name: str
    rate_hz: float
    channels: Mapping[str, Channel]
    video: Mapping[str, Path] = field(default_factory=dict)
    instruction: str = ""
    provenance: Mapping[str, str] = field(default_factory=dict)
    simulator_state: Floats | None = None

    def __post_init__(self) -> None:
        lengths = {name: len(channel.values) for name, channel in self.channels.items()}
        if len(set(lengths.values())) > 1:
            raise InputError(f"{self.name}: channels differ in length: {lengths}")
        if not 0 < self.rate_hz < float("inf"):
            raise InputError(f"{self.name}: rate_hz must be positive; found {self.rate_hz}")

    @property
    def steps(self) -> int:
        """Number of control steps T."""
        return next((len(channel.values) for channel in self.channels.values()), 0)

    def values(self, name: str) -> Floats:
        """Values (T, D) of the channel `name`; InputError lists the channels there are."""
        if name not in self.channels:
            raise unknown_name(f"channel of {self.name}", name, self.channels)
        return self.channels[name].values


@dataclass(frozen=True)
class Segment:
    """Steps [start, stop) of one demonstration.

    confidence (0..1) and cause belong to the boundary at `start`; a demonstration's first segment
    starts with confidence 1 and the cause "start". `skill` is the cluster it recurs in, or "".
    A repetition is another try of the segment before it; idle and extraneous ones belong to none.
    """

    demonstration: str
    start: int
    stop: int
    skill: str = ""
    confidence: float = 1.0
    cause: str = "start"
    role: SegmentRole = SegmentRole.SKILL

    @property
    def steps(self) -> int:
        """Length in control steps."""
        return self.stop - self.start
