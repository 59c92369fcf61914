"""Labelled pieces of several demonstrations: clustered, merged, dropped where too short."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from sklearn.cluster import SpectralClustering

from robot_skills.segment.boundaries import Boundary
from robot_skills.segment.methods.cuts import Cuts
from robot_skills.segment.methods.tree import landmarks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LARGEST = 2000  # pieces clustered at once; the others join the nearest, or memory would explode


@dataclass(frozen=True)
class Piece:
    """Frames [start, stop) of a demonstration, by its number, and the cluster they are in."""

    demonstration: int
    start: int
    stop: int
    label: int = 0


def piece_features(pieces: Sequence[Piece], embeddings: Sequence[Floats]) -> Floats:
    """Start, centre and end of each piece side by side (N, 3 D)."""
    return np.array(
        [landmarks(p.start, p.stop, embeddings[p.demonstration]).ravel() for p in pieces]
    )


def spectral_labels(features: Floats, clusters: int, seed: int) -> Ints:
    """Cluster of each row (N,); rows are alike as a Gaussian of their usual distance tells.

    Source: Yu and Shi, "Multiclass spectral clustering", ICCV 2003, by scikit-learn.
    """
    distinct, same = np.unique(features.round(9), axis=0, return_inverse=True)
    if len(distinct) <= clusters:
        return np.asarray(same, dtype=np.int64).reshape(-1)
    rng = np.random.default_rng(seed)
    chosen = np.arange(len(features))
    if len(features) > LARGEST:
        chosen = np.sort(rng.choice(len(features), LARGEST, replace=False))
    some = features[chosen]
    squared = ((some[:, None] - some[rng.choice(len(some), min(100, len(some)))]) ** 2).sum(axis=2)
    gamma = 1.0 / max(float(np.median(squared)), 1e-9)
    model = SpectralClustering(
        clusters, gamma=gamma, assign_labels="discretize", random_state=seed
    ).fit(some)
    _, nearest = cKDTree(some).query(features)
    return np.asarray(model.labels_[nearest], dtype=np.int64)


def merge_equal(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbours of one cluster become one piece."""
    merged = []
    for _, run in groupby(pieces, key=lambda piece: (piece.demonstration, piece.label)):
        members = list(run)
        merged.append(replace(members[0], stop=members[-1].stop))
    return merged


def drop_short(
    pieces: Sequence[Piece], embeddings: Sequence[Floats], shortest: float
) -> list[Piece]:
    """Give the pieces of clusters whose mean length is below `shortest` frames to a neighbour.

    A piece joins the neighbour that is nearer in the embedding; the longest cluster always stays.
    """
    labels = sorted({piece.label for piece in pieces})
    means = {x: np.mean([p.stop - p.start for p in pieces if p.label == x]) for x in labels}
    longest = max(labels, key=lambda label: means[label])
    short = {label for label in labels if means[label] < shortest and label != longest}
    result: list[Piece] = []
    for _, run in groupby(pieces, key=lambda piece: piece.demonstration):
        result += _absorbed(list(run), embeddings, short, longest)
    return merge_equal(result)


def _absorbed(
    pieces: list[Piece], embeddings: Sequence[Floats], short: set[int], longest: int
) -> list[Piece]:
    """Pieces of one demonstration without labels from `short`; `longest` where none is left."""
    if all(piece.label in short for piece in pieces):
        return [replace(piece, label=longest) for piece in pieces]
    features = piece_features(pieces, embeddings)
    pieces = list(pieces)
    while any(piece.label in short for piece in pieces):
        for at, piece in enumerate(pieces):
            beside = [x for x in (at - 1, at + 1) if 0 <= x < len(pieces)]
            kept = [x for x in beside if pieces[x].label not in short]
            if piece.label in short and kept:
                near = min(kept, key=lambda x: float(np.linalg.norm(features[x] - features[at])))
                pieces[at] = replace(piece, label=pieces[near].label)
    return pieces


def as_cuts(pieces: Sequence[Piece], demonstrations: int) -> list[Cuts]:
    """Cuts of each demonstration; skills are numbered in the order in which they appear."""
    names: dict[int, str] = {}
    for piece in pieces:
        names.setdefault(piece.label, f"skill_{len(names) + 1}")
    found = []
    for number in range(demonstrations):
        own = [piece for piece in pieces if piece.demonstration == number]
        boundaries = [Boundary(piece.start, 0.5, "recurrence") for piece in own[1:]]
        found.append(Cuts(boundaries, tuple(names[piece.label] for piece in own)))
    return found
