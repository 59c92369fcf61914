"""How a person puts a peg into a hole that hardly gives it room: aim, push, aim anew."""

from collections.abc import Callable, Generator

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.errors import InputError
from robot_skills.core.observation import Observation
from robot_skills.core.task import Task

Floats = NDArray[np.float64]
Look = Callable[[], tuple[Observation, Floats]]

LOOKS = 12  # glances that a person takes together before trusting where something is
AIM_M = 0.0004  # standard deviation of how well a hand aims
AIM_RAD = 0.01
ABOVE_MOUTH_M = 0.004  # where the tip stops before the push
PUSH_M_S = 0.02
PRESS_M = 0.0045  # the hand never asks for more than this below where the tip is
CAUGHT_M = 0.0035  # a tip this far above what is asked rests on the rim
CAUGHT_S = 0.4  # and one that does so for this long will not go in from there
AIMS = 8  # tries before a hand gives up
DEEP_M = 0.036  # tip below the mouth at which the hand lets go; it falls the rest of the way


class Insertion:
    """Puts the held `peg` into `socket`; poses are those of the end-effector (7,) in world.

    Raises InputError for a socket without an interior.
    """

    def __init__(
        self, task: Task, peg: str, socket: str, look: Look, rng: np.random.Generator
    ) -> None:
        support = task.objects.get(socket) or task.fixtures[socket]
        if support.interior_m is None:
            raise InputError(f"nothing can be put into {socket}: it has no interior_m")
        self._peg, self._socket, self._look, self._rng = peg, socket, look, rng
        self._tip_m = float(task.objects[peg].half_extents_m[2])
        self._mouth_m = float(support.interior_m[2])
        self._rate_hz = task.rate_hz

    def hand_pose(self, yaw: float) -> Floats:
        """Where a hand holds the peg upright, turned by `yaw` rad, its tip just above the mouth.

        As well as a person aims who has looked closely at the peg and at the socket.
        """
        mouth = self._seen(self._socket)[:3] + [0.0, 0.0, self._mouth_m]
        position = mouth + [0.0, 0.0, ABOVE_MOUTH_M + self._tip_m]
        position[:2] += self._rng.normal(0.0, AIM_M, 2)
        slip = poses.from_rotation_vector(self._rng.normal(0.0, AIM_RAD, 3) * [1.0, 1.0, 0.0])
        upright = poses.multiply(slip, poses.from_yaw(np.asarray(yaw)))
        wanted = np.concatenate([position, upright])
        return np.asarray(poses.compose(wanted, poses.invert(self._in_hand())))

    def push(self, hand: Floats) -> Generator[Floats, None, bool]:
        """Down from `hand` until the tip is deep (True) or has rested on the rim for a while."""
        asked_m, caught = ABOVE_MOUTH_M, 0
        while caught < CAUGHT_S * self._rate_hz:
            tip_m = self._tip_above_mouth()
            if tip_m < -DEEP_M:
                return True
            caught = caught + 1 if tip_m - asked_m > CAUGHT_M else 0
            asked_m = max(asked_m - PUSH_M_S / self._rate_hz, tip_m - PRESS_M)
            yield np.concatenate([hand[:2], [hand[2] + asked_m - ABOVE_MOUTH_M], hand[3:]])
        return False

    def _tip_above_mouth(self) -> float:
        peg = self._seen(self._peg, LOOKS // 4)
        socket = self._seen(self._socket, LOOKS // 4)
        return float(peg[2] - self._tip_m - socket[2] - self._mouth_m)

    def _in_hand(self) -> Floats:
        """Where the peg lies in the hand (7,), in the end-effector's frame."""
        looks = [self._look() for _ in range(LOOKS)]
        return _mean([poses.relative(ee, seen.object_pose[self._peg].pose) for seen, ee in looks])

    def _seen(self, name: str, looks: int = LOOKS) -> Floats:
        return _mean([self._look()[0].object_pose[name].pose for _ in range(looks)])


def _mean(seen: list[Floats]) -> Floats:
    """Mean (7,) of poses that differ little."""
    all_seen = np.array(seen)
    same_side = np.sign(all_seen[:, 3:] @ all_seen[0, 3:])
    all_seen[:, 3:] *= same_side[:, None]
    mean = all_seen.mean(axis=0)
    mean[3:] /= np.linalg.norm(mean[3:])
    return np.asarray(mean)
