"""Unlabelled demonstrations are cut where behaviour changes, and what is alike gets one name."""

from robot_skills.segment.config import Method, SegmentConfig
from robot_skills.segment.segmenter import Segmentation, segment, segment_in_detail

__all__ = ["Method", "SegmentConfig", "Segmentation", "segment", "segment_in_detail"]
