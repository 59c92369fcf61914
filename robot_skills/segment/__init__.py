"""Unlabelled demonstrations are cut where it is open what comes next."""

from robot_skills.segment.config import Method, SegmentConfig
from robot_skills.segment.segmenter import Segmentation, segment, segment_in_detail

__all__ = ["Method", "SegmentConfig", "Segmentation", "segment", "segment_in_detail"]
