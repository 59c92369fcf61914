"""A check is a row of steps; each tells what it will do, and what to do where it fails."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from robot_skills.core.errors import InputError, RobotFault, RobotSkillsError
from robot_skills.deploy.bringup.person import Person, StepFailed, Stopped

INDENT = "      "


@dataclass(frozen=True)
class Step:
    """`does` is told before; `run` yields what it finds, line by line; `remedy` is for failures."""

    name: str
    does: str
    remedy: str
    run: Callable[[], Iterator[str]]


class CheckFailed(RobotSkillsError):
    """A check ended at a step that failed."""


def carry_out(steps: Sequence[Step], person: Person, done: int = 0, total: int = 0) -> None:
    """Do every step in order; raises CheckFailed at the first that fails, Stopped at a key.

    `done` steps of `total` went before.
    """
    for number, step in enumerate(steps, start=done + 1):
        person.tell(f"[{number}/{total or len(steps)}] {step.name}: {step.does}")
        try:
            for line in step.run():
                person.tell(f"{INDENT}{line}")
                person.listen()
        except Stopped:
            raise
        except RobotFault as fault:  # says itself what to do
            raise CheckFailed(f"{step.name} stopped: {fault}. Then check again") from None
        except (StepFailed, InputError) as error:
            raise CheckFailed(f"{step.name} failed: {error}. {step.remedy}") from None
