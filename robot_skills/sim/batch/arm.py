"""The simulated arm, many worlds at once: joint targets and widths in, observations out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from robot_skills.sim.batch.bank import StateBank
from robot_skills.sim.batch.physics import BatchPhysics
from robot_skills.sim.gripper_motion import slewed_width

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BatchObservation:
    """What N arms sense at one control step: core.observation.Observation with a first axis N.

    Joints (N, J) in rad and rad/s, width (N,) m, poses (N, 7) in world by name of object or
    fixture, fixture joints (N,) in rad or m by name.
    """

    joint_position: torch.Tensor
    joint_velocity: torch.Tensor
    gripper_width_m: torch.Tensor
    object_pose: Mapping[str, torch.Tensor]
    fixture_position: Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class BatchCommand:
    """What was really sent after limits: joint targets (N, J) rad, gripper widths (N,) m."""

    joint_position: torch.Tensor
    gripper_width_m: torch.Tensor


class BatchArm:
    """SimArm for N worlds: the same limits, gripper motion and width tables."""

    def __init__(self, physics: BatchPhysics) -> None:
        self.physics = physics
        self.scene = scene = physics.scene
        self.rate_hz = scene.task.rate_hz
        numbers = partial(torch.tensor, device=physics.device, dtype=physics.dtype)
        self._low, self._high = numbers(scene.arm.position_min), numbers(scene.arm.position_max)
        self._widths_m, self._driver_at = _rising(scene.widths_m, scene.width_joints, numbers)
        self._drivers, self._width_at = _rising(scene.width_joints, scene.widths_m, numbers)
        indices = partial(torch.tensor, device=physics.device)
        self._arm_qpos, self._arm_dofs = indices(scene.arm_qpos), indices(scene.arm_dofs)
        self._arm_actuators = indices(scene.arm_actuators)
        self._bodies = list(scene.bodies.values())
        self.gripper_command_m = numbers([scene.arm.gripper.width_max_m] * physics.worlds)

    @property
    def gripper_width_m(self) -> torch.Tensor:
        """Widths (N,) in m between the pads, from the driver joints."""
        driver = self.physics.qpos[:, self.scene.gripper_qpos]
        return interpolated(driver, self._drivers, self._width_at)

    def observe(self) -> BatchObservation:
        """Joints, gripper and every object as they are, without noise."""
        physics, scene = self.physics, self.scene
        poses = physics.body_pose(self._bodies)
        return BatchObservation(
            joint_position=physics.qpos[:, self._arm_qpos],
            joint_velocity=physics.qvel[:, self._arm_dofs],
            gripper_width_m=self.gripper_width_m,
            object_pose={name: poses[:, i] for i, name in enumerate(scene.bodies)},
            fixture_position={n: physics.qpos[:, i].clone() for n, i in scene.fixture_qpos.items()},
        )

    def act(self, joint_position: torch.Tensor, gripper_width_m: torch.Tensor) -> BatchCommand:
        """Drive the servos (N, J) and grippers (N,) for one control period of every world."""
        physics, gripper = self.physics, self.scene.arm.gripper
        target = torch.clamp(joint_position.to(physics.dtype), self._low, self._high)
        wanted = torch.clamp(gripper_width_m.to(physics.dtype), 0.0, gripper.width_max_m)
        most = gripper.speed_m_s / self.rate_hz
        sent = slewed_width(self.gripper_command_m, self.gripper_width_m, wanted, most)
        self.gripper_command_m = sent
        physics.ctrl[:, self._arm_actuators] = target
        driver = interpolated(sent, self._widths_m, self._driver_at)
        physics.ctrl[:, self.scene.gripper_actuator] = driver
        physics.step()
        return BatchCommand(target, sent)

    def reset(self, mask: torch.Tensor, bank: StateBank, rows: torch.Tensor) -> None:
        """Put the worlds of a mask (N,) into the bank's states `rows` (N,)."""
        self.physics.reset(mask, bank, rows)
        command = bank.gripper_command_m[torch.where(mask, rows, 0)]
        self.gripper_command_m = torch.where(mask, command, self.gripper_command_m)


def interpolated(x: torch.Tensor, at: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """`numpy.interp` for tensors: what `values` (K,), given `at` (K,), rising, are at `x` (...)."""
    x = torch.clamp(x, at[0], at[-1])
    upper = torch.searchsorted(at, x).clamp(1, len(at) - 1)
    lower = upper - 1
    slope = (values[upper] - values[lower]) / (at[upper] - at[lower])
    return values[lower] + slope * (x - at[lower])


def _rising(
    at: Floats, values: Floats, numbers: Callable[[Floats], torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """A table (K,), (K,) as tensors, turned round where it falls."""
    order = np.argsort(at)
    return numbers(at[order]), numbers(values[order])
