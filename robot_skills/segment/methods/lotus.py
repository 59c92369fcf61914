"""LOTUS: skills of the first demonstrations, to which later ones are added one by one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.methods.buds import SHORTEST_FRAMES, buds_pieces, tree_pieces
from robot_skills.segment.methods.cuts import Cuts
from robot_skills.segment.methods.embedding import standardised_together
from robot_skills.segment.methods.pieces import (
    Piece,
    as_cuts,
    drop_short,
    merge_equal,
    piece_features,
)
from robot_skills.segment.signals import Signals

Floats = NDArray[np.float64]

BASE_SHARE = 0.6  # published: six tasks of ten come first
TINY_SHARE = 0.3  # published: 15 segments of a new task's 50 demonstrations make a skill


@dataclass(frozen=True)
class Cluster:
    """The medoid (F,) of a skill's segments, and how far its own farthest segment is from it."""

    medoid: Floats
    spread: float


def lotus_cuts(group: Sequence[Signals], config: SegmentConfig) -> list[Cuts]:
    """Skills by BUDS in the first demonstrations of one shape, by open-set assignment in the rest.

    A new segment joins the skill with the nearest medoid unless it is farther than that skill's
    own spread: then it opens a new one. New skills that stay tiny are re-assigned. One set of
    recordings has no tasks to give a skill several medoids, so its spread is that of its segments.
    The embedding is the standardised signals. Source: Wan, Zhu, Shah and Zhu, "LOTUS: continual
    imitation learning for robot manipulation through unsupervised skill discovery", ICRA 2024.
    """
    embeddings = standardised_together(group)
    base = max(1, round(BASE_SHARE * len(group)))
    pieces = buds_pieces(embeddings, range(base), config)
    old = {piece.label for piece in pieces}
    for number in range(base, len(group)):
        fresh = tree_pieces(embeddings[number], number, config)
        pieces = pieces + assign_open(fresh, pieces, embeddings)
    pieces = _without_tiny(pieces, old, embeddings, TINY_SHARE * (len(group) - base))
    shortest = SHORTEST_FRAMES * config.min_length_s
    return as_cuts(drop_short(merge_equal(pieces), embeddings, shortest), len(group))


def assign_open(
    fresh: Sequence[Piece], known: Sequence[Piece], embeddings: Sequence[Floats]
) -> list[Piece]:
    """Label each fresh piece after the skills of `known`, or as new ones; neighbours merged."""
    clusters = find_clusters(known, piece_features(known, embeddings))
    result = []
    for piece, feature in zip(fresh, piece_features(fresh, embeddings), strict=True):
        label = nearest_cluster(feature, clusters)
        if np.linalg.norm(feature - clusters[label].medoid) > clusters[label].spread:
            label = max(clusters) + 1
            clusters[label] = Cluster(feature, _typical_spread(clusters))
        result.append(replace(piece, label=label))
    return merge_equal(result)


def find_clusters(pieces: Sequence[Piece], features: Floats) -> dict[int, Cluster]:
    """Medoid and spread by label; a skill seen once spreads as the others typically do."""
    labels = np.array([piece.label for piece in pieces])
    found = {int(label): _cluster(features[labels == label]) for label in np.unique(labels)}
    typical = _typical_spread(found)
    return {x: c if c.spread > 0 else replace(c, spread=typical) for x, c in found.items()}


def nearest_cluster(feature: Floats, clusters: dict[int, Cluster]) -> int:
    """Label of the nearest medoid."""
    return min(clusters, key=lambda x: float(np.linalg.norm(feature - clusters[x].medoid)))


def _cluster(features: Floats) -> Cluster:
    centre = features.mean(axis=0)
    # The sum of distances to all is smallest near the centre: 200 candidates hold the medoid.
    near = np.argsort(np.linalg.norm(features - centre, axis=1))[:200]
    sums = [np.linalg.norm(features - features[x], axis=1).sum() for x in near]
    medoid = features[near[int(np.argmin(sums))]]
    return Cluster(medoid, float(np.linalg.norm(features - medoid, axis=1).max()))


def _typical_spread(clusters: dict[int, Cluster]) -> float:
    spreads = [cluster.spread for cluster in clusters.values() if cluster.spread > 0]
    return float(np.median(spreads)) if spreads else 0.0


def _without_tiny(
    pieces: Sequence[Piece], old: set[int], embeddings: Sequence[Floats], least: float
) -> list[Piece]:
    """New skills of fewer than `least` pieces give them to the nearest skill that stays."""
    sizes = Counter(piece.label for piece in pieces)
    tiny = {label for label in sizes if label not in old and sizes[label] < least}
    features = piece_features(pieces, embeddings)
    clusters = find_clusters(pieces, features)
    staying = {label: cluster for label, cluster in clusters.items() if label not in tiny}
    return [
        replace(piece, label=nearest_cluster(feature, staying)) if piece.label in tiny else piece
        for piece, feature in zip(pieces, features, strict=True)
    ]
