"""Many recordings, of which only one is held at a time: read, cut, and kept as they are done."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from pathlib import Path

import numpy as np

from robot_skills.core.demonstration import Segment
from robot_skills.core.errors import InputError
from robot_skills.core.progress import Track, quiet
from robot_skills.segment.config import Method, SegmentConfig
from robot_skills.segment.many.crew import Crew, Outcome, each_done
from robot_skills.segment.many.kept_signals import KeptSignals, Shelf
from robot_skills.segment.many.packed import (
    pack_cuts,
    pack_signals,
    unpack_belief,
    unpack_facts,
    unpack_segments,
    unpack_signals,
    unpack_surprise,
)
from robot_skills.segment.many.sources import Source
from robot_skills.segment.many.weigh_sources import WeighingAll, weighed_files
from robot_skills.segment.segmenter import (
    ALONE,
    Segmentation,
    segment_believed,
    segment_signals,
)
from robot_skills.segment.signals import Signals, read_signals
from robot_skills.storage.kept_results import KeptResults, code_fingerprint, key_of

CODE = ("core", "storage", "segment")
STILL = 1e-9  # what changes by less than that stands still


@dataclass(frozen=True)
class CutSource:
    """A recording that was cut, and where its signals and its cuts are kept."""

    source: Source
    segments: tuple[Segment, ...]
    rate_hz: float
    notes: tuple[str, ...]
    signals_file: Path
    cuts_file: Path
    weighed_file: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that whoever draws it must see."""
        weighed = () if self.weighed_file is None else (self.weighed_file,)
        return *self.source.files, self.signals_file, *weighed

    def detail(self, others: Sequence[Segment] = ()) -> Segmentation:
        """Signals, surprise and segments of this recording, read back.

        A segment of each skill that only `others` hold lets the same skill have the same colour.
        """
        name = self.source.name
        return Segmentation(
            [*self.segments, *others],
            {name: unpack_signals(self.signals_file)},
            {} if self.weighed_file is None else {name: unpack_surprise(self.weighed_file)},
            [f"{name}: {note}" for note in self.notes],
        )


@dataclass
class Cut:
    """Recordings that were cut, in order, and the reason why others were not, by name."""

    sources: list[CutSource] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


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


def nothing_cut(skipped: Mapping[str, str]) -> InputError:
    """The error that says why nothing is left to cut, by the reason for each recording."""
    reasons = [f"{name}: {why}" for name, why in skipped.items()]
    more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
    return InputError(f"nothing could be cut: {'; '.join(reasons[:3])}{more}")


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
        keys = {one.name: key_of("cuts", one.key, everything, settings) for one in read}
        learned = self._config.method is Method.SURPRISE
        weighed = weighed_files(read, self._config.seed, self._kept) if learned else {}
        missing = [one for one in read if not self._kept.has(keys[one.name])]
        if missing and alone:
            self._cut_each(missing, keys)
        elif missing and learned:
            self._cut_learned(read, keys, weighed)
        elif missing:
            self._cut_together(read, keys)
        return self._cut(read, keys, weighed)

    def _cut(
        self, read: Sequence[KeptSignals], keys: Mapping[str, str], weighed: Mapping[str, Path]
    ) -> Cut:
        """What was cut, read back; InputError says why there is nothing."""
        found = [
            _collected(one, self._kept.file(keys[one.name]), weighed.get(one.name))
            for one in read
            if self._kept.has(keys[one.name])
        ]
        if not found:
            raise nothing_cut(self._skipped)
        return Cut(found, self._skipped)

    def _read(self, sources: Sequence[Source]) -> list[KeptSignals]:
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

    def _known(self, source: Source, code: str) -> KeptSignals | None:
        """The recording with its key, or None where its files cannot be looked at."""
        try:
            facts = source.facts()
        except OSError as error:
            self._skipped[source.name] = f"{error.strerror}: {error.filename}"
            return None
        key = key_of("signals", code, asdict(source), facts, self._config.use_objects)
        return KeptSignals(source, key, self._kept.file(key))

    def _keep(self, source: Source, key: str, outcome: Outcome[bytes]) -> None:
        if outcome.value is None:
            self._skipped[source.name] = outcome.reason.removeprefix(f"{source.name}: ")
        else:
            self._kept.keep(key, outcome.value)

    def _cut_each(self, missing: Sequence[KeptSignals], keys: Mapping[str, str]) -> None:
        work = partial(_packed_cuts, config=self._config)
        for number, outcome in each_done(work, missing, self._crew, self._track, "cutting"):
            one = missing[number]
            self._keep(one.source, keys[one.name], outcome)

    def _cut_together(self, read: Sequence[KeptSignals], keys: Mapping[str, str]) -> None:
        """By a method that compares recordings; it sees all of them at once."""
        found = segment_signals(Shelf(read), self._config, self._track)
        for one in read:
            self._kept.keep(keys[one.name], pack_cuts(found.of(one.name)))

    def _cut_learned(
        self, read: Sequence[KeptSignals], keys: Mapping[str, str], weighed: Mapping[str, Path]
    ) -> None:
        """By the default method: each is weighed by itself, then all are decided together."""
        whole = [one for one in read if not one.long_enough]
        others = [one for one in read if one.long_enough]
        weighing = WeighingAll(weighed, self._config.seed, self._kept, self._crew, self._track)
        failed = weighing.weigh(others)
        self._skipped |= failed
        known = [one for one in others if one.name not in failed]
        beliefs = [unpack_belief(weighed[one.name]) for one in known]
        found = segment_believed(Shelf(known), beliefs, self._config)
        for one in whole:
            found[one.name] = segment_signals(Shelf([one]), self._config).segments
        for one in (*known, *whole):
            self._kept.keep(keys[one.name], pack_cuts(found[one.name]))


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


def _packed_cuts(one: KeptSignals, config: SegmentConfig) -> bytes:
    return pack_cuts(segment_signals(Shelf([one]), config).segments)


def _collected(one: KeptSignals, cuts_file: Path, weighed_file: Path | None) -> CutSource:
    facts = unpack_facts(one.file)
    segments = tuple(unpack_segments(cuts_file))
    weighed_file = weighed_file if weighed_file is not None and weighed_file.is_file() else None
    notes = tuple(facts["notes"])
    return CutSource(
        one.source, segments, facts["rate_hz"], notes, one.file, cuts_file, weighed_file
    )
