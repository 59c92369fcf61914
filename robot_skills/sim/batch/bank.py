"""Start states on a device, from which worlds are put back one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import mujoco
import numpy as np
import torch
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.sim.scene import Scene
from robot_skills.sim.sim_arm import FULL_STATE, SimArm

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_PARTS = {
    "time_s": mujoco.mjtState.mjSTATE_TIME,
    "qpos": mujoco.mjtState.mjSTATE_QPOS,
    "qvel": mujoco.mjtState.mjSTATE_QVEL,
    "act": mujoco.mjtState.mjSTATE_ACT,
    "ctrl": mujoco.mjtState.mjSTATE_CTRL,
    "warm_start": mujoco.mjtState.mjSTATE_WARMSTART,
}


@dataclass(frozen=True)
class StateBank:
    """S start states of one scene: tensors (S, ...) in MuJoCo's units and order.

    `gripper_command_m` (S,) is the width in m that the gripper was last told to have.
    """

    time_s: torch.Tensor
    qpos: torch.Tensor
    qvel: torch.Tensor
    act: torch.Tensor
    ctrl: torch.Tensor
    warm_start: torch.Tensor
    gripper_command_m: torch.Tensor

    def __len__(self) -> int:
        return len(self.gripper_command_m)

    def to(self, device: torch.device, dtype: torch.dtype) -> Self:
        """The same states on a device, as numbers of a type."""
        moved = {f.name: getattr(self, f.name).to(device, dtype) for f in fields(self)}
        return type(self)(**moved)


def make_bank(scene: Scene, states: Floats, gripper_command_m: Floats) -> StateBank:
    """A bank on the CPU in float64 of full states (S, M), as `SimArm.state` gives them.

    Raises InputError for states of another model.
    """
    size = mujoco.mj_stateSize(scene.model, FULL_STATE)
    if states.ndim != 2 or states.shape[1] != size or len(states) == 0:
        raise InputError(
            f"a start state of this scene has {size} numbers; found an array {states.shape}: "
            "take states (S, M) from a SimArm on the same objects"
        )
    parts = {name: _part(scene.model, states, part) for name, part in _PARTS.items()}
    parts["time_s"] = parts["time_s"][:, 0]
    return StateBank(
        **parts, gripper_command_m=torch.tensor(gripper_command_m, dtype=torch.float64)
    )


def bank_of_arms(arms: Sequence[SimArm]) -> StateBank:
    """A bank of what simulated arms on one scene are doing now, one state an arm."""
    states = np.array([arm.state for arm in arms])
    commands_m = np.array([arm.gripper_command_m for arm in arms])
    return make_bank(arms[0].scene, states, commands_m)


def full_state(model: mujoco.MjModel, bank: StateBank, row: int) -> Floats:
    """One state of a bank as MuJoCo C takes it: mjSTATE_INTEGRATION (M,)."""
    state = _resting(model)
    for name, part in _PARTS.items():
        state[_columns(model, part)] = getattr(bank, name)[row].cpu().numpy()
    return state


def _resting(model: mujoco.MjModel) -> Floats:
    """The state (M,) of new data: what a bank does not hold is as there."""
    state = np.empty(mujoco.mj_stateSize(model, FULL_STATE))
    mujoco.mj_getState(model, mujoco.MjData(model), state, FULL_STATE)
    return state


def _part(model: mujoco.MjModel, states: Floats, part: mujoco.mjtState) -> torch.Tensor:
    """The columns of one part of full states (S, M)."""
    return torch.tensor(states[:, _columns(model, part)], dtype=torch.float64)


def _columns(model: mujoco.MjModel, part: mujoco.mjtState) -> Indices:
    """Where a part is in a full state."""
    numbers = np.arange(mujoco.mj_stateSize(model, FULL_STATE), dtype=float)
    columns = np.empty(mujoco.mj_stateSize(model, part))
    mujoco.mj_extractState(model, numbers, FULL_STATE, columns, part)
    return columns.astype(int)
