"""Clips are watched once: what their pictures show is kept, with the log beside them if any."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from robot_skills.core.demonstration import Demonstration
from robot_skills.core.errors import InputError
from robot_skills.core.progress import Track, quiet
from robot_skills.segment.clocks.combined import align_log, combine
from robot_skills.segment.many.crew import Crew, each_done
from robot_skills.segment.many.packed import pack_demonstration
from robot_skills.segment.many.sources import Source, SourceKind
from robot_skills.segment.video import Clip, VideoConfig, fit_encoder, watch_video
from robot_skills.segment.video.encoder import Encoder
from robot_skills.storage.clips import probe_video
from robot_skills.storage.kept_results import KeptResults, code_fingerprint, key_of
from robot_skills.storage.logs import Log, load_log

RATE_HZ = 10.0  # at which clips are watched: a cut needs to be known to a tenth of a second
CODE = ("core", "storage", "segment")


@dataclass(frozen=True)
class Watched:
    """Sources that can be read now, in order, and why some clips could not be watched."""

    sources: list[Source]
    skipped: dict[str, str] = field(default_factory=dict)


def watch_clips(
    sources: Sequence[Source],
    config: VideoConfig,
    kept: KeptResults,
    crew: Crew,
    track: Track = quiet,
) -> Watched:
    """Watch every clip among the sources that was not watched before.

    The pictures are described by what is learned from all clips together, so another clip among
    them means that all are watched anew.
    """
    clips = [source for source in sources if source.kind is SourceKind.CLIP]
    if not clips:
        return Watched(list(sources))
    everything = [code_fingerprint(CODE), config, [source.facts() for source in clips]]
    files = {one.name: kept.file(key_of("watched", one.name, *everything)) for one in clips}
    missing = [source for source in clips if not files[source.name].is_file()]
    skipped: dict[str, str] = {}
    if missing:
        encoder = _encoder(clips, config, track)
        work = partial(_watch, encoder=encoder)
        for number, outcome in each_done(work, missing, crew, track, "watching"):
            name = missing[number].name
            if outcome.value is None:
                skipped[name] = outcome.reason
            else:
                kept.keep(files[name].name, outcome.value)
    ready = [
        replace(one, watched=files[one.name]) if one.name in files else one
        for one in sources
        if one.name not in skipped
    ]
    return Watched(ready, skipped)


def _encoder(clips: Sequence[Source], config: VideoConfig, track: Track) -> Encoder | None:
    """What describes their pictures; None where no picture of any clip can be read."""
    try:
        return fit_encoder([Clip(one.name, one.path) for one in clips], config, track)
    except InputError:
        if config != VideoConfig():
            raise
        return None


def _watch(source: Source, encoder: Encoder | None) -> bytes:
    """A clip with its log, or either alone where the other is broken."""
    try:
        seen, notes = _seen(source, encoder)
    except InputError as error:
        if source.log is None:
            raise
        log = _log(source.log, str(error))
        return pack_demonstration(
            log.demonstration, (f"cut without its video: {error}", *log.notes)
        )
    if source.log is None:
        return pack_demonstration(seen, notes)
    try:
        log = load_log(source.log)
        both = combine(seen, log, align_log(source.path, log))
    except InputError as error:
        return pack_demonstration(seen, (f"cut without its log: {error}", *notes))
    return pack_demonstration(both.demonstration, (*notes, *both.notes))


def _log(file: Path, why_unseen: str) -> Log:
    try:
        return load_log(file)
    except InputError as error:
        raise InputError(f"{why_unseen}; {error}") from None


def _seen(source: Source, encoder: Encoder | None) -> tuple[Demonstration, tuple[str, ...]]:
    """What the pictures of a clip show, and what was repaired; InputError for no pictures."""
    if encoder is None:
        probe_video(source.path)
        raise InputError(f"{source.path}: none of its pictures can be decoded")
    return watch_video(Clip(source.name, source.path), RATE_HZ, encoder)
