"""What robot-skills segment shows: pictures and pages of each demonstration, and its report."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robot_skills.core.demonstration import Demonstration, Segment
    from robot_skills.segment import Segmentation
    from robot_skills.segment.many.crew import Crew
    from robot_skills.segment.many.cut_sources import Cut, CutSource
    from robot_skills.storage.kept_results import KeptResults
    from robot_skills.storage.moments import Images
    from robot_skills.storage.segments import SegmentTable


@dataclass(frozen=True)
class Drawer:
    """Draws one demonstration into `out`; in whichever process.

    `skills` has a segment of each skill of the set, so that colours mean the same everywhere.
    """

    out: Path
    picture: bool
    page: bool
    strip: bool
    skills: tuple["Segment", ...]

    def __call__(self, one: "CutSource") -> dict[str, Any]:
        """Draw one demonstration; returns the files by name, and what was amiss with its video."""
        from robot_skills.core.errors import InputError

        demonstration = one.source.load()
        try:
            return {"files": self._draw(one, demonstration), "note": ""}
        except InputError as error:
            if not demonstration.video:
                raise
            files = self._draw(one, replace(demonstration, video={}))
            return {"files": files, "note": f"drawn without its video: {error}"}

    def _draw(self, one: "CutSource", demonstration: "Demonstration") -> list[str]:
        found = one.detail([piece for piece in self.skills if piece not in one.segments])
        truth_s = one.source.true_boundaries_s(one.rate_hz) or []
        picture, page, film = (self.file(one, ending) for ending in ("png", "html", "mp4"))
        drawn = []
        if self.picture:
            _draw_timeline(picture, demonstration, found, truth_s)
            drawn.append(picture.name)
        if self.page:
            from robot_skills.segment.show.page import write_page

            write_page(page, demonstration, found, truth_s)
            drawn.append(page.name)
        if self.strip and demonstration.video:
            from robot_skills.segment.show.strip import write_strip

            write_strip(film, demonstration, found)
            drawn.append(film.name)
        return drawn

    def file(self, one: "CutSource", ending: str) -> Path:
        """Where a picture or page of a demonstration is."""
        return self.out / f"{one.source.name.replace('/', '_')}.{ending}"


def skills_of(cut: "Cut") -> tuple["Segment", ...]:
    """One segment of each skill of the set."""
    skills = {piece.skill: piece for one in cut.sources for piece in one.segments if piece.skill}
    return tuple(skills[name] for name in sorted(skills))


def draw(cut: "Cut", drawer: Drawer, kept: "KeptResults", crew: "Crew") -> list[str]:
    """Draw what is not drawn yet; returns what was amiss, a sentence each."""
    from robot_skills.cli.progress import track
    from robot_skills.segment.many.crew import each_done
    from robot_skills.storage.kept_results import key_of

    if not (drawer.picture or drawer.page or drawer.strip):
        return []
    how = asdict(drawer)
    keys = {one.source.name: key_of("drawn", one.cuts_file.name, how) for one in cut.sources}
    missing = [one for one in cut.sources if not _is_drawn(drawer, kept, keys[one.source.name])]
    notes = {}
    for number, outcome in each_done(drawer, missing, crew, track, "drawing"):
        name = missing[number].source.name
        if outcome.value is None:
            notes[name] = f"could not be drawn: {outcome.reason}"
        else:
            kept.keep(keys[name], json.dumps(outcome.value).encode())
    for name, key in keys.items():
        if name not in notes and (note := json.loads(kept.file(key).read_text())["note"]):
            notes[name] = note
    return [f"{name}: {notes[name]}" for name in keys if name in notes]


def _is_drawn(drawer: Drawer, kept: "KeptResults", key: str) -> bool:
    if not kept.has(key):
        return False
    files = json.loads(kept.file(key).read_text())["files"]
    return all((drawer.out / name).is_file() for name in files)


def _draw_timeline(
    file: Path, demonstration: "Demonstration", found: "Segmentation", truth_s: Sequence[float]
) -> None:
    from robot_skills.segment.clocks.combined import video_start_s
    from robot_skills.segment.show.timeline import draw_timeline
    from robot_skills.storage.atomic import new_file
    from robot_skills.storage.moments import frames_at

    videos = list(demonstration.video.values())
    start_s = video_start_s(demonstration)

    def frames(steps: Sequence[int]) -> "Images":
        times_s = [start_s + step / demonstration.rate_hz for step in steps]
        return frames_at(videos[0], times_s)

    figure = draw_timeline(found, demonstration.name, frames if videos else None, truth_s)
    with new_file(file) as partial:
        figure.savefig(partial, dpi=100, format="png")


def write_list(table: "SegmentTable", cut: "Cut", drawer: Drawer) -> None:
    """Write index.html, which leads to every page."""
    from robot_skills.segment.show.page import write_index

    pages = {one.source.name: drawer.file(one, "html") for one in cut.sources}
    there = {name: page for name, page in pages.items() if page.is_file()}
    write_index(drawer.out / "index.html", table, there)


def explanation(cut: "Cut") -> list[str]:
    """One line a cut: when, why and how sure."""
    from robot_skills.segment.show.explanation import explain_cut

    return [
        f"{one.source.name}: cut {number} {explain_cut(before, after, one.rate_hz)}"
        for one in cut.sources
        for number, (before, after) in enumerate(pairwise(one.segments), start=1)
    ]


def counts(table: "SegmentTable") -> str:
    """How many demonstrations, cuts and segments there are, and how many were skipped."""
    whole = len(table.rate_hz)
    skipped = f", {len(table.skipped)} skipped" if table.skipped else ""
    cuts = len(table.segments) - whole
    return f"{whole} demonstrations, {cuts} cuts, {len(table.segments)} segments{skipped}"


def score_line(cut: "Cut") -> str:
    """How near the cuts are to the truth, where there is any beside the episodes; else ""."""
    from robot_skills.segment.metrics.boundary_metrics import (
        bootstrap_f1,
        count_boundaries,
        total_counts,
    )

    scored = []
    for one in cut.sources:
        truth_s = one.source.true_boundaries_s(one.rate_hz)
        if truth_s is not None:
            found_s = [piece.start / one.rate_hz for piece in one.segments[1:]]
            scored.append(count_boundaries(found_s, truth_s))
    if not scored:
        return ""
    total, (low, high) = total_counts(scored), bootstrap_f1(scored)
    return (
        f"against the truth of {len(scored)} demonstrations ({total.true} boundaries, within "
        f"0.5 s): F1 {total.f1:.2f} [{low:.2f}, {high:.2f}], "
        f"precision {total.precision:.2f}, recall {total.recall:.2f}"
    )
