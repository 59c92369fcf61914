"""BUDS: pieces merged from below, then clustered over all demonstrations."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.methods.cuts import Cuts
from robot_skills.segment.methods.embedding import standardised_together
from robot_skills.segment.methods.pieces import (
    Piece,
    as_cuts,
    drop_short,
    merge_equal,
    piece_features,
    spectral_labels,
)
from robot_skills.segment.methods.tree import build_tree, cut_tree
from robot_skills.segment.signals import Signals

Floats = NDArray[np.float64]

SKILLS = 6  # published values lie between 5 and 8
SEGMENT_SCALE = 3  # published: nodes of each tree for each skill
SHORTEST_FRAMES = 30  # published for two of three tasks, 40 for the third


def buds_cuts(group: Sequence[Signals], config: SegmentConfig) -> list[Cuts]:
    """Skills that recur in all demonstrations of one shape.

    Each tree is cut at skills x SEGMENT_SCALE nodes, the nodes of all are clustered, equal
    neighbours merged, clustered again, and clusters of a mean length below SHORTEST_FRAMES
    dropped; that length holds at the default `min_length_s` and grows with it. The embedding
    is the standardised signals, and the clustering's width their usual distance instead of one
    set by hand. Source: Zhu, Stone and Zhu, "Bottom-up skill discovery from unsegmented
    demonstrations for long-horizon robot manipulation", RA-L 2022.
    """
    embeddings = standardised_together(group)
    trees = [tree_pieces(one, number, config) for number, one in enumerate(embeddings)]
    return as_cuts(buds_pieces(trees, embeddings, config), len(group))


def buds_pieces(
    trees: Sequence[Sequence[Piece]], embeddings: Sequence[Floats], config: SegmentConfig
) -> list[Piece]:
    """Labelled pieces of demonstrations, from what their trees are cut into."""
    pieces = [piece for tree in trees for piece in tree]
    for _ in range(2):
        pieces = merge_equal(_clustered(pieces, embeddings, config))
    return drop_short(pieces, embeddings, SHORTEST_FRAMES * config.stretch)


def tree_pieces(embedding: Floats, number: int, config: SegmentConfig) -> list[Piece]:
    """Pieces without labels of one demonstration, where its tree is cut."""
    count = round(wanted_skills(config) * SEGMENT_SCALE * config.finer)
    return [Piece(number, n.start, n.stop) for n in cut_tree(build_tree(embedding), count)]


def wanted_skills(config: SegmentConfig) -> int:
    """The number of skills to look for."""
    return SKILLS if config.skills is None else config.skills


def _clustered(
    pieces: Sequence[Piece], embeddings: Sequence[Floats], config: SegmentConfig
) -> list[Piece]:
    features = piece_features(pieces, embeddings)
    labels = spectral_labels(features, wanted_skills(config), config.seed)
    return [replace(p, label=int(label)) for p, label in zip(pieces, labels, strict=True)]
