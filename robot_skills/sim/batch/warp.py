"""Batched physics in MuJoCo Warp: thousands of worlds on a GPU, a few on the CPU for tests."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mujoco_warp as mjw
import numpy as np
import torch
import warp as wp
from numpy.typing import NDArray

from robot_skills.core.errors import InputError, unknown_name
from robot_skills.sim.batch.bank import StateBank, full_state
from robot_skills.sim.batch.faults import WorldFault
from robot_skills.sim.batch.guards import Room, Used, check_room, stop_for
from robot_skills.sim.batch.memory import check_memory, make_data
from robot_skills.sim.batch.recorded import Recorded
from robot_skills.sim.batch.watching import Watch
from robot_skills.sim.scene import Scene

Floats = NDArray[np.float64]

ROOM = Room(contacts=64, constraints=256, pairs=48)  # five blocks and a grasp: half to two thirds


class WarpPhysics:
    """Implements BatchPhysics; its tensors are views of Warp's own memory, in single precision.

    On a GPU the substeps of a control period are one CUDA graph, launched on torch's stream.
    Raises InputError where the device has not got the memory that the worlds need.
    """

    def __init__(
        self,
        scene: Scene,
        worlds: int,
        device: str = "cuda",
        room: Room = ROOM,
        fault_folder: Path = Path("faults"),
    ) -> None:
        wp.config.log_level = wp.LOG_WARNING  # it would greet on the standard output
        check_memory(scene.model, worlds, room, device)
        self.scene, self.worlds, self.room = scene, worlds, room
        self.device, self.dtype = torch.device(device), torch.float32
        self.substeps = round(1.0 / (scene.task.rate_hz * scene.model.opt.timestep))
        self._fault_folder = fault_folder
        self._own_fields: dict[str, torch.Tensor] = {}
        self._chosen: dict[tuple[int, ...], torch.Tensor] = {}
        with wp.ScopedDevice(device):
            self._model = mjw.put_model(scene.model)
            self._data = make_data(scene.model, worlds, room)
            self._watch = Watch(self._data)
        self.qpos, self.qvel = wp.to_torch(self._data.qpos), wp.to_torch(self._data.qvel)
        self.ctrl = wp.to_torch(self._data.ctrl)
        self._xpos, self._xquat = wp.to_torch(self._data.xpos), wp.to_torch(self._data.xquat)
        self._state = {
            "time_s": wp.to_torch(self._data.time),
            "qpos": self.qpos,
            "qvel": self.qvel,
            "act": wp.to_torch(self._data.act),
            "ctrl": self.ctrl,
            "warm_start": wp.to_torch(self._data.qacc_warmstart),
        }
        self._period = Recorded(self._advance, self.device)
        self._placing = Recorded(self._place_bodies, self.device)
        self._placing.run()

    def body_pose(self, bodies: Sequence[int]) -> torch.Tensor:
        """Poses (N, K, 7) in world of bodies by their number in the model."""
        key = tuple(bodies)
        if key not in self._chosen:
            self._chosen[key] = torch.tensor(key, device=self.device, dtype=torch.long)
        chosen = self._chosen[key]
        return torch.cat([self._xpos[:, chosen], self._xquat[:, chosen]], dim=-1)

    def step(self) -> None:
        """Advance every world by one control period with `ctrl` as it is."""
        self._period.run()

    def reset(self, mask: torch.Tensor, bank: StateBank, rows: torch.Tensor) -> None:
        """Put the worlds of a mask (N,) into the bank's states `rows` (N,); nothing waits."""
        rows = torch.where(mask, rows, 0)
        for name, now in self._state.items():
            start = getattr(bank, name)[rows]
            now.copy_(torch.where(mask.reshape(-1, *[1] * (now.ndim - 1)), start, now))
        self._watch.forgive(mask)
        self._placing.run()

    def state_of(self, world: int) -> Floats:
        """One world's full state, mjSTATE_INTEGRATION."""
        return self._full_state(world, self._state)

    def set_model(self, fields: Mapping[str, torch.Tensor]) -> None:
        """Give every world a model of its own: MjModel's field by name -> values (N, ...)."""
        for name, values in fields.items():
            if name in self._own_fields:
                self._own_fields[name].copy_(values)
            else:
                self._own_fields[name] = self._give_own(name, values)
                self._period.forget()
                self._placing.forget()

    def check(self) -> None:
        """Raise PhysicsFault where something overflowed or a state is not a number."""
        check_room(self.used(), self.room, self.worlds)
        bad = torch.nonzero(~self._watch.good)[:, 0].tolist()
        stop_for(bad, self._fault_of, self._fault_folder)

    def used(self) -> Used:
        """The most that was needed so far; waits for the device."""
        return Used(*self._watch.most())

    def kernel_seconds(self) -> dict[str, float]:
        """Go on by one period, launch by launch; the seconds that each kernel took of it on a GPU.

        Empty on the CPU, where Warp takes no times.
        """
        with wp.ScopedDevice(str(self.device)):
            wp.timing_begin(cuda_filter=wp.TIMING_KERNEL)
            self._advance()
            found = wp.timing_end()
        seconds: dict[str, float] = {}
        for each in found:
            seconds[each.name] = seconds.get(each.name, 0.0) + each.elapsed / 1000
        return seconds

    def _advance(self) -> None:
        self._watch.begin()
        for _ in range(self.substeps):
            mjw.step(self._model, self._data)
            self._watch.count()
        self._watch.judge()
        self._place_bodies()

    def _place_bodies(self) -> None:
        mjw.kinematics(self._model, self._data)  # a step leaves bodies where it began

    def _give_own(self, name: str, values: torch.Tensor) -> torch.Tensor:
        """Set a field of Warp's model to an array with a value a world; returns its view."""
        own: Any = getattr(self._model, name, None)
        if not getattr(own, "_is_batched", False):
            known = [n for n, v in vars(self._model).items() if getattr(v, "_is_batched", False)]
            raise unknown_name("field that may differ between worlds", name, known)
        shape = (self.worlds, *wp.to_torch(own).shape[1:])
        if tuple(values.shape) != shape:
            raise InputError(f"{name} needs values {shape}; found {tuple(values.shape)}")
        kept = values.to(self.device, self.dtype).contiguous().clone()
        setattr(self._model, name, wp.from_torch(kept, dtype=own.dtype))
        return kept

    def _fault_of(self, world: int) -> WorldFault:
        model = copy.copy(self.scene.model)
        for name, values in self._own_fields.items():
            getattr(model, name)[:] = values[world].cpu().numpy()
        state = self._full_state(world, {**self._state, **self._watch.before})
        return WorldFault(model, state, self.substeps)

    def _full_state(self, world: int, parts: Mapping[str, torch.Tensor]) -> Floats:
        one = {name: part[world : world + 1] for name, part in parts.items()}
        return full_state(self.scene.model, StateBank(**one, gripper_command_m=one["time_s"]), 0)
