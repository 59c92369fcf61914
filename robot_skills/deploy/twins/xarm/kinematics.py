"""Where an xArm 6's flange is, from UFACTORY's modified DH parameters: what its controller tells.

Source: UFACTORY, "Kinematic and Dynamic Parameters of xArm 6".
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

UPPER_ARM_M = float(np.hypot(0.2845, 0.0535))
ELBOW_OFFSET_RAD = float(-np.arctan2(284.5, 53.5))
# alpha rad and a m of the link before, then d m and theta offset rad of the joint
MODIFIED_DH = (
    (0.0, 0.0, 0.267, 0.0),
    (-np.pi / 2, 0.0, 0.0, ELBOW_OFFSET_RAD),
    (0.0, UPPER_ARM_M, 0.0, -ELBOW_OFFSET_RAD),
    (-np.pi / 2, 0.0775, 0.3425, 0.0),
    (np.pi / 2, 0.0, 0.0, 0.0),
    (-np.pi / 2, 0.076, 0.097, 0.0),
)


def flange_pose(joint_position: Floats) -> tuple[Floats, Floats]:
    """Position (3,) m and rotation (3, 3) of the flange in the base, at joints (6,) rad."""
    position, rotation = np.zeros(3), np.eye(3)
    for (alpha, a, d, offset), angle in zip(MODIFIED_DH, joint_position, strict=True):
        tilt = rotation_about(0, alpha)
        position = position + rotation @ (np.array([a, 0.0, 0.0]) + tilt[:, 2] * d)
        rotation = rotation @ tilt @ rotation_about(2, angle + offset)
    return position, rotation


def roll_pitch_yaw(rotation: Floats) -> Floats:
    """Angles (3,) rad with rotation = Rz(yaw) Ry(pitch) Rx(roll)."""
    roll = np.arctan2(rotation[2, 1], rotation[2, 2])
    pitch = np.arctan2(-rotation[2, 0], np.hypot(rotation[0, 0], rotation[1, 0]))
    yaw = np.arctan2(rotation[1, 0], rotation[0, 0])
    return np.array([roll, pitch, yaw])


def rotation_about(axis: int, angle: float) -> Floats:
    """Rotation (3, 3) by `angle` rad about x (0), y (1) or z (2)."""
    cosine, sine = np.cos(angle), np.sin(angle)
    matrix = np.eye(3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[first, first] = matrix[second, second] = cosine
    matrix[first, second], matrix[second, first] = -sine, sine
    return matrix
