"""Whoever stands beside the arm: is told what comes, answers, and may stop everything by a key."""

from collections.abc import Callable
from typing import Protocol

from robot_skills.core.errors import RobotFault, RobotSkillsError

YES, NO, AGAIN = "y", "n", "r"


class Stopped(RobotFault):
    """The person stopped it."""


class StepFailed(RobotSkillsError):
    """A step found something that keeps the arm from being used; the message says what."""


class Person(Protocol):
    """Told, asked, and listened to."""

    def tell(self, line: str) -> None:
        """Show a line."""
        ...

    def ask(self, question: str, keys: str, meanwhile: Callable[[], None]) -> str:
        """One of `keys`, as answered; raises Stopped.

        `meanwhile` is called again and again until then: an arm that is held must be told so.
        """
        ...

    def listen(self) -> None:
        """Raise Stopped when a key was struck; never waits."""
        ...
