"""The default with one ingredient taken away: what each of them adds.

A function takes one labelled set and gives back the segments of its demonstrations; it must not
look at the truth. Its name becomes the figure `ablation/<name>`.
"""

from robot_skills.core.demonstration import Segment
from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.segmenter import segment
from robot_skills.storage.labelled_set import LabelledSet


def without_objects(known: LabelledSet) -> list[Segment]:
    """Object poses and fixtures are not looked at."""
    return segment(known.demonstrations, SegmentConfig(use_objects=False))


ABLATIONS = {"no_objects": without_objects}
