"""Errors that say what was wrong, what was found and what would do."""

import difflib
from collections.abc import Iterable


class RobotSkillsError(Exception):
    """Base of every error this package raises on purpose."""


class InputError(RobotSkillsError, ValueError):
    """Something the user gave (file, flag, array) is wrong; the message says how to mend it."""


class NoPlanError(RobotSkillsError):
    """No chain of known skills reaches the goal; the message names the facts nothing adds."""


class RobotFault(RobotSkillsError):
    """The robot stopped or refused; the message carries the reason and the state it is left in."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Return the error for a name that is not among `known`, with the nearest one suggested."""
    options = sorted(known)
    near = difflib.get_close_matches(name, options, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return InputError(f"no {kind} {name!r}{hint} (known: {', '.join(options) or 'none'})")
