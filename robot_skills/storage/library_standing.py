"""How far a library was promoted, on what evidence, and where it came from.

standing.toml holds it, with the hash of the library that was judged: a library that changed in
any way is a candidate again. evidence/ keeps the results files.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from robot_skills.core.errors import InputError
from robot_skills.core.toml_file import TomlTable
from robot_skills.storage.atomic import new_file, write_text
from robot_skills.storage.file_hash import sha256_of
from robot_skills.storage.libraries import library_sha256
from robot_skills.storage.toml_text import format_toml

FORMAT = 1
STANDING_FILE = "standing.toml"
EVIDENCE = "evidence"


class Standing(StrEnum):
    """Steps of promotion, lowest first."""

    CANDIDATE = "candidate"
    SIMULATION = "simulation"
    HARDWARE = "hardware"

    @property
    def meaning(self) -> str:
        """The step in words."""
        return _MEANINGS[self]

    @property
    def next(self) -> "Standing | None":
        """The step above, or None at the top."""
        steps = list(Standing)
        above = steps.index(self) + 1
        return steps[above] if above < len(steps) else None


_MEANINGS = {
    Standing.CANDIDATE: "candidate",
    Standing.SIMULATION: "verified in simulation",
    Standing.HARDWARE: "allowed on hardware",
}


@dataclass(frozen=True)
class Evidence:
    """What one step of promotion rests on: success out of `n` episodes, low..high at 95 %.

    `least` is what `low` had to reach; `files` maps each kept results file to its SHA-256.
    """

    value: float
    low: float
    high: float
    n: int
    least: float
    robot: str
    tasks: tuple[str, ...]
    seeds: tuple[int, ...]
    by: str
    date: str
    files: Mapping[str, str]

    def __str__(self) -> str:
        share = f"{self.value:.0%} [{self.low:.0%}, {self.high:.0%}]"
        return f"{share} of {self.n} episodes, {self.robot}"


@dataclass(frozen=True)
class Record:
    """Standing, evidence by step, and origin of one library."""

    standing: Standing = Standing.CANDIDATE
    evidence: Mapping[Standing, Evidence] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)


def load_record(library: Path) -> Record:
    """Standing of a library; a candidate where none was given, or where the library changed since.

    Raises InputError where the evidence is not what was recorded.
    """
    sha256, file = library_sha256(library), library / STANDING_FILE
    if not file.is_file():
        return Record()
    table = TomlTable.read(file)
    table.check_keys(("format", "library", "standing"), ("origin", "evidence"))
    if table.values["format"] != FORMAT:
        raise table.error("format", f"format must be {FORMAT}; found {table.values['format']!r}")
    origin = table.table("origin")
    told = {key: origin.text(key) for key in origin.values}
    if table.text("library") != sha256:
        return Record(origin=told)
    steps = table.table("evidence").tables()
    evidence = {_standing(table, name): _read_evidence(step) for name, step in steps.items()}
    standing = _standing(table, table.text("standing"))
    for step in list(Standing)[1 : list(Standing).index(standing) + 1]:
        if step not in evidence:
            raise table.error("standing", f"{standing} needs evidence for {step}; there is none")
        _check_files(library, evidence[step])
    return Record(standing, evidence, told)


def save_origin(library: Path, origin: Mapping[str, str]) -> None:
    """Record where a library came from; it is a candidate."""
    _write(library, Record(origin=origin))


def promote(library: Path, evidence: Evidence, results: Sequence[Path]) -> Record:
    """Take a library one step up, and keep copies of the results; whole or not at all.

    `evidence.files` is filled here. Raises InputError at the top.
    """
    record = load_record(library)
    step = record.standing.next
    if step is None:
        raise InputError(f"{library} is {record.standing.meaning} already; there is no step above")
    files = {}
    for number, source in enumerate(results):
        name = f"{EVIDENCE}/{step}_{number}.json"
        content = source.read_bytes()
        with new_file(library / name) as partial:
            partial.write_bytes(content)
        files[name] = hashlib.sha256(content).hexdigest()
    complete = replace(evidence, files=files)
    promoted = Record(step, {**record.evidence, step: complete}, record.origin)
    _write(library, promoted)
    return promoted


def _write(library: Path, record: Record) -> None:
    table = {
        "format": FORMAT,
        "library": library_sha256(library),
        "standing": str(record.standing),
        "origin": dict(record.origin),
        "evidence": {str(step): asdict(one) for step, one in record.evidence.items()},
    }
    write_text(library / STANDING_FILE, format_toml(table))


def _standing(table: TomlTable, name: str) -> Standing:
    if name not in list(Standing):
        raise table.error("standing", f"standing: expected one of {', '.join(Standing)}: {name!r}")
    return Standing(name)


def _read_evidence(table: TomlTable) -> Evidence:
    table.check_keys(tuple(Evidence.__dataclass_fields__))
    files = table.table("files")
    shares = {key: table.number(key, 0.0, 1.0) for key in ("value", "low", "high", "least")}
    return Evidence(
        **shares,
        n=table.integer("n", low=1),
        robot=table.text("robot"),
        tasks=table.texts("tasks"),
        seeds=tuple(table.values["seeds"]),
        by=table.text("by"),
        date=table.text("date"),
        files={name: files.text(name) for name in files.values},
    )


def _check_files(library: Path, evidence: Evidence) -> None:
    for name, sha256 in evidence.files.items():
        file = library / name
        if not file.is_file() or sha256_of(file) != sha256:
            raise InputError(
                f"{file} is not the evidence that was recorded; remove {library / STANDING_FILE} "
                "and promote the library anew"
            )
