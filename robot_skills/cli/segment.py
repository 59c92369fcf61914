"""robot-skills segment: cut demonstrations into pieces that may become skills."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

if TYPE_CHECKING:
    from robot_skills.segment import SegmentConfig
    from robot_skills.segment.many.crew import Crew
    from robot_skills.segment.many.cut_sources import Cut
    from robot_skills.segment.many.find_sources import Found
    from robot_skills.segment.video import VideoConfig
    from robot_skills.storage.kept_results import KeptResults
    from robot_skills.storage.segments import SegmentTable

METHODS = {
    "surprise": "the default; contact, motion and how open the future is, whichever tells more",
    "buds": "like pieces merged from below, clustered over all demonstrations",
    "lotus": "buds on the first, later demonstrations join skills or open new ones",
    "uvd": "subgoals found backwards by the distance to them",
    "key-poses": "the gripper switches or the arm stops",
    "events": "the gripper switches or a wrench jumps",
    "kernel": "change points under a Gaussian kernel",
    "kernel-surprise": "the same, of how hard each signal is to foresee",
    "pelt": "changes of the mean, exactly",
    "window": "changes of the mean between two sliding windows",
    "gripper": "the gripper switches",
    "equal": "equal parts",
    "random": "as many cuts as equal, anywhere",
}
METHODS_HELP = "\n\n".join(["How to cut.", *(f"{name}: {line}." for name, line in METHODS.items())])


@dataclass(frozen=True)
class Segment:
    """Cut demonstrations where contact or motion changes, or it is open what comes next.

    Writes segments.json, segments.csv, and for each demonstration a timeline picture and a page to
    open in a browser. What is broken is skipped and named. Where episodes have truth beside them,
    the cuts are scored. Nothing but the recording decides a cut. Interrupted, the same command
    goes on where it stopped.
    """

    paths: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="PATH")] = ()
    """Episodes, robosuite .hdf5 files, videos, .csv or .parquet logs, or folders of such."""

    out: Path = Path("runs/segments")
    """Folder for the table, the pictures and the pages."""

    finer: float = 1.0
    """Above 1 cuts more readily, below 1 less."""

    about: int | None = None
    """Cut each demonstration into about so many segments, on average, instead of by --finer."""

    min_length_s: float = 0.5
    """Shortest segment in seconds."""

    use_objects: bool = True
    """Whether object poses and fixtures may be looked at."""

    explain: bool = False
    """Print each cut with its cause and confidence."""

    pictures: bool = True
    """Whether to draw a timeline of each demonstration."""

    page: bool = True
    """Whether to write a page with video, signals and cuts of each demonstration."""

    strip: bool = False
    """Whether to write the video of each demonstration with a strip of its segments below it."""

    lerobot: Path | None = None
    """LeRobot data set of the same episodes: OUT/lerobot becomes a copy that names the segments."""

    workers: int = 1
    """Processes that work at the same time; the result does not depend on it."""

    ray: str = ""
    """Ray cluster to work on instead: HOST:PORT, auto, or local to start one here."""

    fresh: bool = False
    """Forget what an earlier run into the same folder has done."""

    method: Annotated[str, tyro.conf.arg(metavar="METHOD", help=METHODS_HELP)] = "surprise"

    encoder: str = "own"
    """What describes pictures of bare videos: own, learned from them, or a network of torchvision
    or timm by its name."""

    weights: Path | None = None
    """File with that network's weights; by default its library's cache."""

    skills: int | None = None
    """How many skills buds and lotus look for; 6 by default."""

    seed: int = 0
    """Seed of the predictors, the clusters and the random cuts."""

    def run(self) -> None:
        """Cut, write, and say what was found; InputError for what cannot be read."""
        import sys

        from robot_skills.segment.many.crew import Workers, open_crew
        from robot_skills.segment.many.find_sources import check_apart, find_sources
        from robot_skills.storage.kept_results import KeptResults
        from robot_skills.storage.lerobot_subtasks import check_export
        from robot_skills.storage.writable import check_folder

        config, crew = self._config(), open_crew(Workers(self.workers, self.ray))
        self._video_config()
        found = find_sources(self.paths)
        if self.lerobot is not None:
            check_export(self.lerobot, self.out / "lerobot")
        check_apart(found.sources, self.out)
        check_folder(self.out)
        kept = KeptResults(self.out.absolute())
        if self.fresh:
            kept.clear()
        try:
            with crew:
                self._work(found, config, kept, crew)
        except KeyboardInterrupt:
            print(f"what was done is kept in {self.out}: the same command goes on", file=sys.stderr)
            raise

    def _work(
        self, found: "Found", config: "SegmentConfig", kept: "KeptResults", crew: "Crew"
    ) -> None:
        from robot_skills.cli import segment_output as output
        from robot_skills.cli.progress import track
        from robot_skills.segment.many.cut_sources import cut_sources, nothing_cut
        from robot_skills.segment.many.watching import watch_clips
        from robot_skills.storage.lerobot_subtasks import export_subtasks
        from robot_skills.storage.segments import save_segments

        ready = watch_clips(found.sources, self._video_config(), kept, crew, track)
        if not ready.sources:
            raise nothing_cut({**found.skipped, **ready.skipped})
        cut = cut_sources(ready.sources, config, kept, crew, track)
        table = self._table(cut, {**found.skipped, **ready.skipped})
        save_segments(self.out / "segments.json", table)
        drawer = output.Drawer(
            self.out.absolute(), self.pictures, self.page, self.strip, output.skills_of(cut)
        )
        problems = output.draw(cut, drawer, kept, crew)
        kept.prune()
        if self.page:
            output.write_list(table, cut, drawer)
        if self.lerobot is not None:
            problems += export_subtasks(self.lerobot, self.out / "lerobot", table)
        for note in [*table.notes, *problems]:
            print(f"note: {note}")
        for name, reason in table.skipped.items():
            print(f"skipped: {name}: {reason}")
        if self.explain:
            print("\n".join(output.explanation(cut)))
        print(f"{output.counts(table)}: {self.out / 'segments.json'}")
        if score := output.score_line(cut):
            print(score)

    def _config(self) -> "SegmentConfig":
        from robot_skills.segment import SegmentConfig
        from robot_skills.segment.config import method_named

        return SegmentConfig(
            method_named(self.method),
            self.finer,
            self.min_length_s,
            self.use_objects,
            self.seed,
            skills=self.skills,
            about=self.about,
        )

    def _video_config(self) -> "VideoConfig":
        from robot_skills.segment.video import VideoConfig

        weights = None if self.weights is None else self.weights.absolute()
        return VideoConfig(self.encoder, weights, seed=self.seed)

    def _table(self, cut: "Cut", skipped: Mapping[str, str]) -> "SegmentTable":
        from robot_skills import __version__
        from robot_skills.storage.segments import SegmentTable

        made_by = {
            "method": self.method,
            "finer": str(self.finer),
            "about": "not asked" if self.about is None else str(self.about),
            "min_length_s": str(self.min_length_s),
            "use_objects": str(self.use_objects),
            "skills": "default" if self.skills is None else str(self.skills),
            "encoder": self.encoder,
            "seed": str(self.seed),
            "robot_skills": __version__,
        }
        segments = tuple(piece for one in cut.sources for piece in one.segments)
        rates = {one.source.name: one.rate_hz for one in cut.sources}
        notes = tuple(f"{one.source.name}: {note}" for one in cut.sources for note in one.notes)
        return SegmentTable(segments, rates, made_by, notes, {**skipped, **cut.skipped})
