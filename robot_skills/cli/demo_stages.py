"""The stages of the demo: each writes its files and returns plain values about them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robot_skills.cli.provenance import library_identity
from robot_skills.cli.simulated import Simulated

if TYPE_CHECKING:
    from robot_skills.core.demonstration import Demonstration, Segment
    from robot_skills.run.execute.watching import Moment
    from robot_skills.segment.many.sources import Source
    from robot_skills.train.trainer import Training

EVALUATION_SEED = 1000  # none of the starts that were recorded
SHOWN_TASKS = ("into_drawer_and_close", "tower_on_tray", "tower", "swap", "into_drawer")
TWIN_GOAL = "on(red, green) on(green, blue)"
TRAINING_THREADS = 1  # two gain a third on idle cores, and crawl where something else runs


@dataclass(frozen=True)
class DemoStages:
    """What the demo does, in one folder; `arm` and `env` by name."""

    folder: Path
    env: str
    arm: str
    episodes: int
    evaluated: int
    cloning_steps: int
    seed: int
    workers: int
    filmed: bool

    @property
    def library(self) -> Path:
        """Folder of the library that the demo trains."""
        return self.folder / "library"

    @property
    def demonstrations(self) -> Path:
        """Folder of the recorded episodes."""
        return self.folder / "demonstrations"

    def record(self) -> dict[str, Any]:
        """Whole seen tasks by the scripted operator, filmed by one small camera."""
        from robot_skills.cli.progress import track
        from robot_skills.record.session import SessionConfig, record_session

        cameras = ("front",) if self.filmed else ()
        config = SessionConfig(self.env, self.arm, self.episodes, self.seed, (), cameras)
        record_session(config, self.demonstrations, self.workers, track)
        demonstrations = self._recorded()
        minutes = sum(d.steps / d.rate_hz for d in demonstrations) / 60
        return {
            "summary": f"{len(demonstrations)} demonstrations, {minutes:.0f} minutes of robot time",
            "demonstrations": len(demonstrations),
            "robot_minutes": round(minutes, 1),
            "filmed": self.filmed,
        }

    def segment(self) -> dict[str, Any]:
        """Cut them where prediction fails; scored against what the operator was really doing."""
        from robot_skills.cli.demo_pictures import draw_demonstration
        from robot_skills.cli.progress import track
        from robot_skills.segment import SegmentConfig, segment_in_detail
        from robot_skills.segment.metrics.score import score_segments
        from robot_skills.segment.show.timeline import draw_timeline
        from robot_skills.storage.segments import SegmentTable, save_segments
        from robot_skills.storage.video import read_frames

        recorded = self._recorded()
        found = segment_in_detail(recorded, SegmentConfig(seed=self.seed), track)
        rates = {one.name: one.rate_hz for one in recorded}
        table = SegmentTable(tuple(found.segments), rates, {"seed": str(self.seed)})
        save_segments(self.folder / "segments" / "segments.json", table)
        truths_s = [self._source(one).true_boundaries_s(one.rate_hz) or [] for one in recorded]
        score = score_segments(recorded, found.segments, truths_s)
        shown = self._shown(recorded)
        video = next(iter(shown.video.values()), None)
        frames = None if video is None else lambda steps: read_frames(video, steps)
        truth_s = truths_s[recorded.index(shown)]
        draw_timeline(found, shown.name, frames, truth_s).savefig(
            self.folder / "timeline.png", dpi=100
        )
        cuts = len(found.segments) - len(recorded)
        draw_demonstration(self.folder / "pictures" / "film.png", shown)
        return {
            "summary": f"{cuts} cuts, F1 {score.f1:.2f} against the truth within 0.5 s",
            "cuts": cuts,
            "score": asdict(score),
            "shown": shown.name,
            "steps": shown.steps,
        }

    def train(self) -> dict[str, Any]:
        """Skills from the segments: frames, operators, one policy each."""
        from robot_skills.cli.demo_pictures import draw_skills
        from robot_skills.cli.train import Train

        trained = Train(
            demonstrations=self.demonstrations,
            out=self.library,
            replace=True,
            segments=self.folder / "segments" / "segments.json",
            env=self.env,
            steps=self.cloning_steps,
            threads=TRAINING_THREADS,
            seed=self.seed,
        ).train()
        pieces = _skill_segments(trained)
        if self.filmed:
            draw_skills(self.folder / "pictures", self._recorded(), pieces)
        names = ", ".join(skill.name for skill in trained.library.skills)
        return {
            "summary": f"{len(trained.library.skills)} skills: {names}",
            "segments": [asdict(piece) for piece in pieces],
            "left_over": len(trained.left_over),
        }

    def evaluate(self) -> dict[str, Any]:
        """Seeded episodes of every task, seen and unseen."""
        from robot_skills.cli.progress import track
        from robot_skills.cli.run import results_document, write_results
        from robot_skills.core.task_file import load_task
        from robot_skills.paths import find
        from robot_skills.run.evaluate.parallel import cases, evaluate_in_processes

        goals = tuple(load_task(find("envs", self.env)).goals)
        wanted = cases(goals, self.evaluated, EVALUATION_SEED + self.seed)
        simulated = Simulated(self.library, self.env, self.arm)
        episodes = evaluate_in_processes(simulated, wanted, self.workers, track)
        settings = {"seed": self.seed, **library_identity(self.library)}
        write_results(self.folder / "evaluation.json", episodes, settings)
        document = results_document(episodes, {})
        rates = [f"{t['success']['value']:.0%} of {t['name']}" for t in document["totals"]]
        return {"summary": ", ".join(rates), **document}

    def film(self, evaluated: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """One evaluated episode of an unseen task again, filmed with plan and facts over it."""
        from robot_skills.cli.demo_pictures import draw_moments
        from robot_skills.cli.run import film, watched_moments

        name, seed = _shown_episode(evaluated)
        simulated = Simulated(self.library, self.env, self.arm)
        if self.filmed:
            episode, moments = film(simulated, name, seed, self.folder / "unseen.mp4")
            _, task, arm = simulated.load()
            draw_moments(self.folder / "pictures" / "unseen.png", moments, task, arm)
        else:
            episode, moments = watched_moments(simulated, name, seed)
        return {
            "summary": f"{name}, seed {seed}: {'success' if episode.success else 'failure'}",
            "task": name,
            "seed": seed,
            "success": episode.success,
            "trace": episode.trace.explain().splitlines() if episode.trace else [],
            **_told(moments),
        }

    def twin(self, faults: Sequence[str]) -> dict[str, Any]:
        """The same library on the UR twin, through the arm's own protocol; judged by its log.

        `faults` say why earlier tries stopped.
        """
        from robot_skills.cli.deploy import Deploy, twin_report
        from robot_skills.cli.progress import track
        from robot_skills.core.arm import load_arm
        from robot_skills.core.task_file import load_task
        from robot_skills.paths import find

        moments: list[Moment] = []
        deploy = Deploy(
            goal=TWIN_GOAL,
            library=self.library,
            twin=self.arm,
            env=self.env,
            seed=self.seed,
            twin_log=self.folder / "twin.json",
        )
        result = deploy.deploy(moments.append)
        held = bool(result.twin["goal_held"])
        if self.filmed:
            from robot_skills.run.show.film import write_film

            arm, task = load_arm(find("assets/arms", self.arm)), load_task(find("envs", self.env))
            write_film(self.folder / "twin.mp4", moments, task, arm, held, track, result.trace)
        ended = "completed" if held else "not completed"
        limits = "no limit exceeded" if not result.exceeded else "; ".join(result.exceeded)
        return {
            "summary": f"{TWIN_GOAL} {ended}, {limits}",
            "goal": TWIN_GOAL,
            "completed": held and not result.exceeded,
            "report": twin_report(result),
            "gap": deploy.gap,
            "stopped_before": list(faults),
            "trace": result.trace.explain().splitlines(),
        }

    # Parts of stages

    def _source(self, one: "Demonstration") -> "Source":
        from robot_skills.segment.many.sources import Source, SourceKind

        return Source(one.name, SourceKind.EPISODE, self.demonstrations / one.name)

    def _recorded(self) -> "list[Demonstration]":
        from robot_skills.storage.episodes import load_demonstrations

        return load_demonstrations(self.demonstrations)[: self.episodes]

    def _shown(self, recorded: "Sequence[Demonstration]") -> "Demonstration":
        """The demonstration with the most behaviours: what a stranger learns most from."""
        from robot_skills.storage.truth import load_truth

        def behaviours(one: "Demonstration") -> tuple[int, int]:
            return len(load_truth(self.demonstrations, one.name).behaviours), -one.steps

        return max(recorded, key=behaviours)


def _skill_segments(trained: "Training") -> "list[Segment]":
    from robot_skills.core.demonstration import Segment

    return [
        Segment(i.transition.history.name, i.transition.start, i.transition.stop, group.name)
        for group in trained.groups
        for i in group.instances
    ]


def _shown_episode(evaluated: Sequence[dict[str, Any]]) -> tuple[str, int]:
    """The first success at the longest unseen task, or where there is none the first of all."""
    unseen = [row for row in evaluated if not row["seen"] and row["trace"]]
    order = {name: place for place, name in enumerate(SHOWN_TASKS)}
    best = min(unseen, key=lambda r: (not r["success"], order.get(r["task"], 99), r["seed"]))
    return best["task"], best["seed"]


def _told(moments: "Sequence[Moment]") -> dict[str, Any]:
    """Start, goal and first plan in words."""
    from robot_skills.cli.plan import plan_table
    from robot_skills.core.facts import format_facts

    plan = moments[0].plan
    return {
        "start": format_facts(plan.start),
        "goal": format_facts(plan.goal),
        "plan": [{"step": str(step), "skill": step.skill} for step in plan.steps],
        "plan_table": plan_table(plan),
    }
