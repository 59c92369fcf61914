"""The control law of a batch of arms: on a GPU one CUDA graph instead of hundreds of launches."""

from collections.abc import Callable
from functools import partial

import torch

from robot_skills.core.control import EndEffectorController, Workspace
from robot_skills.sim.batch.kinematics import BatchKinematics
from robot_skills.sim.batch.physics import BatchPhysics

WARM_UP = 3  # runs before the recording, in which torch's libraries set themselves up


class BatchController(EndEffectorController):
    """EndEffectorController for the N arms of a batch, made from the batch's own scene.

    On a GPU it is `recorded`, or goes launch by launch.
    """

    def __init__(self, physics: BatchPhysics, recorded: bool = True) -> None:
        scene = physics.scene
        numbers = partial(torch.as_tensor, device=physics.device, dtype=physics.dtype)
        self.kinematics = BatchKinematics(scene.arm, numbers, scene.model)
        workspace = Workspace(*scene.task.workspace_m)
        super().__init__(self.kinematics, scene.arm, scene.task.rate_hz, workspace, numbers)
        law: Callable[..., torch.Tensor] = super().next_target
        self._law = Graphed(law, physics.device) if recorded else law

    def next_target(
        self, last: torch.Tensor, measured: torch.Tensor, ee_pose_in_world: torch.Tensor
    ) -> torch.Tensor:
        """Joint targets (N, J) rad after `last` (N, J), towards poses (N, 7) in world."""
        return self._law(last, measured, ee_pose_in_world)


class Graphed:
    """A function of tensors on one device whose shapes stay; on a GPU it is recorded once.

    It may neither look at values nor keep any: what it returns follows from its arguments alone.
    """

    def __init__(self, function: Callable[..., torch.Tensor], device: torch.device) -> None:
        self._function, self._device = function, device
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: list[torch.Tensor] = []

    def __call__(self, *inputs: torch.Tensor) -> torch.Tensor:
        """What the function returns, in memory of its own."""
        if self._device.type != "cuda":
            return self._function(*inputs)
        graph = self._graph or self._recorded(inputs)
        for kept, given in zip(self._inputs, inputs, strict=True):
            kept.copy_(given)
        graph.replay()
        return self._output.clone()

    @torch.inference_mode(False)  # else what is kept could be used in that mode alone
    @torch.no_grad()
    def _recorded(self, inputs: tuple[torch.Tensor, ...]) -> torch.cuda.CUDAGraph:
        self._inputs = [given.clone() for given in inputs]
        current = torch.cuda.current_stream(self._device)
        aside = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        aside.wait_stream(current)
        with torch.cuda.stream(aside):
            for _ in range(WARM_UP):
                self._function(*self._inputs)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=aside):  # what the libraries have set up is a stream's
            self._output = self._function(*self._inputs)
        current.wait_stream(aside)
        self._graph = graph
        return graph
