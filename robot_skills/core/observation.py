"""What one arm senses at one control step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PoseEstimate:
    """Where an object is: pose (7,) position m + quaternion wxyz in world, at `time_s`.

    `covariance` (6, 6) is over [m, rad] or None where the sensor gives none. `source` tells a
    pose that was seen from one that is inferred because the object moves with the end-effector.
    """

    pose: Floats
    time_s: float
    covariance: Floats | None = None
    source: Literal["seen", "attached"] = "seen"


@dataclass(frozen=True)
class Observation:
    """One control step of one arm; the end-effector pose is forward kinematics of the joints.

    `object_pose` has every object and every fixture's moving part by name; `fixture_position` is
    the joint value (rad or m) of the fixtures that have a joint.
    """

    time_s: float
    joint_position: Floats
    joint_velocity: Floats
    gripper_width_m: float
    object_pose: Mapping[str, PoseEstimate] = field(default_factory=dict)
    fixture_position: Mapping[str, float] = field(default_factory=dict)
    images: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
