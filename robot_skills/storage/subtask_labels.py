"""Segments of one episode as named stretches of frames, at two levels of detail."""

from collections.abc import Sequence
from dataclasses import dataclass

from robot_skills.core.demonstration import Segment, SegmentRole
from robot_skills.core.errors import InputError

ASIDE = (SegmentRole.IDLE, SegmentRole.EXTRANEOUS)


@dataclass(frozen=True)
class Stretch:
    """Frames [start, stop) of one episode that have one name."""

    name: str
    start: int
    stop: int


def dense_stretches(
    pieces: Sequence[Segment], rate_hz: float, frames: int, fps: float
) -> tuple[Stretch, ...]:
    """Every segment under its own name, in frames of a data set at `fps`.

    Segments without a skill are called "segment 1", "segment 2" and so on. InputError when they
    last another time than the episode does.
    """
    ratio = fps / rate_hz
    if abs(pieces[-1].stop * ratio - frames) > max(ratio, 1.0) - 1e-6:
        raise InputError(
            f"{pieces[0].demonstration} lasts {pieces[-1].stop} steps at {rate_hz:g} Hz, but the "
            f"episode has {frames} frames at {fps:g} Hz; they must be the same recording"
        )
    edges = [min(round(piece.start * ratio), frames) for piece in pieces] + [frames]
    found = zip(_names(pieces), edges[:-1], edges[1:], strict=True)
    return tuple(Stretch(name, start, stop) for name, start, stop in found if start < stop)


def sparse_stretches(dense: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """Skills alone: neighbours of one name are one, and what is no skill joins what it follows."""
    aside = {role.value for role in ASIDE}
    joined: list[Stretch] = []
    for one in dense:
        last = joined[-1] if joined else None
        if last is None or (one.name not in aside | {last.name} and last.name not in aside):
            joined.append(one)
        else:
            name = one.name if last.name in aside else last.name
            joined[-1] = Stretch(name, last.start, one.stop)
    return tuple(joined)


def in_order(episodes: Sequence[Sequence[Stretch]]) -> list[str]:
    """All names, those that come earlier in their episodes first."""
    places: dict[str, list[float]] = {}
    for stretches in episodes:
        for one in stretches:
            middle = (one.start + one.stop) / 2 / stretches[-1].stop
            places.setdefault(one.name, []).append(middle)
    return sorted(places, key=lambda name: (sum(places[name]) / len(places[name]), name))


def proportions(episodes: Sequence[Sequence[Stretch]]) -> dict[str, float]:
    """Mean share of an episode that each name takes, in order; the shares sum to one.

    Formula 1 of Chen et al., "SARM: Stage-Aware Reward Modeling", 2025.
    """
    shares = dict.fromkeys(in_order(episodes), 0.0)
    for stretches in episodes:
        for one in stretches:
            shares[one.name] += (one.stop - one.start) / stretches[-1].stop / len(episodes)
    return shares


def _names(pieces: Sequence[Segment]) -> list[str]:
    names: list[str] = []
    for number, piece in enumerate(pieces, start=1):
        if piece.role in ASIDE:
            names.append(piece.role.value)
        elif piece.skill:
            names.append(piece.skill)
        elif piece.role is SegmentRole.REPETITION and names:
            names.append(names[-1])
        else:
            names.append(f"segment {number}")
    return names
