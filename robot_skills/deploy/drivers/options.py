"""Options of one driver alone: the table [deploy.<driver>] of an arm's profile, as a dataclass."""

from dataclasses import fields
from typing import Any, TypeVar

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError, unknown_name

T = TypeVar("T")


def driver_options(kind: type[T], arm: ArmProfile, driver: str) -> T:
    """`kind` filled from the arm's table; InputError names a key that is wrong or of no use."""
    table = arm.deploy.options.get(driver, {}) if arm.deploy is not None else {}
    known: dict[str, Any] = {f.name: f.type for f in fields(kind)}  # type: ignore[arg-type]
    for key, value in table.items():
        if key not in known:
            raise InputError(f"{arm.file}, [deploy.{driver}]: {unknown_name('key', key, known)}")
        if not _fits(known[key], value):
            raise InputError(
                f"{arm.file}, [deploy.{driver}]: {key} must be of type "
                f"{getattr(known[key], '__name__', known[key])}; found {value!r}"
            )
    return kind(**table)


def _fits(kind: Any, value: object) -> bool:
    plain = getattr(kind, "__origin__", kind)
    if plain is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, plain)
