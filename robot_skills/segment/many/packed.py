"""Signals and segments of one recording as the bytes of one .npz file, without pickle."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, astuple, fields
from pathlib import Path
from typing import Any

import numpy as np

from robot_skills.core.demonstration import (
    Channel,
    ChannelKind,
    Demonstration,
    Segment,
    SegmentRole,
)
from robot_skills.core.errors import InputError
from robot_skills.segment.candidates import Candidate
from robot_skills.segment.deciding import Belief
from robot_skills.segment.predict.surprise import Surprise
from robot_skills.segment.signals import Signals

FORMAT = 1
FACTS = "facts"


def pack_signals(signals: Signals) -> bytes:
    """Bytes that `unpack_signals` reads."""
    arrays = {f.name: getattr(signals, f.name) for f in fields(signals)}
    plain = {name: arrays.pop(name) for name in list(arrays) if _is_plain(arrays[name])}
    return _pack(plain, arrays)


def unpack_signals(file: Path) -> Signals:
    """Signals as they were packed; InputError when the file is damaged or of another format."""
    plain, arrays = _unpack(file)
    lists = {name: tuple(value) for name, value in plain.items() if isinstance(value, list)}
    return Signals(**{**plain, **lists, **arrays})


def pack_demonstration(demonstration: Demonstration, notes: Sequence[str]) -> bytes:
    """Channels, the paths of the videos, and what was mended."""
    channels = demonstration.channels
    plain = {
        "name": demonstration.name,
        "rate_hz": demonstration.rate_hz,
        "video": {name: str(path) for name, path in demonstration.video.items()},
        "provenance": dict(demonstration.provenance),
        "notes": list(notes),
        "channels": {
            name: {"unit": one.unit, "kind": one.kind, "frame": one.frame, "columns": one.columns}
            for name, one in channels.items()
        },
    }
    return _pack(plain, {f"channel/{name}": one.values for name, one in channels.items()})


def unpack_demonstration(file: Path) -> tuple[Demonstration, tuple[str, ...]]:
    """Demonstration and notes as they were packed; InputError as `unpack_signals`."""
    plain, arrays = _unpack(file)
    channels = {
        name: Channel(
            arrays[f"channel/{name}"],
            facts["unit"],
            ChannelKind(facts["kind"]),
            facts["frame"],
            tuple(facts["columns"]),
        )
        for name, facts in plain["channels"].items()
    }
    video = {name: Path(path) for name, path in plain["video"].items()}
    demonstration = Demonstration(
        plain["name"], plain["rate_hz"], channels, video, provenance=plain["provenance"]
    )
    return demonstration, tuple(plain["notes"])


def pack_belief(belief: Belief, surprise: Surprise) -> bytes:
    """What one recording says by itself, and its surprise."""
    candidates = [astuple(candidate) for candidate in belief.candidates]
    plain = {"candidates": candidates, "few": belief.few, "physical": belief.physical}
    arrays = {"total": surprise.total}
    arrays |= {f"cause/{cause}": values for cause, values in surprise.by_cause.items()}
    return _pack(plain, arrays)


def unpack_belief(file: Path) -> Belief:
    """The belief alone; InputError as `unpack_signals`."""
    facts = unpack_facts(file)
    candidates = tuple(Candidate(*row) for row in facts["candidates"])
    return Belief(candidates, facts["few"], facts["physical"])


def unpack_surprise(file: Path) -> Surprise:
    """The surprise beside a belief; InputError as `unpack_signals`."""
    _, arrays = _unpack(file)
    total = arrays.pop("total")
    return Surprise(total, {name.partition("/")[2]: values for name, values in arrays.items()})


def pack_cuts(segments: Sequence[Segment]) -> bytes:
    """Segments of one recording."""
    return _pack({"segments": [asdict(piece) for piece in segments]}, {})


def unpack_segments(file: Path) -> list[Segment]:
    """The segments alone; InputError as `unpack_signals`."""
    rows = unpack_facts(file)["segments"]
    return [Segment(**{**row, "role": SegmentRole(row["role"])}) for row in rows]


def unpack_facts(file: Path) -> dict[str, Any]:
    """What is no array, read without the arrays; InputError as `unpack_signals`."""
    with _opened(file) as content:
        return _facts(file, content)


def _is_plain(value: Any) -> bool:
    return not isinstance(value, np.ndarray)


def _pack(plain: Mapping[str, Any], arrays: Mapping[str, Any]) -> bytes:
    facts = json.dumps({"format": FORMAT, **plain})
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **{FACTS: np.array(facts), **arrays})
    return content.getvalue()


def _unpack(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    with _opened(file) as content:
        return _facts(file, content), {n: content[n] for n in content.files if n != FACTS}


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    try:
        with np.load(file, allow_pickle=False) as content:
            yield content
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{file}: damaged ({error}); --fresh starts over") from None


def _facts(file: Path, content: Any) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(str(content[FACTS]))
    if facts.pop("format", None) != FORMAT:
        raise InputError(f"{file}: is of another format; --fresh starts over")
    return facts
