"""robot-skills segment: cut demonstrations into pieces that may become skills."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

if TYPE_CHECKING:
    from robot_skills.core.demonstration import Demonstration
    from robot_skills.segment import Segmentation, SegmentConfig
    from robot_skills.storage.segments import SegmentTable

METHODS = {
    "surprise": "the default; the others are there to compare with",
    "buds": "like pieces merged from below, clustered over all demonstrations",
    "lotus": "buds on the first, later demonstrations join skills or open new ones",
    "uvd": "subgoals found backwards by the distance to them",
    "key-poses": "the gripper switches or the arm stops",
    "events": "the gripper switches or a wrench jumps",
    "kernel": "change points under a Gaussian kernel",
    "pelt": "changes of the mean, exactly",
    "window": "changes of the mean between two sliding windows",
    "gripper": "the gripper switches",
    "equal": "equal parts",
    "random": "as many cuts as equal, anywhere",
}
METHODS_HELP = "\n\n".join(["How to cut.", *(f"{name}: {line}." for name, line in METHODS.items())])


@dataclass(frozen=True)
class Segment:
    """Cut demonstrations where it is open what comes next.

    Writes segments.json, segments.csv and a timeline picture a demonstration. Where the episodes
    have truth beside them, the cuts are scored. Nothing but recorded signals decides a cut.
    """

    paths: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="PATH")] = ()
    """An episode, a folder of episodes, or a robosuite .hdf5 file; several are cut together."""

    out: Path = Path("runs/segments")
    """Folder for the table and the pictures."""

    method: Annotated[str, tyro.conf.arg(metavar="METHOD", help=METHODS_HELP)] = "surprise"

    finer: float = 1.0
    """Above 1 cuts more readily, below 1 less."""

    min_length_s: float = 1.0
    """Shortest segment in seconds."""

    use_objects: bool = True
    """Whether object poses and fixtures may be looked at."""

    explain: bool = False
    """Print each cut with its cause and confidence."""

    pictures: bool = True
    """Whether to draw the timelines."""

    skills: int | None = None
    """How many skills buds and lotus look for; 6 by default."""

    seed: int = 0
    """Seed of the predictors, the clusters and the random cuts."""

    def run(self) -> None:
        """Cut, write, and say what was found; InputError for what cannot be read."""
        from robot_skills.cli.progress import track
        from robot_skills.segment import segment_in_detail
        from robot_skills.segment.explanation import explanation
        from robot_skills.storage.segments import save_segments
        from robot_skills.storage.writable import check_folder

        check_folder(self.out)
        config = self._config()
        demonstrations = load_given(self.paths)
        truths_s = [true_boundaries_s(self.paths, one) for one in demonstrations]
        found = segment_in_detail(demonstrations, config, track)
        save_segments(self.out / "segments.json", self._table(demonstrations, found))
        if self.pictures:
            self._draw(demonstrations, found, truths_s)
        for note in found.notes:
            print(f"note: {note}")
        if self.explain:
            print("\n".join(explanation(demonstrations, found)))
        cuts = len(found.segments) - len(demonstrations)
        print(
            f"{len(demonstrations)} demonstrations, {cuts} cuts, {len(found.segments)} segments: "
            f"{self.out / 'segments.json'}"
        )
        self._print_score(demonstrations, found, truths_s)

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
        )

    def _table(
        self, demonstrations: "Sequence[Demonstration]", found: "Segmentation"
    ) -> "SegmentTable":
        from robot_skills import __version__
        from robot_skills.storage.segments import SegmentTable

        made_by = {
            "method": self.method,
            "finer": str(self.finer),
            "min_length_s": str(self.min_length_s),
            "use_objects": str(self.use_objects),
            "skills": "default" if self.skills is None else str(self.skills),
            "seed": str(self.seed),
            "robot_skills": __version__,
        }
        rates = {one.name: one.rate_hz for one in demonstrations}
        return SegmentTable(tuple(found.segments), rates, made_by, tuple(found.notes))

    def _draw(
        self,
        demonstrations: "Sequence[Demonstration]",
        found: "Segmentation",
        truths_s: Sequence[Sequence[float] | None],
    ) -> None:
        from robot_skills.cli.progress import track
        from robot_skills.segment.timeline import draw_timeline
        from robot_skills.storage.video import read_frames

        self.out.mkdir(parents=True, exist_ok=True)
        pairs = list(zip(demonstrations, truths_s, strict=True))
        for one, truth_s in track(pairs, "drawing"):
            video = next(iter(one.video.values()), None)
            frames = None if video is None else lambda steps, v=video: read_frames(v, steps)
            figure = draw_timeline(found, one.name, frames, truth_s or ())
            figure.savefig(self.out / f"{one.name.replace('/', '_')}.png", dpi=100)

    def _print_score(
        self,
        demonstrations: "Sequence[Demonstration]",
        found: "Segmentation",
        truths_s: Sequence[Sequence[float] | None],
    ) -> None:
        from robot_skills.segment.score import score_segments

        known = [(d, t) for d, t in zip(demonstrations, truths_s, strict=True) if t is not None]
        if not known:
            return
        score = score_segments([d for d, _ in known], found.segments, [t for _, t in known])
        print(
            f"against the truth of {len(known)} demonstrations ({score.n} boundaries, within "
            f"0.5 s): F1 {score.f1:.2f} [{score.low:.2f}, {score.high:.2f}], "
            f"precision {score.precision:.2f}, recall {score.recall:.2f}"
        )


def load_given(paths: Sequence[Path]) -> "list[Demonstration]":
    """Demonstrations of every path in order; InputError when there is none to read."""
    from robot_skills.core.errors import InputError
    from robot_skills.paths import recording
    from robot_skills.storage.episodes import load_demonstrations
    from robot_skills.storage.robosuite_hdf5 import load_robosuite_demonstrations

    if not paths:
        raise InputError(
            "nothing to segment: give an episode, a folder of episodes or a robosuite .hdf5 file; "
            "the shipped demonstrations are in demos/blocks"
        )
    demonstrations: list[Demonstration] = []
    for path in map(recording, paths):
        if not path.exists():
            raise InputError(f"no file or folder {path}")
        load = load_demonstrations if path.is_dir() else load_robosuite_demonstrations
        demonstrations += load(path)
    return demonstrations


def true_boundaries_s(paths: Sequence[Path], one: "Demonstration") -> list[float] | None:
    """True boundaries in seconds from beside the episode, or None where there is no truth."""
    from robot_skills.paths import recording
    from robot_skills.storage.truth import load_truth, truth_file

    for path in map(recording, paths):
        for folder in (path, path.resolve().parent):
            if folder.is_dir() and truth_file(folder, one.name).is_file():
                return [step / one.rate_hz for step in load_truth(folder, one.name).boundaries]
    return None
