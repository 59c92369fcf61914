"""What a device notes while it steps: the most it needed, and each world's last good state."""

from typing import Any

import torch
import warp as wp

from robot_skills.sim.batch.kernels import count_needs, judge, remember

TOO_MUCH = 1e10  # MuJoCo's own bound: beyond it, and not a number, are bad alike
PARTS = {
    "qpos": "qpos",
    "qvel": "qvel",
    "act": "act",
    "ctrl": "ctrl",
    "warm_start": "qacc_warmstart",
}  # of a StateBank, and what Warp calls them


class Watch:
    """Counters and states of N worlds on Warp's device, kept up to date without asking the host.

    `good` (N,) is False from the period on in which a world's state was not a number.
    """

    def __init__(self, data: Any) -> None:
        self._data = data
        self._good = wp.full(data.nworld, True, dtype=bool)
        self._most_constraints = wp.zeros(data.nworld, dtype=int)
        self._most_pooled = wp.zeros(2, dtype=int)
        self._now = {name: getattr(data, own) for name, own in PARTS.items()}
        self._before = {name: wp.zeros_like(now) for name, now in self._now.items()}
        self.good = wp.to_torch(self._good)
        self.before = {name: wp.to_torch(array) for name, array in self._before.items()}

    def begin(self) -> None:
        """Before a control period: keep the states that are still good."""
        for name, before in self._before.items():
            now = self._now[name]
            wp.launch(remember, now.shape, inputs=[self._good, now], outputs=[before])

    def count(self) -> None:
        """After a substep: take in what it needed."""
        data = self._data
        wp.launch(
            count_needs,
            data.nworld,
            inputs=[data.nefc, data.ncollision, data.nacon],
            outputs=[self._most_constraints, self._most_pooled],
        )

    def judge(self) -> None:
        """After a control period: find the worlds whose states are no numbers."""
        for now in (self._data.qpos, self._data.qvel):
            wp.launch(judge, now.shape, inputs=[now, TOO_MUCH], outputs=[self._good])

    def forgive(self, mask: torch.Tensor) -> None:
        """The worlds of a mask (N,) have been put into other states."""
        self.good |= mask

    def most(self) -> tuple[int, int, int]:
        """Pairs and contacts of all worlds and rows of one, the most so far; asks the host."""
        pairs, contacts = wp.to_torch(self._most_pooled).tolist()
        return pairs, contacts, int(wp.to_torch(self._most_constraints).max())
