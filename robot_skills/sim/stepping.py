"""Physics steps that survive a defect of MuJoCo's box collisions."""

import mujoco
import numpy as np

FULL_STATE = mujoco.mjtState.mjSTATE_INTEGRATION  # with warm start: replays to the bit
NUDGE_M = 1e-7


def advance(model: mujoco.MjModel, data: mujoco.MjData, steps: int) -> None:
    """Run `steps` physics steps.

    MuJoCo 3.9 stops with a fatal error when two boxes stacked almost exactly meet in nine points
    where it has room for eight. The steps are then taken again from the same state with every
    free joint moved by `NUDGE_M`, which is far below any contact's softness; still deterministic.
    """
    before = np.empty(mujoco.mj_stateSize(model, FULL_STATE))
    mujoco.mj_getState(model, data, before, FULL_STATE)
    for attempt in range(5):
        try:
            mujoco.mj_step(model, data, steps)
            return
        except mujoco.FatalError as error:
            if "contacts for geom pair" not in str(error) or attempt == 4:
                raise
        mujoco.mj_resetData(model, data)  # a fatal error leaves the arena half used
        mujoco.mj_setState(model, data, before, FULL_STATE)
        _nudge(model, data, (attempt + 1) * NUDGE_M)


def _nudge(model: mujoco.MjModel, data: mujoco.MjData, distance_m: float) -> None:
    free = np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE)
    for count, joint in enumerate(free):
        start = model.jnt_qposadr[joint]
        data.qpos[start : start + 2] += distance_m * np.array([count + 1.0, -count])
