"""Key-poses: the moments at which a gripper switches or the arm stops."""

import numpy as np
from numpy.typing import NDArray

from robot_skills.segment.boundaries import Boundary
from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.methods.cuts import spaced
from robot_skills.segment.methods.events import gripper_switches
from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals

STOPPED = 0.1  # of the fastest usual speed; published as 0.1 rad/s of every joint, at about 1 rad/s
USUAL = 95  # percentile of speed that counts as the fastest usual one
BUFFER_FRAMES = 4  # published: a stop counts again only after so many frames


def key_pose_boundaries(signals: Signals, config: SegmentConfig) -> list[Boundary]:
    """Each switch of a gripper and each beginning of near-zero speed with the gripper unchanged.

    Source: James and Davison, "Q-attention: enabling efficient learning for vision-based robotic
    manipulation", RA-L 2022; the rule as in PerAct (Shridhar et al., CoRL 2022). A stop that lasts
    from the recording's start or to its end is no key-pose.
    """
    switches = gripper_switches(signals)
    stops = stop_beginnings(signals, config.finer)
    near = np.abs(stops[:, None] - switches[None, :]) <= BUFFER_FRAMES
    stops = stops[~near.any(axis=1)]
    together = np.union1d(switches, stops)
    kept = spaced(together, config.min_length_s * SIGNAL_RATE_HZ)
    return [Boundary(at, 1.0, "gripper" if at in switches else "stop") for at in kept]


def stop_beginnings(signals: Signals, finer: float = 1.0) -> NDArray[np.int64]:
    """Samples at which the speed of the path falls to almost nothing and later rises again."""
    speed = np.linalg.norm(signals.velocity, axis=1)
    still = speed <= STOPPED * finer * np.percentile(speed, USUAL)
    moves = np.flatnonzero(~still)
    if not len(moves):
        return np.zeros(0, dtype=np.int64)
    begins = np.flatnonzero(still[1:] & ~still[:-1]) + 1
    return np.asarray(begins[begins < moves[-1]])
