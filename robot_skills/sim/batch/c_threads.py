"""Batched physics in MuJoCo C: a state a world, stepped on threads, in double precision."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import mujoco
import numpy as np
import torch
from numpy.typing import NDArray

from robot_skills.core.errors import InputError, unknown_name
from robot_skills.sim.batch.bank import StateBank, full_state
from robot_skills.sim.batch.faults import WorldFault
from robot_skills.sim.batch.guards import stop_for
from robot_skills.sim.scene import Scene
from robot_skills.sim.sim_arm import FULL_STATE

Floats = NDArray[np.float64]

# MuJoCo C puts a state that is not a number back to the model's default, and counts it.
_BAD = (
    mujoco.mjtWarning.mjWARN_BADQPOS,
    mujoco.mjtWarning.mjWARN_BADQVEL,
    mujoco.mjtWarning.mjWARN_BADQACC,
)


@dataclass(frozen=True)
class _Numbers:
    """The memory behind the tensors: qpos (N, nq), qvel (N, nv), ctrl (N, nu), poses (N, K, 7)."""

    qpos: Floats
    qvel: Floats
    ctrl: Floats
    body_pose: Floats

    @classmethod
    def of(cls, model: mujoco.MjModel, worlds: int) -> Self:
        sizes = (model.nq,), (model.nv,), (model.nu,), (model.nbody, 7)
        return cls(*(np.zeros((worlds, *size)) for size in sizes))


class ThreadPhysics:
    """Implements BatchPhysics on the CPU; `qpos` and `qvel` are copies as of the last step.

    Worlds come to the same bits as a SimArm does, whatever the number of threads.
    """

    def __init__(
        self, scene: Scene, worlds: int, threads: int = 1, fault_folder: Path = Path("faults")
    ) -> None:
        if worlds < 1 or threads < 1:
            raise InputError(f"worlds and threads begin at 1; found {worlds} and {threads}")
        self.scene, self.worlds = scene, worlds
        self.device, self.dtype = torch.device("cpu"), torch.float64
        self.substeps = round(1.0 / (scene.task.rate_hz * scene.model.opt.timestep))
        model = scene.model
        self._data = [mujoco.MjData(model) for _ in range(worlds)]
        self._numbers = numbers = _Numbers.of(model, worlds)
        self.qpos, self.qvel, self.ctrl, self._body_pose = map(
            torch.from_numpy, (numbers.qpos, numbers.qvel, numbers.ctrl, numbers.body_pose)
        )
        self._before = np.zeros((worlds, mujoco.mj_stateSize(model, FULL_STATE)))
        self._fields: dict[str, Floats] = {}
        shares = np.array_split(np.arange(worlds), min(threads, worlds))
        self._shares = [(copy.copy(model), [int(world) for world in share]) for share in shares]
        self._pool = ThreadPoolExecutor(len(shares)) if len(shares) > 1 else None
        self._fault_folder = fault_folder
        for world, data in enumerate(self._data):
            mujoco.mj_forward(model, data)
            self._read(world)

    def body_pose(self, bodies: Sequence[int]) -> torch.Tensor:
        """Poses (N, K, 7) in world of bodies by their number in the model."""
        return self._body_pose[:, list(bodies)]

    def step(self) -> None:
        """Advance every world by one control period with `ctrl` as it is."""
        run = map if self._pool is None else self._pool.map
        list(run(self._step_share, self._shares))

    def reset(self, mask: torch.Tensor, bank: StateBank, rows: torch.Tensor) -> None:
        """Put the worlds of a mask (N,) into the bank's states `rows` (N,)."""
        for world in torch.nonzero(mask)[:, 0].tolist():
            data, model = self._data[world], self._model_of(world)
            state = full_state(model, bank, int(rows[world]))
            mujoco.mj_resetData(model, data)
            mujoco.mj_setState(model, data, state, FULL_STATE)
            mujoco.mj_forward(model, data)
            self._numbers.ctrl[world] = data.ctrl
            self._read(world)

    def state_of(self, world: int) -> Floats:
        """One world's full state, mjSTATE_INTEGRATION."""
        state = np.empty(self._before.shape[1])
        mujoco.mj_getState(self.scene.model, self._data[world], state, FULL_STATE)
        return state

    def set_model(self, fields: Mapping[str, torch.Tensor]) -> None:
        """Give every world a model of its own: MjModel's field by name -> values (N, ...)."""
        for name, values in fields.items():
            own = getattr(self.scene.model, name, None)
            if not isinstance(own, np.ndarray):
                raise unknown_name("field of MjModel", name, _fields(self.scene.model))
            if tuple(values.shape) != (self.worlds, *own.shape):
                raise InputError(
                    f"{name} needs values {(self.worlds, *own.shape)}, one {own.shape} a world; "
                    f"found {tuple(values.shape)}"
                )
            self._fields[name] = values.detach().cpu().numpy().copy()

    def check(self) -> None:
        """Raise PhysicsFault where a state was not a number."""
        worlds = [i for i, data in enumerate(self._data) if _is_bad(data)]
        stop_for(worlds, self._fault_of, self._fault_folder)

    def _step_share(self, share: tuple[mujoco.MjModel, list[int]]) -> None:
        model, worlds = share
        for world in worlds:
            data = self._data[world]
            self._apply(model, world)
            data.ctrl[:] = self._numbers.ctrl[world]
            if not _is_bad(data):
                mujoco.mj_getState(model, data, self._before[world], FULL_STATE)
            mujoco.mj_step(model, data, self.substeps)
            mujoco.mj_kinematics(model, data)  # a step leaves bodies where it began
            self._read(world)

    def _apply(self, model: mujoco.MjModel, world: int) -> None:
        for name, values in self._fields.items():
            getattr(model, name)[:] = values[world]

    def _model_of(self, world: int) -> mujoco.MjModel:
        model = self._shares[0][0]
        self._apply(model, world)
        return model

    def _read(self, world: int) -> None:
        data = self._data[world]
        self._numbers.qpos[world], self._numbers.qvel[world] = data.qpos, data.qvel
        self._numbers.body_pose[world, :, :3] = data.xpos
        self._numbers.body_pose[world, :, 3:] = data.xquat

    def _fault_of(self, world: int) -> WorldFault:
        return WorldFault(self._model_of(world), self._before[world], self.substeps)


def _is_bad(data: mujoco.MjData) -> bool:
    return any(data.warning[kind].number > 0 for kind in _BAD)


def _fields(model: mujoco.MjModel) -> Iterable[str]:
    return [name for name in dir(model) if isinstance(getattr(model, name, None), np.ndarray)]
