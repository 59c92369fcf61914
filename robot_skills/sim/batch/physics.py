"""Many worlds of one scene at once: what every back end of batched physics can do."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from robot_skills.core.errors import RobotSkillsError
from robot_skills.sim.batch.bank import StateBank
from robot_skills.sim.scene import Scene

Floats = NDArray[np.float64]


class PhysicsFault(RobotSkillsError):
    """A batch of worlds cannot go on: a counter overflowed, or a state is no longer a number."""


class BatchPhysics(Protocol):
    """N worlds of one scene, all tensors on one device.

    `qpos` (N, nq), `qvel` (N, nv) are read, `ctrl` (N, nu) is written; states are set by `reset`
    alone. Units and order are MuJoCo's. `dtype` is float64 with MuJoCo C, float32 with Warp.
    """

    scene: Scene
    worlds: int
    substeps: int
    device: torch.device
    dtype: torch.dtype
    qpos: torch.Tensor
    qvel: torch.Tensor
    ctrl: torch.Tensor

    def body_pose(self, bodies: Sequence[int]) -> torch.Tensor:
        """Poses (N, K, 7) in world of bodies by their number in the model, as of the last step."""
        ...

    def step(self) -> None:
        """Advance every world by one control period with `ctrl` as it is."""
        ...

    def reset(self, mask: torch.Tensor, bank: StateBank, rows: torch.Tensor) -> None:
        """Put the worlds of a mask (N,) into the bank's states `rows` (N,), whole numbers.

        The bank has to be on this device in this dtype; rows of the other worlds are not read.
        """
        ...

    def state_of(self, world: int) -> Floats:
        """One world's full state, mjSTATE_INTEGRATION: what `SimArm.set_state` takes."""
        ...

    def set_model(self, fields: Mapping[str, torch.Tensor]) -> None:
        """Give every world a model of its own: MjModel's field by name -> values (N, ...).

        Fields that follow from others (inertias after masses) are not worked out again.
        Raises InputError at a field that this back end cannot have a value a world of.
        """
        ...

    def check(self) -> None:
        """Raise PhysicsFault where something overflowed or a state is not a number.

        It waits for the device: call it now and then, not at every step.
        """
        ...
