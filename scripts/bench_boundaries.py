"""Boundary quality of every method: on scripted demonstrations never tuned on, and on people's.

    python scripts/bench_boundaries.py [--data DIR]

DIR (or ROBOT_SKILLS_DATA) holds robosuite_teleop, public recordings of people teleoperating
robosuite arms, with the lift and place events of their objects. Writes docs/results/blocks.json.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import tyro
from results import Figure, write_results

from robot_skills.cli.progress import track
from robot_skills.core.demonstration import Demonstration
from robot_skills.record.session import SessionConfig, record_session
from robot_skills.segment.config import Method, SegmentConfig
from robot_skills.segment.score import Score, score_methods, score_with_true_number
from robot_skills.storage.episodes import load_demonstrations
from robot_skills.storage.human_events import load_human_long_horizon
from robot_skills.storage.truth import load_truth

SEED = 4711  # of the scripted demonstrations; no constant was chosen on it

Truths = list[list[float]]


@dataclass(frozen=True)
class Bench:
    """Score boundaries on scripted and on human demonstrations."""

    data: Path | None = None
    """Folder with robosuite_teleop; ROBOT_SKILLS_DATA by default."""

    episodes: int = 80
    """Scripted demonstrations to record and score."""

    def run(self) -> None:
        """Measure, print and write."""
        figures = self._scripted() | self._human()
        file = write_results("blocks", figures, [SEED], keep_others=True)
        for name, figure in figures.items():
            print(f"{name:<48} {figure.value} [{figure.low}, {figure.high}] {figure.note}")
        print(f"written to {file}")

    def _scripted(self) -> dict[str, Figure]:
        with tempfile.TemporaryDirectory() as folder:
            config = SessionConfig(episodes=self.episodes, seed=SEED, cameras=())
            record_session(config, Path(folder), workers=2, track=track)
            demonstrations = load_demonstrations(Path(folder))
            truths = [
                [step / d.rate_hz for step in load_truth(Path(folder), d.name).boundaries]
                for d in demonstrations
            ]
        with_objects = _score(demonstrations, truths, use_objects=True)
        without = _score(demonstrations, truths, use_objects=False)
        figures = {
            "boundary_f1_scripted": _figure(with_objects["surprise"]),
            "boundary_f1_scripted_no_objects": _figure(without["surprise"]),
        }
        return figures | _nested("scripted", with_objects) | _nested("scripted_no_objects", without)

    def _human(self) -> dict[str, Figure]:
        folder = self.data or os.environ.get("ROBOT_SKILLS_DATA")
        if not folder:
            missing = Figure(None, "share", note="not measured: no --data with robosuite_teleop")
            return {"boundary_f1_human": missing, "best_baseline_f1_human": missing}
        demonstrations, boundaries = load_human_long_horizon(Path(folder))
        truths = [
            [step / d.rate_hz for step in steps]
            for d, steps in zip(demonstrations, boundaries, strict=True)
        ]
        scores = _score(demonstrations, truths, use_objects=True)
        arm_only = _score(demonstrations, truths, use_objects=False)
        everything = scores | {f"{name}_no_objects": score for name, score in arm_only.items()}
        best = max((n for n in everything if not n.startswith("surprise")), key=_f1_of(everything))
        figures = {
            "boundary_f1_human": _figure(scores["surprise"]),
            "best_baseline_f1_human": _figure(everything[best], note=best),
        }
        return figures | _nested("human", scores) | _nested("human_no_objects", arm_only)


def _score(
    demonstrations: list[Demonstration], truths: Truths, use_objects: bool
) -> dict[str, Score]:
    configs = {m.value: SegmentConfig(method=m, use_objects=use_objects) for m in Method}
    scores = score_methods(demonstrations, truths, configs)
    for method in (Method.KERNEL, Method.EQUAL):
        config = SegmentConfig(method=method, use_objects=use_objects)
        told = score_with_true_number(demonstrations, truths, config)
        scores[f"{method.value}_true_number"] = told
    return scores


def _f1_of(scores: Mapping[str, Score]):  # type: ignore[no-untyped-def]
    return lambda name: scores[name].f1


def _figure(score: Score, note: str = "") -> Figure:
    return Figure(score.f1, "F1@0.5 s", score.low, score.high, score.n, note)


def _nested(group: str, scores: Mapping[str, Score]) -> dict[str, Figure]:
    return {f"f1/{group}/{name}": _figure(score) for name, score in scores.items()}


if __name__ == "__main__":
    tyro.cli(Bench).run()
