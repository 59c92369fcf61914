"""What a batch of worlds does in training, piece by piece, so that each piece can be timed."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn

from robot_skills.sim.batch.arm import BatchArm
from robot_skills.sim.batch.bank import StateBank
from robot_skills.sim.batch.law import BatchController
from robot_skills.sim.batch.physics import BatchPhysics

WARM_UP = 3  # periods: the first loads the kernels, the second records them
ASKED_EVERY = 6  # control steps for which a decision of the policy holds, as in practice
SKILL_UNITS, RESIDUAL_UNITS = (256, 256, 256), (128, 128)  # a cloned skill and its correction
SWAY_M, SWAY_RAD = 0.02, 0.4  # the hand goes to and fro, so far, so much of a round each step
CORRECTION_M = 0.002
KEPT_M = 0.04  # a thing that is this high above the table is still in the hand


@dataclass(frozen=True)
class Speed:
    """Control steps a second of every world together, and seconds that each piece takes of one."""

    control_steps_per_s: float
    period_s: float
    policy_s: float
    control_s: float
    physics_s: float

    def share(self, seconds: float) -> float:
        """A piece's part of the sum of all pieces."""
        return seconds / (self.policy_s + self.control_s + self.physics_s)


class Load:
    """N arms that sway with what they hold, corrected by untrained networks of the usual size.

    The control law is `recorded` as a CUDA graph, or goes launch by launch.
    """

    def __init__(
        self, physics: BatchPhysics, bank: StateBank, thing: str = "", recorded: bool = True
    ) -> None:
        self._arm, self._thing = BatchArm(physics), thing
        everywhere = torch.ones(physics.worlds, dtype=torch.bool, device=physics.device)
        rows = torch.arange(physics.worlds, device=physics.device) % len(bank)
        self._arm.reset(everywhere, bank.to(physics.device, physics.dtype), rows)
        numbers = partial(torch.as_tensor, device=physics.device, dtype=physics.dtype)
        self._controller = BatchController(physics, recorded)
        self._start = self._controller.kinematics.ee_pose(self._arm.observe().joint_position)
        self._width_m = self._arm.gripper_command_m.clone()
        self._networks = _networks(self._inputs().shape[1]).to(physics.device, physics.dtype)
        self._sideways = numbers([0.0, SWAY_M, 0.0, 0.0, 0.0, 0.0, 0.0])
        self._period = 0
        self.policy()
        self.control()

    def policy(self) -> None:
        """Look, and ask the networks."""
        with torch.no_grad():
            self._action = self._networks(self._inputs())

    def control(self) -> None:
        """From what is wanted to joint targets, by the control law."""
        sway = torch.sin(torch.tensor(SWAY_RAD * self._period))
        wanted = self._start + float(sway) * self._sideways
        wanted[:, :3] += CORRECTION_M * self._action
        self._joints = self._controller.step(self._arm.observe().joint_position, wanted)

    def physics(self) -> None:
        """One control period of physics."""
        self._arm.act(self._joints, self._width_m)
        self._period += 1

    def period(self) -> None:
        """All of it, as in training: the networks' answer holds for some steps."""
        if self._period % ASKED_EVERY == 0:
            self.policy()
        self.control()
        self.physics()

    def still_held(self) -> float | None:
        """The share of worlds that still hold the thing; None where there is none."""
        if not self._thing:
            return None
        height = self._arm.observe().object_pose[self._thing][:, 2]
        return float((height > KEPT_M).double().mean())

    def _inputs(self) -> torch.Tensor:
        seen = self._arm.observe()
        parts = [seen.joint_position, seen.joint_velocity, seen.gripper_width_m[:, None]]
        return torch.cat([*parts, *seen.object_pose.values()], dim=-1)


def measure(load: Load, worlds: int, periods: int, device: torch.device) -> Speed:
    """Time whole periods, then each piece by itself."""
    for _ in range(WARM_UP):
        load.period()
    period_s = _seconds(load.period, periods, device)
    policy_s = _seconds(load.policy, periods, device) / ASKED_EVERY
    control_s = _seconds(load.control, periods, device)
    physics_s = _seconds(load.physics, periods, device)
    return Speed(worlds / period_s, period_s, policy_s, control_s, physics_s)


def bandwidth_bytes_s(device: torch.device) -> float:
    """Bytes a second that a device reads and writes when it copies a large tensor."""
    numbers = 2**28 if device.type == "cuda" else 2**24
    source = torch.ones(numbers, dtype=torch.float32, device=device)
    target = torch.empty_like(source)
    copy: Callable[[], object] = partial(target.copy_, source)
    copy()
    return 2 * 4 * numbers / _seconds(copy, 10, device)


def _seconds(work: Callable[[], object], times: int, device: torch.device) -> float:
    """Seconds that one turn of work takes, over some turns, the device's queue included."""
    _wait(device)
    began = time.perf_counter()
    for _ in range(times):
        work()
    _wait(device)
    return (time.perf_counter() - began) / times


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _networks(inputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for units in (*SKILL_UNITS, *RESIDUAL_UNITS):
        layers += [nn.Linear(inputs, units), nn.ELU()]
        inputs = units
    return nn.Sequential(*layers, nn.Linear(inputs, 3), nn.Tanh())
