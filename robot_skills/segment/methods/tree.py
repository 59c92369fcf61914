"""A tree of ever longer pieces of one demonstration, built by merging like neighbours."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAF_FRAMES = 10  # published
PENALTY_SHARE = 5.0  # published: a pair of L frames among n nodes is L / (5 n) farther apart


@dataclass(frozen=True, eq=False)
class Node:
    """Frames [start, stop) and the pieces they were merged from."""

    start: int
    stop: int
    children: tuple["Node", ...] = ()


def build_tree(embedding: Floats) -> Node:
    """Merge the nearest two neighbours until two are left, which the root holds.

    Nodes are compared by the mean of their start, centre and end in the embedding (S, D), plus a
    penalty on their length. Source: BUDS, Zhu, Stone and Zhu, "Bottom-up skill discovery from
    unsegmented demonstrations", RA-L 2022.
    """
    nodes = _leaves(len(embedding))
    prints = np.array([_footprint(node, embedding) for node in nodes])
    lengths = np.array([node.stop - node.start for node in nodes], dtype=float)
    apart = np.linalg.norm(np.diff(prints, axis=0), axis=1)
    while len(nodes) > 2:
        penalty = (lengths[:-1] + lengths[1:]) / (PENALTY_SHARE * len(nodes))
        at = int(np.argmin(apart + penalty))
        pair = nodes[at], nodes[at + 1]
        nodes[at : at + 2] = [Node(pair[0].start, pair[1].stop, pair)]
        prints = np.delete(prints, at + 1, axis=0)
        prints[at] = _footprint(nodes[at], embedding)
        lengths = np.delete(lengths, at + 1)
        lengths[at] = nodes[at].stop - nodes[at].start
        apart = np.delete(apart, at)
        for side in range(max(0, at - 1), min(at + 1, len(apart))):
            apart[side] = np.linalg.norm(prints[side] - prints[side + 1])
    return Node(0, len(embedding), tuple(nodes))


def cut_tree(root: Node, count: int) -> list[Node]:
    """Nodes, in order, of the first depth that holds at least `count`, or else the leaves."""
    nodes = list(root.children)
    while len(nodes) < count and any(node.children for node in nodes):
        nodes = [child for node in nodes for child in (node.children or (node,))]
    return nodes


def landmarks(start: int, stop: int, embedding: Floats) -> Floats:
    """First, middle and last (3, D) of frames [start, stop)."""
    return np.asarray(embedding[[start, (start + stop - 1) // 2, stop - 1]])


def _leaves(frames: int) -> list[Node]:
    edges = [*range(0, max(1, frames - LEAF_FRAMES), LEAF_FRAMES), frames]
    return [Node(start, stop) for start, stop in pairwise(edges)]


def _footprint(node: Node, embedding: Floats) -> Floats:
    return np.asarray(landmarks(node.start, node.stop, embedding).mean(axis=0))
