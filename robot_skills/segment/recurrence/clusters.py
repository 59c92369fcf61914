"""Which stretches are of one kind, without being told how many kinds there are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LARGEST = 1000  # rows clustered at once; the others join the nearest, or memory would explode
LEAST_NEIGHBOURS = 5
NEIGHBOURS = 1.25  # times the square root of the number of rows are linked to each row
ROUNDS = 20  # a pass that moves no row ends the search long before


@dataclass(frozen=True)
class Clusters:
    """Clusters of the rows of a sample (M, F), to which any row can be compared."""

    sample: Floats
    labels: Ints

    @staticmethod
    def find(rows: Floats, seed: int = 0) -> "Clusters":
        """Communities in the graph of nearest neighbours among rows (N, F), at most LARGEST."""
        chosen = np.arange(len(rows))
        if len(rows) > LARGEST:
            chosen = np.sort(np.random.default_rng(seed).choice(len(rows), LARGEST, replace=False))
        return Clusters(rows[chosen], communities(neighbour_graph(rows[chosen])))

    def label(self, rows: Floats) -> Ints:
        """Cluster (N,) of the sample's row nearest to each row (N, F)."""
        return np.asarray(self.labels[cKDTree(self.sample).query(rows)[1]])


def neighbour_graph(rows: Floats) -> Floats:
    """Symmetric weights (N, N) between rows (N, F) and their nearest ones.

    A row's own scale is how far its last neighbour is, so that sparse clusters hold together too.
    Source: Zelnik-Manor and Perona, "Self-tuning spectral clustering", NeurIPS 2004.
    """
    count = len(rows)
    if count < 2:
        return np.zeros((count, count))
    links = max(LEAST_NEIGHBOURS, round(NEIGHBOURS * np.sqrt(count)))
    distance, near = cKDTree(rows).query(rows, k=min(links + 1, count))
    scale = np.maximum(distance[:, -1], 1e-9)
    weights = np.zeros((count, count))
    alike = np.exp(-(distance**2) / (scale[:, None] * scale[near]))
    np.put_along_axis(weights, near, alike, axis=1)
    np.fill_diagonal(weights, 0.0)
    return np.maximum(weights, weights.T)


def communities(weights: Floats) -> Ints:
    """Label (N,) of each node so that links within labels exceed what chance would give most.

    Nodes, then whole communities, move where modularity grows; their number is found.
    Source: Blondel, Guillaume, Lambiotte and Lefebvre, "Fast unfolding of communities in large
    networks", 2008.
    """
    labels = np.arange(len(weights))
    if not weights.sum():
        return labels
    graph = weights
    while True:
        merged = _moved(graph)
        labels = merged[labels]
        if len(np.unique(merged)) == len(graph):
            return labels
        member = np.eye(merged.max() + 1)[merged]
        graph = member.T @ graph @ member


def _moved(weights: Floats) -> Ints:
    """Labels after nodes moved one by one to the community that gains most, numbered from 0."""
    labels = np.arange(len(weights))
    degree = weights.sum(axis=1)
    total = degree.sum()
    size = degree.copy()
    for _ in range(ROUNDS):
        before = labels.copy()
        for node in range(len(weights)):
            links = np.bincount(labels, weights[node], minlength=len(weights))
            links[labels[node]] -= weights[node, node]
            size[labels[node]] -= degree[node]
            gain = links - degree[node] * size / total
            if gain.max() > gain[labels[node]] + 1e-12:
                labels[node] = int(gain.argmax())
            size[labels[node]] += degree[node]
        if (labels == before).all():
            break
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)
