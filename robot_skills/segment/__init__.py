"""Unlabelled demonstrations are cut where behaviour changes, and what is alike gets one name."""

from typing import TYPE_CHECKING, Any

from robot_skills.segment.config import Method, SegmentConfig

if TYPE_CHECKING:
    from robot_skills.segment.segmenter import Segmentation, segment, segment_in_detail

__all__ = ["Method", "SegmentConfig", "Segmentation", "segment", "segment_in_detail"]


def __getattr__(name: str) -> Any:
    """What learns is imported when it is first used: it takes seconds, a worker may not need it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from robot_skills.segment import segmenter

    return getattr(segmenter, name)
