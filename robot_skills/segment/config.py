"""What a user may choose about cutting demonstrations; everything else is read from the data."""

from dataclasses import dataclass
from enum import StrEnum

from robot_skills.core.errors import InputError


class Method(StrEnum):
    """How boundaries are found."""

    SURPRISE = "surprise"
    KERNEL = "kernel"
    GRIPPER = "gripper"
    EQUAL = "equal"


@dataclass(frozen=True)
class SegmentConfig:
    """Settings of `segment`.

    `finer` 1 is the calibrated threshold, 2 cuts more readily, 0.5 less; `min_length_s` is the
    shortest segment; `use_objects` False drops object poses and fixtures; `cuts` overrides the
    number of boundaries of the kernel and equal methods (a baseline that is given the truth).
    """

    method: Method = Method.SURPRISE
    finer: float = 1.0
    min_length_s: float = 1.0
    use_objects: bool = True
    seed: int = 0
    cuts: int | None = None

    def __post_init__(self) -> None:
        if self.finer <= 0:
            raise InputError(f"finer must be positive (1 is the default); found {self.finer}")
        if self.min_length_s <= 0:
            raise InputError(f"min_length_s must be positive; found {self.min_length_s}")
        if self.cuts is not None and self.cuts < 0:
            raise InputError(f"cuts must be 0 or more; found {self.cuts}")
