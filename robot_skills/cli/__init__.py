"""The command `robot-skills`: one module a verb, imported only when that verb is asked for."""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from types import FrameType

from robot_skills import __version__
from robot_skills.core.errors import InputError, RobotSkillsError, unknown_name

VERBS = {
    "record": "keep demonstrations of whole tasks: scripted operator or keyboard",
    "segment": "cut demonstrations where prediction fails",
    "train": "turn segments into a library of skills",
    "refine": "let one skill practise in simulation; kept only where it is better",
    "plan": "chain skills towards facts that should hold",
    "run": "carry out and evaluate in simulation",
    "deploy": "carry out on a real arm, or on its twin",
    "teleoperate": "drive an arm or its twin with the keyboard, and record",
    "handoffs": "where one skill ends and the next cannot start, and what would mend it",
    "library": "look after libraries: versions, promotion, search, one file to give away",
    "compare": "which of two libraries is better, on the same starts",
    "demo": "the whole chain from nothing, with a report",
    "replay": "play a demonstration again, from full state and from its actions",
    "doctor": "what this machine can do, and how to mend what it cannot",
}

FAILED, USAGE, INTERRUPTED, TERMINATED, BROKEN_PIPE = 1, 2, 130, 143, 141


class UsageError(InputError):
    """The command line itself is wrong."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb with its flags (sys.argv by default); returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help", "help"):
        print(overview())
        return 0
    if given[0] in ("-V", "--version"):
        print(f"robot-skills {__version__}")
        return 0
    if given[0] not in VERBS:
        return _report(unknown_name("verb", given[0], VERBS), USAGE)
    return _guarded(lambda: _run_verb(given[0], given[1:]))


def overview() -> str:
    """Every verb with one line, as `robot-skills --help` prints it."""
    lines = [f"  {name:<11} {line}" for name, line in VERBS.items()]
    return "\n".join(
        [
            "usage: robot-skills VERB [flags]",
            "",
            "Long unlabelled demonstrations in, an arm doing long tasks nobody showed it out.",
            "",
            *lines,
            "",
            "robot-skills VERB --help explains its flags; --version names this version.",
        ]
    )


def _run_verb(name: str, flags: list[str]) -> None:
    from robot_skills.cli.verb import parse_verb

    # The networks are small and processes run side by side: more threads wait for one another.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parse_verb(name, flags).run()


def _guarded(work: Callable[[], None]) -> int:
    """Run `work`; turn what can go wrong into one clear message and an exit status."""
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        work()
        sys.stdout.flush()
    except RobotSkillsError as error:
        return _report(error, USAGE if isinstance(error, UsageError) else FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that Python's own flush at exit is quiet
        return BROKEN_PIPE
    except OSError as error:
        if error.filename is None:
            raise
        return _report(InputError(f"{error.strerror}: {error.filename}"), FAILED)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def _terminate(signum: int, frame: FrameType | None) -> None:
    """Leave through every `with` and `finally`, so that a robot is stopped and files are whole."""
    raise SystemExit(TERMINATED)


def _report(error: RobotSkillsError, status: int) -> int:
    if os.environ.get("ROBOT_SKILLS_DEBUG") == "1":
        traceback.print_exception(error)
    print(f"robot-skills: {error}", file=sys.stderr)
    return status
