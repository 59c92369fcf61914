"""What is seen of things in many worlds, off by as much as a camera is."""

import torch

from robot_skills.core import poses


class PoseNoise:
    """Normal errors of poses (N, B, 7) of those bodies that `may_move` (B,), new at every look."""

    def __init__(
        self,
        position_m: float,
        rotation_rad: float,
        may_move: torch.Tensor,
        generator: torch.Generator,
    ) -> None:
        self._sizes = position_m, rotation_rad
        self._may_move, self._generator = may_move[:, None], generator

    def seen(self, pose: torch.Tensor) -> torch.Tensor:
        """Poses (N, B, 7) as they are seen: each axis off by a normal error in m and rad."""
        position_m, rotation_rad = self._sizes
        errors = torch.randn(
            (*pose.shape[:-1], 6),
            generator=self._generator,
            device=pose.device,
            dtype=pose.dtype,
        )
        turn = poses.from_rotation_vector(rotation_rad * errors[..., 3:])
        position = pose[..., :3] + position_m * errors[..., :3]
        blurred = torch.cat([position, poses.multiply(turn, pose[..., 3:])], dim=-1)
        return torch.where(self._may_move, blurred, pose)
