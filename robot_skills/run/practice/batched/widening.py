"""Start states with few objects brought into the one scene that holds the objects of all starts."""

from collections.abc import Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.task import Task
from robot_skills.sim.scene import Scene
from robot_skills.sim.sim_arm import FULL_STATE

Floats = NDArray[np.float64]

PARKED_AT_M = (4.0, 4.0)  # on the floor, out of everything's reach
PARKED_APART_M = 0.5


def all_objects(task: Task, present: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Every object that is there in one of the starts, in the task's order."""
    needed = {name for objects in present for name in objects}
    return tuple(name for name in task.objects if name in needed)


class Widening:
    """Full states (S,) of a `narrow` scene as those of a `wide` one, by the names of joints.

    What the narrow scene has not got stands far away.
    """

    def __init__(self, narrow: Scene, wide: Scene) -> None:
        self._narrow, self._wide = narrow, wide
        self._from, self._to = mujoco.MjData(narrow.model), mujoco.MjData(wide.model)
        names = [narrow.model.joint(i).name for i in range(narrow.model.njnt)]
        self._qpos = _pairs(narrow.model, wide.model, names, "qposadr")
        self._dofs = _pairs(narrow.model, wide.model, names, "dofadr")

    def state(self, state: Floats) -> Floats:
        """A state (S,) of the narrow scene as one (W,) of the wide."""
        narrow, wide, here, there = self._narrow.model, self._wide.model, self._from, self._to
        mujoco.mj_setState(narrow, here, state, FULL_STATE)
        mujoco.mj_resetData(wide, there)
        there.time = here.time
        self._park(there)
        for mine, theirs in self._qpos:
            there.qpos[theirs] = here.qpos[mine]
        for mine, theirs in self._dofs:
            there.qvel[theirs] = here.qvel[mine]
            there.qacc_warmstart[theirs] = here.qacc_warmstart[mine]
        there.act[:], there.ctrl[:] = here.act, here.ctrl
        widened = np.empty(mujoco.mj_stateSize(wide, FULL_STATE))
        mujoco.mj_getState(wide, there, widened, FULL_STATE)
        return widened

    def _park(self, data: mujoco.MjData) -> None:
        missing = [name for name in self._wide.objects if name not in self._narrow.objects]
        for number, name in enumerate(missing):
            thing = self._wide.task.objects[name]
            at = (PARKED_AT_M[0] + number * PARKED_APART_M, PARKED_AT_M[1])
            pose = (*at, float(thing.half_extents_m[2]), 1.0, 0.0, 0.0, 0.0)
            data.qpos[self._wide.object_qpos[name] :][:7] = pose


def _pairs(
    narrow: mujoco.MjModel, wide: mujoco.MjModel, names: Sequence[str], address: str
) -> list[tuple[slice, slice]]:
    """Where the numbers of each joint are in the narrow model, and where in the wide one."""
    pairs = []
    for name in names:
        mine, theirs = (getattr(model.joint(name), address)[0] for model in (narrow, wide))
        size = _size(narrow.joint(name).type[0], address)
        pairs.append((slice(mine, mine + size), slice(theirs, theirs + size)))
    return pairs


def _size(kind: int, address: str) -> int:
    """How many numbers a joint of a kind has, positions or degrees of freedom."""
    positions = {mujoco.mjtJoint.mjJNT_FREE: 7, mujoco.mjtJoint.mjJNT_BALL: 4}
    if address == "qposadr":
        return positions.get(mujoco.mjtJoint(kind), 1)
    return {7: 6, 4: 3}.get(positions.get(mujoco.mjtJoint(kind), 1), 1)
