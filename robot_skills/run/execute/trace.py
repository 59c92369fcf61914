"""What happened in one episode and why, step by step."""

from dataclasses import dataclass, field
from typing import Literal

from robot_skills.core.facts import State

EventKind = Literal[
    "plan",
    "start",
    "success",
    "failure",
    "replan",
    "goal",
    "stop",
    "undone",
    "unseen",
    "alarm",
    "disturbance",
]


@dataclass(frozen=True)
class Event:
    """One decision of the executor, `control_step` steps into the episode."""

    control_step: int
    kind: EventKind
    text: str
    skill: str = ""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trace:
    """An episode as the executor saw it: whether the goal held at the end, and every decision."""

    success: bool
    control_steps: int
    rate_hz: float
    goal: State
    final_facts: State
    events: tuple[Event, ...] = field(default_factory=tuple)

    @property
    def retries(self) -> int:
        """How many skills had to be tried again or replaced."""
        return sum(event.kind == "failure" for event in self.events)

    @property
    def seconds(self) -> float:
        """Length in robot time."""
        return self.control_steps / self.rate_hz

    @property
    def ending(self) -> str:
        """How it ended and why, in one sentence for people."""
        if self.success:
            return f"The goal holds after {self.seconds:.1f} s."
        stops = [event.text for event in self.events if event.kind == "stop"]
        failures = [event.text for event in self.events if event.kind == "failure"]
        told = [*stops[-1:], *(f"the last failure was {text}" for text in failures[-1:])]
        return f"Stopped after {self.seconds:.1f} s: {'; '.join(told) or 'nothing left to do'}."

    def explain(self) -> str:
        """Every decision in a line, with the time in s."""
        return "\n".join(
            f"{event.control_step / self.rate_hz:7.2f} s  {event.kind:<11} {event.text}"
            for event in self.events
        )
