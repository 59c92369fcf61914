"""What a user may choose about cutting demonstrations; everything else is read from the data."""

from dataclasses import dataclass
from enum import StrEnum

from robot_skills.core.errors import InputError, unknown_name


class Method(StrEnum):
    """How boundaries are found."""

    SURPRISE = "surprise"
    BUDS = "buds"
    LOTUS = "lotus"
    UVD = "uvd"
    KEY_POSES = "key-poses"
    EVENTS = "events"
    KERNEL = "kernel"
    KERNEL_SURPRISE = "kernel-surprise"
    PELT = "pelt"
    WINDOW = "window"
    GRIPPER = "gripper"
    EQUAL = "equal"
    RANDOM = "random"


TAKES_NUMBER = (Method.KERNEL, Method.WINDOW, Method.EQUAL, Method.RANDOM)


def method_named(name: str) -> Method:
    """The method of that name; InputError suggests the near one."""
    if name not in set(Method):
        raise unknown_name("method", name, [method.value for method in Method])
    return Method(name)


MIN_LENGTH_S = 0.5  # by default; nobody begins and ends anything in less


@dataclass(frozen=True)
class SegmentConfig:
    """Settings of `segment`.

    `finer` 1 is the calibrated threshold, 2 cuts more readily, 0.5 less; `min_length_s` is the
    shortest segment; `use_objects` False drops object poses and fixtures; `cuts` overrides the
    number of boundaries of the methods in TAKES_NUMBER (a baseline that is given the truth);
    `skills` is how many skills BUDS and LOTUS look for; with `about`, the default cuts each
    demonstration into about so many segments, on average over all of them.
    """

    method: Method = Method.SURPRISE
    finer: float = 1.0
    min_length_s: float = MIN_LENGTH_S
    use_objects: bool = True
    seed: int = 0
    cuts: int | None = None
    skills: int | None = None
    about: int | None = None

    @property
    def stretch(self) -> float:
        """How many times its default the shortest length is; published lengths grow with it."""
        return self.min_length_s / MIN_LENGTH_S

    def __post_init__(self) -> None:
        if self.finer <= 0:
            raise InputError(f"finer must be positive (1 is the default); found {self.finer}")
        if self.min_length_s <= 0:
            raise InputError(f"min_length_s must be positive; found {self.min_length_s}")
        if self.cuts is not None and self.cuts < 0:
            raise InputError(f"cuts must be 0 or more; found {self.cuts}")
        if self.skills is not None and self.skills < 2:
            raise InputError(f"skills must be 2 or more; found {self.skills}")
        if self.about is not None and self.about < 1:
            raise InputError(f"about must be 1 or more; found {self.about}")
        if self.about is not None and self.method is not Method.SURPRISE:
            raise InputError(
                f"about {self.about} is for the method {Method.SURPRISE.value}; "
                f"{self.method.value} does not take it"
            )
