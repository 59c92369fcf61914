"""The table of segments: `segments.json`, which is read back, and a CSV beside it for people."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from robot_skills.core.demonstration import Segment, SegmentRole
from robot_skills.core.errors import InputError
from robot_skills.storage.atomic import write_text

FORMAT = 1
COLUMNS = (
    "demonstration",
    "start",
    "stop",
    "start_s",
    "stop_s",
    "skill",
    "confidence",
    "cause",
    "role",
)


@dataclass(frozen=True)
class SegmentTable:
    """Segments of a set, the rate of each demonstration, how they were made, and notes.

    `skipped` says of recordings that could not be cut why not, by name or path.
    """

    segments: tuple[Segment, ...]
    rate_hz: Mapping[str, float]
    made_by: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)


def save_segments(file: Path, table: SegmentTable) -> None:
    """Write `file` (JSON) and the same rows as CSV beside it, each whole or not at all."""
    document = {
        "format": FORMAT,
        "made_by": dict(table.made_by),
        "notes": list(table.notes),
        "skipped": dict(table.skipped),
        "rate_hz": dict(table.rate_hz),
        "segments": [asdict(segment) for segment in table.segments],
    }
    write_text(file, json.dumps(document, indent=2) + "\n")
    write_text(file.with_suffix(".csv"), _csv(table))


def load_segments(file: Path) -> SegmentTable:
    """Read what `save_segments` wrote; InputError for a missing, foreign or damaged file."""
    try:
        document: Any = json.loads(file.read_text())
    except FileNotFoundError:
        raise InputError(f"no table of segments at {file}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: damaged ({error})") from None
    found = document.get("format") if isinstance(document, dict) else None
    if found != FORMAT:
        raise InputError(f"{file}: format must be {FORMAT}; found {found!r}")
    try:
        return SegmentTable(
            tuple(_segment(row) for row in document["segments"]),
            document["rate_hz"],
            document["made_by"],
            tuple(document["notes"]),
            document.get("skipped", {}),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{file}: damaged ({error})") from None


def _segment(row: Mapping[str, Any]) -> Segment:
    """A row; tables written before segments had roles hold skills only."""
    return Segment(**{**row, "role": SegmentRole(row.get("role", SegmentRole.SKILL))})


def _csv(table: SegmentTable) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows(_row(segment, table.rate_hz) for segment in table.segments)
    return text.getvalue()


def _row(segment: Segment, rate_hz: Mapping[str, float]) -> Sequence[str | int]:
    rate = rate_hz[segment.demonstration]
    return [
        segment.demonstration,
        segment.start,
        segment.stop,
        f"{segment.start / rate:.3f}",
        f"{segment.stop / rate:.3f}",
        segment.skill,
        f"{segment.confidence:.3f}",
        segment.cause,
        segment.role.value,
    ]
