"""How far a drawer or door is open, from the pose of its moving part."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FixtureJoint:
    """A joint of a fixture: the moving part's pose (7,) when closed, and the axis (3,), in world."""

    pose_closed: Floats
    axis: Floats
    slides: bool

    def position(self, pose: Floats) -> float:
        """Joint value, m of a slide or rad of a hinge, at a pose (7,) of the moving part."""
        if self.slides:
            return float(self.axis @ (pose[:3] - self.pose_closed[:3]))
        turn = poses.multiply(pose[3:], poses.conjugate(self.pose_closed[3:]))
        return float(self.axis @ poses.rotation_vector(turn))
