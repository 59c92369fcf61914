"""Boundary quality of every method: on scripted demonstrations never tuned on, and on people's.

    python scripts/bench_boundaries.py [--data DIR]

DIR (or ROBOT_SKILLS_DATA) holds robosuite_teleop, public recordings of people teleoperating
robosuite arms, with the lift and place events of their objects. Writes docs/results/blocks.json.
"""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import tyro
from results import Figure, write_results

from robot_skills.cli.progress import track
from robot_skills.core.demonstration import Demonstration
from robot_skills.record.session import SessionConfig, record_session
from robot_skills.segment.config import TAKES_NUMBER, Method, SegmentConfig
from robot_skills.segment.metrics.score import Score, score_segments, score_with_true_number
from robot_skills.segment.segmenter import segment
from robot_skills.storage.episodes import load_demonstrations
from robot_skills.storage.human_events import load_human_long_horizon
from robot_skills.storage.truth import load_truth

SEEDS = (4711, 4712, 4713)  # of the scripted sets; no constant was chosen on them

Truths = list[list[float]]


@dataclass(frozen=True)
class LabelledSet:
    """Demonstrations that are cut together, and their true boundaries in s."""

    demonstrations: list[Demonstration]
    truths_s: Truths


@dataclass(frozen=True)
class Bench:
    """Score boundaries on scripted and on human demonstrations."""

    data: Path | None = None
    """Folder with robosuite_teleop; ROBOT_SKILLS_DATA by default."""

    episodes: int = 80
    """Scripted demonstrations a set; each of three sets is cut by itself, as a user would."""

    def run(self) -> None:
        """Measure, print and write."""
        figures = self._scripted() | self._human()
        file = write_results("blocks", figures, SEEDS, keep_others=True)
        for name, figure in figures.items():
            print(f"{name:<48} {figure.value} [{figure.low}, {figure.high}] {figure.note}")
        print(f"written to {file}")

    def _scripted(self) -> dict[str, Figure]:
        sets = [self._recorded(seed) for seed in SEEDS]
        with_objects = _score(sets, use_objects=True)
        without = _score(sets, use_objects=False)
        figures = {
            "boundary_f1_scripted": _figure(with_objects["surprise"]),
            "boundary_f1_scripted_no_objects": _figure(without["surprise"]),
        }
        return figures | _nested("scripted", with_objects) | _nested("scripted_no_objects", without)

    def _recorded(self, seed: int) -> LabelledSet:
        with tempfile.TemporaryDirectory() as folder:
            config = SessionConfig(episodes=self.episodes, seed=seed, cameras=())
            record_session(config, Path(folder), workers=2, track=track)
            demonstrations = load_demonstrations(Path(folder))
            truths = [load_truth(Path(folder), d.name).boundaries for d in demonstrations]
        renamed = [replace(d, name=f"{seed}/{d.name}") for d in demonstrations]
        return LabelledSet(renamed, _seconds(renamed, truths))

    def _human(self) -> dict[str, Figure]:
        folder = self.data or os.environ.get("ROBOT_SKILLS_DATA")
        if not folder:
            missing = Figure(None, "share", note="not measured: no --data with robosuite_teleop")
            return {"boundary_f1_human": missing, "best_baseline_f1_human": missing}
        demonstrations, boundaries = load_human_long_horizon(Path(folder))
        people = [LabelledSet(demonstrations, _seconds(demonstrations, boundaries))]
        scores = _score(people, use_objects=True)
        arm_only = _score(people, use_objects=False)
        everything = scores | {f"{name}_no_objects": score for name, score in arm_only.items()}
        best = max((n for n in everything if not n.startswith("surprise")), key=_f1_of(everything))
        figures = {
            "boundary_f1_human": _figure(scores["surprise"]),
            "best_baseline_f1_human": _figure(everything[best], note=best),
        }
        return figures | _nested("human", scores) | _nested("human_no_objects", arm_only)


def _seconds(demonstrations: list[Demonstration], steps: Sequence[Sequence[int]]) -> Truths:
    return [[step / d.rate_hz for step in of] for d, of in zip(demonstrations, steps, strict=True)]


def _score(sets: Sequence[LabelledSet], use_objects: bool) -> dict[str, Score]:
    demonstrations = [d for one in sets for d in one.demonstrations]
    truths = [truth for one in sets for truth in one.truths_s]
    scores = {}
    for method in Method:
        config = SegmentConfig(method=method, use_objects=use_objects)
        pieces = [piece for one in sets for piece in segment(one.demonstrations, config)]
        scores[method.value] = score_segments(demonstrations, pieces, truths)
        if method in TAKES_NUMBER:
            told = score_with_true_number(demonstrations, truths, config)
            scores[f"{method.value}_true_number"] = told
    return scores


def _f1_of(scores: Mapping[str, Score]) -> Callable[[str], float]:
    return lambda name: scores[name].f1


def _figure(score: Score, note: str = "") -> Figure:
    return Figure(score.f1, "F1@0.5 s", score.low, score.high, score.n, note)


def _nested(group: str, scores: Mapping[str, Score]) -> dict[str, Figure]:
    return {f"f1/{group}/{name}": _figure(score) for name, score in scores.items()}


if __name__ == "__main__":
    tyro.cli(Bench).run()
