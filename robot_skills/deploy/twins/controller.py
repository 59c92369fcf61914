"""What every family's twin implements: an arm's controller and the protocols it speaks."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from robot_skills.deploy.twins.hub import Hub

Note = Callable[[str, str], None]
Order = Callable[[Any], None]


class TwinController(Protocol):
    """A controller before the physics it moves; the twin's one thread calls it.

    `faults` are what stdin may inject, by name; each is called with the order's value, None where
    it gives none. Every family has pstop and estop.
    """

    faults: Mapping[str, Order]

    @property
    def address(self) -> str:
        """What the driver connects to: an IP address, or the path of a serial line."""
        ...

    def listen(self, hub: Hub) -> None:
        """Open every port or line."""
        ...

    def set_delay(self, delay_s: float) -> None:
        """Hold back what comes in and what goes out by this long, each."""
        ...

    def tick(self, tick: int, linked: bool) -> None:
        """Let one tick pass: take in what is due, move the physics, send what is due.

        While not `linked` nothing is taken in or sent: the link is frozen, the world is not.
        """
        ...

    def close(self) -> None:
        """Let go of everything that is not the hub's."""
        ...
