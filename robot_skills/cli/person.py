"""Who answers the questions of a check: the person at the terminal, or nobody on a twin."""

import time
from collections.abc import Callable

from robot_skills.deploy.bringup.person import YES, StepFailed, Stopped

STOP_KEYS = " qQ"
IDLE_S = 0.02


class PersonAtTerminal:
    """Asks on the terminal and takes single keys; space or q stops, whenever it is struck."""

    def __init__(self, pressed: Callable[[], str]) -> None:
        self._pressed = pressed

    def tell(self, line: str) -> None:
        """Print a line."""
        print(line, flush=True)

    def ask(self, question: str, keys: str, meanwhile: Callable[[], None]) -> str:
        """The first of `keys` that is struck; raises Stopped at a stop key."""
        print(f"      {question} [{'/'.join(keys)}] ", end="", flush=True)
        while True:
            for key in self._pressed().lower():
                if key in keys:
                    print(key, flush=True)
                    return key
                _refuse_stop_key(key)
            meanwhile()
            time.sleep(IDLE_S)

    def listen(self) -> None:
        """Raise Stopped when a stop key was struck."""
        for key in self._pressed():
            _refuse_stop_key(key)


class TwinOperator:
    """Says yes to everything, and says so: only for twins, where nobody can be hurt."""

    def tell(self, line: str) -> None:
        """Print a line."""
        print(line, flush=True)

    def ask(self, question: str, keys: str, meanwhile: Callable[[], None]) -> str:
        """Always yes."""
        print(f"      {question} yes, as this is a twin", flush=True)
        return YES

    def listen(self) -> None:
        """Nobody is there to stop it."""


class NobodyThere:
    """Without a terminal nobody can answer: what asks, fails."""

    def tell(self, line: str) -> None:
        """Print a line."""
        print(line, flush=True)

    def ask(self, question: str, keys: str, meanwhile: Callable[[], None]) -> str:
        """Raise StepFailed."""
        raise StepFailed(f"nobody is at a terminal to answer: {question}")

    def listen(self) -> None:
        """Nobody is there to stop it."""


def _refuse_stop_key(key: str) -> None:
    if key in STOP_KEYS:
        raise Stopped("stopped at the keyboard")
