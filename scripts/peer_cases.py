"""Episodes of our environment under robomimic's policy, which runs in its own environment."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from chain_bench import scene_of
from numpy.typing import NDArray
from peer_view import observations_of, pose_asked

from robot_skills.core.task import Task
from robot_skills.nets.sight.flat_features import FlatView
from robot_skills.run.controls.flat import GoalEpisode
from robot_skills.run.evaluate.episodes import Episode, Simulation
from robot_skills.run.evaluate.parallel import RunCase

INSIDE = Path(__file__).with_name("peer_inside.py")


class PeerPolicy:
    """robomimic's policy behind a pipe to its interpreter."""

    def __init__(self, python: Path, checkpoint: Path) -> None:
        command = [str(python), str(INSIDE), "act", str(checkpoint)]
        self._log = checkpoint.with_suffix(".log")
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )

    def start(self) -> None:
        """Forget what was seen: an episode begins."""
        self._ask({})

    def act(self, view: FlatView, task: Task) -> NDArray[np.float64]:
        """The action (7,) within -1..1 for what is seen."""
        seen = observations_of(view, task)
        return np.clip(self._ask({key: values.tolist() for key, values in seen.items()}), -1.0, 1.0)

    def _ask(self, question: dict[str, list[float]]) -> NDArray[np.float64]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"robomimic's policy ended; its last words are in {self._log}")
        return np.array(json.loads(answer))


@dataclass(frozen=True)
class PeerCases:
    """Builds, in each process, what runs robomimic's policy for a goal and a seed."""

    python: Path
    checkpoint: Path
    env: str
    arm: str
    limit_steps: int

    def __call__(self) -> RunCase[Episode]:
        """A function from goal and seed to the episode that came of them."""
        task, body = scene_of(self.env, self.arm)
        policy = PeerPolicy(self.python, self.checkpoint)
        simulation = Simulation(task, body)

        def run_case(goal: str, seed: int) -> Episode:
            robot, situation = simulation.start(goal, seed)
            episode = GoalEpisode(robot, situation.goal.facts, task, body)
            policy.start()
            while episode.steps < self.limit_steps and not episode.over:
                action = policy.act(episode.view, task)
                episode.advance(pose_asked(episode.view.ee, action), action[6] > 0)
            trace = episode.finish()
            return Episode(goal, situation.goal.seen, seed, trace.success, trace)

        return run_case


def newest_checkpoint(folder: Path) -> Path | None:
    """The checkpoint of the latest epoch below a folder."""
    return max(folder.glob("runs/**/model_epoch_*.pth"), key=epoch_of, default=None)


def epoch_of(checkpoint: Path) -> int:
    """The epoch in a checkpoint's name."""
    return int(checkpoint.stem.split("_")[2])
