"""Many recordings, of which only one is held at a time: read, cut, and kept as they are done."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from robot_skills.core.demonstration import Segment
from robot_skills.core.errors import InputError
from robot_skills.core.progress import Track, quiet
from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.many.crew import Crew, Outcome, each_done
from robot_skills.segment.many.packed import (
    pack_cuts,
    pack_signals,
    unpack_facts,
    unpack_segments,
    unpack_signals,
    unpack_surprise,
)
from robot_skills.segment.many.sources import Source
from robot_skills.segment.segmenter import ALONE, Segmentation, segment_signals
from robot_skills.segment.signals import Signals, read_signals
from robot_skills.storage.kept_results import KeptResults, code_fingerprint, key_of

CODE = ("core", "storage", "segment")
STILL = 1e-9  # what changes by less than that stands still


class Shelf(Sequence[Signals]):
    """Signals of many recordings, each read from its file whenever it is asked for."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = list(files)

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return Shelf(self._files[place])
        return unpack_signals(self._files[place])


@dataclass(frozen=True)
class CutSource:
    """A recording that was cut, and where its signals and its cuts are kept."""

    source: Source
    segments: tuple[Segment, ...]
    rate_hz: float
    notes: tuple[str, ...]
    signals_file: Path
    cuts_file: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that whoever draws it must see."""
        return *self.source.files, self.signals_file

    def detail(self, others: Sequence[Segment] = ()) -> Segmentation:
        """Signals, surprise and segments of this recording, read back.

        A segment of each skill that only `others` hold lets the same skill have the same colour.
        """
        name = self.source.name
        surprise = unpack_surprise(self.cuts_file)
        return Segmentation(
            [*self.segments, *others],
            {name: unpack_signals(self.signals_file)},
            {} if surprise is None else {name: surprise},
            [f"{name}: {note}" for note in self.notes],
        )


@dataclass
class Cut:
    """Recordings that were cut, in order, and the reason why others were not, by name."""

    sources: list[CutSource] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Read:
    """A recording whose signals are kept in `file`, under a key of all they depend on."""

    source: Source
    key: str
    file: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that whoever cuts it must see."""
        return (self.file,)


def cut_sources(
    sources: Sequence[Source],
    config: SegmentConfig,
    kept: KeptResults,
    crew: Crew,
    track: Track = quiet,
) -> Cut:
    """Cut every recording that can be; what is kept from before is not done again.

    The result does not depend on who works. Whatever is broken is skipped with its reason;
    InputError when nothing is left to cut.
    """
    return _Cutter(config, kept, crew, track).cut(sources)


class _Cutter:
    def __init__(self, config: SegmentConfig, kept: KeptResults, crew: Crew, track: Track) -> None:
        self._config = config
        self._kept = kept
        self._crew = crew
        self._track = track
        self._skipped: dict[str, str] = {}

    def cut(self, sources: Sequence[Source]) -> Cut:
        read = self._read(sources)
        alone = self._config.method in ALONE
        everything = "" if alone else key_of([one.key for one in read])
        settings = asdict(self._config)
        keys = [key_of("cuts", one.key, everything, settings) for one in read]
        missing = [
            (one, key) for one, key in zip(read, keys, strict=True) if not self._kept.has(key)
        ]
        if missing and alone:
            self._cut_each(missing)
        elif missing:
            self._cut_together(list(zip(read, keys, strict=True)))
        whole = zip(read, keys, strict=True)
        found = [_collected(one, self._kept.file(k)) for one, k in whole if self._kept.has(k)]
        if not found:
            reasons = [f"{name}: {why}" for name, why in self._skipped.items()]
            more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
            raise InputError(f"nothing could be cut: {'; '.join(reasons[:3])}{more}")
        return Cut(found, self._skipped)

    def _read(self, sources: Sequence[Source]) -> list[_Read]:
        """Signals of every recording that can be read, kept."""
        code = code_fingerprint(CODE)
        known = [one for source in sources if (one := self._known(source, code)) is not None]
        missing = [one for one in known if not one.file.is_file()]
        work = partial(_packed_signals, config=self._config)
        for number, outcome in each_done(
            work, [one.source for one in missing], self._crew, self._track, "reading"
        ):
            self._keep(missing[number].source, missing[number].key, outcome)
        return [one for one in known if one.file.is_file()]

    def _known(self, source: Source, code: str) -> _Read | None:
        """The recording with its key, or None where its files cannot be looked at."""
        try:
            facts = source.facts()
        except OSError as error:
            self._skipped[source.name] = f"{error.strerror}: {error.filename}"
            return None
        key = key_of("signals", code, asdict(source), facts, self._config.use_objects)
        return _Read(source, key, self._kept.file(key))

    def _keep(self, source: Source, key: str, outcome: Outcome[bytes]) -> None:
        if outcome.value is None:
            self._skipped[source.name] = outcome.reason.removeprefix(f"{source.name}: ")
        else:
            self._kept.keep(key, outcome.value)

    def _cut_each(self, missing: Sequence[tuple[_Read, str]]) -> None:
        work = partial(_packed_cuts, config=self._config)
        items = [one for one, _ in missing]
        for number, outcome in each_done(work, items, self._crew, self._track, "cutting"):
            self._keep(items[number].source, missing[number][1], outcome)

    def _cut_together(self, read: Sequence[tuple[_Read, str]]) -> None:
        """By a method that compares recordings; it sees all of them at once."""
        shelf = Shelf([one.file for one, _ in read])
        found = segment_signals(shelf, self._config, self._track)
        for one, key in read:
            self._kept.keep(key, pack_cuts(found, one.source.name))


def _packed_signals(source: Source, config: SegmentConfig) -> bytes:
    """Read one recording; InputError where it is broken or nothing in it ever changes."""
    demonstration, notes = source.read()
    signals = read_signals(demonstration, config)
    if not _moves(signals):
        raise InputError(f"{source.name}: nothing moves; every channel is constant")
    return pack_signals(replace(signals, notes=(*notes, *signals.notes)))


def _moves(signals: Signals) -> bool:
    arrays = (getattr(signals, part.name) for part in fields(signals))
    return any(
        array.size and np.ptp(array, axis=0).max() > STILL
        for array in arrays
        if isinstance(array, np.ndarray)
    )


def _packed_cuts(one: _Read, config: SegmentConfig) -> bytes:
    signals = unpack_signals(one.file)
    return pack_cuts(segment_signals([signals], config), signals.name)


def _collected(one: _Read, cuts_file: Path) -> CutSource:
    facts = unpack_facts(one.file)
    segments = tuple(unpack_segments(cuts_file))
    return CutSource(
        one.source, segments, facts["rate_hz"], tuple(facts["notes"]), one.file, cuts_file
    )
