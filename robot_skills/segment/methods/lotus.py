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
    recordings has no tasks to give a skill several medoids, so an old skill's spread is the
    distance of its farthest segment, and a new one's is taken from the widest old one.
    The embedding is the standardised signals. Source: Wan, Zhu, Shah and Zhu, "LOTUS: continual
    imitation learning for robot manipulation through unsupervised skill discovery", ICRA 2024.
    """
    return as_cuts(lotus_pieces(standardised_together(group), config), len(group))


def lotus_pieces(embeddings: Sequence[Floats], config: SegmentConfig) -> list[Piece]:
    """Labelled pieces of demonstrations (S, D) each, the first BASE_SHARE of them by BUDS."""
    base = max(1, round(BASE_SHARE * len(embeddings)))
    trees = [tree_pieces(one, number, config) for number, one in enumerate(embeddings)]
    skills = buds_pieces(trees[:base], embeddings, config)
    pieces = [replace(p, label=_covering(skills, p)) for tree in trees[:base] for p in tree]
    old = {piece.label for piece in pieces}
    for fresh in trees[base:]:
        pieces = pieces + assign_open(fresh, pieces, embeddings, old)
    pieces = _without_tiny(pieces, old, embeddings, TINY_SHARE * (len(trees) - base))
    return drop_short(merge_equal(pieces), embeddings, SHORTEST_FRAMES * config.stretch)


def _covering(skills: Sequence[Piece], piece: Piece) -> int:
    """Label of the longer piece in which a piece begins."""
    return next(
        skill.label
        for skill in skills
        if skill.demonstration == piece.demonstration and skill.start <= piece.start < skill.stop
    )


def assign_open(
    fresh: Sequence[Piece], known: Sequence[Piece], embeddings: Sequence[Floats], old: set[int]
) -> list[Piece]:
    """Label each fresh piece after the skills of `known`, or as new ones, those not in `old`."""
    clusters = find_clusters(known, piece_features(known, embeddings), old)
    result = []
    for piece, feature in zip(fresh, piece_features(fresh, embeddings), strict=True):
        label = nearest_cluster(feature, clusters)
        if np.linalg.norm(feature - clusters[label].medoid) > clusters[label].spread:
            label = max(clusters) + 1
            clusters[label] = Cluster(feature, _new_spread(clusters, old))
        result.append(replace(piece, label=label))
    return result


def find_clusters(pieces: Sequence[Piece], features: Floats, old: set[int]) -> dict[int, Cluster]:
    """Medoid and spread by label."""
    labels = np.array([piece.label for piece in pieces])
    found = {int(label): _cluster(features[labels == label]) for label in np.unique(labels)}
    new = _new_spread(found, old)
    return {x: c if x in old else replace(c, spread=new) for x, c in found.items()}


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


def _new_spread(clusters: dict[int, Cluster], old: set[int]) -> float:
    """Of a skill of which little is seen: two segments lie at most twice its radius apart."""
    return 2 * max(clusters[label].spread for label in old)


def _without_tiny(
    pieces: Sequence[Piece], old: set[int], embeddings: Sequence[Floats], least: float
) -> list[Piece]:
    """New skills of fewer than `least` pieces give them to the nearest skill that stays."""
    sizes = Counter(piece.label for piece in pieces)
    tiny = {label for label in sizes if label not in old and sizes[label] < least}
    features = piece_features(pieces, embeddings)
    clusters = find_clusters(pieces, features, old)
    staying = {label: cluster for label, cluster in clusters.items() if label not in tiny}
    return [
        replace(piece, label=nearest_cluster(feature, staying)) if piece.label in tiny else piece
        for piece, feature in zip(pieces, features, strict=True)
    ]
