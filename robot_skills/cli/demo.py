"""robot-skills demo: the whole chain from nothing, with a report."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robot_skills.cli.demo_stages import DemoStages
    from robot_skills.cli.stages import StageNote, Stages

TWIN_TRIES = 2


@dataclass(frozen=True)
class Demo:
    """Go through the whole chain from nothing: record, segment, train, run, deploy on a twin.

    Ends with a table and report.html in the folder. Stages that are finished are not done again;
    what was interrupted goes on where it stopped. Without rendering there is neither picture nor
    video, and everything else is the same.
    """

    out: Path = Path("runs/demo")
    """Folder for everything that is made."""

    episodes: int = 80
    """Demonstrations to record."""

    evaluated: int = 10
    """Episodes a task in the evaluation."""

    cloning_steps: int = 4000
    """Gradient steps for each skill's policy."""

    env: str = "blocks"
    """Environment: a name in envs/ or a folder with a task.toml."""

    arm: str = "ur5e"
    """Arm: a name in assets/arms/ that has a twin as well."""

    seed: int = 0
    """Seed of every random choice."""

    workers: int = 2
    """Processes that record and evaluate at the same time; the results do not depend on it."""

    quick: bool = False
    """A small one: 24 demonstrations, short training, 2 episodes a task."""

    fresh: bool = False
    """Remove what an earlier demo left in the folder, and begin again."""

    def run(self) -> None:
        """Do what is not done yet, write the report, and say what was found."""
        from robot_skills.cli.stages import Stages

        work = self._stages()
        stages = Stages(self.out, self._settings(work), self.fresh)
        stages.do("record", f"{work.episodes} demonstrations in {work.demonstrations}", work.record)
        stages.do("segment", f"cut them: {self.out / 'segments'}", work.segment)
        stages.do("train", f"a library of skills: {work.library}", work.train)
        tasks = f"{work.evaluated} episodes a task: {self.out / 'evaluation.json'}"
        evaluated = stages.do("evaluate", tasks, work.evaluate)
        video = f": {self.out / 'unseen.mp4'}" if work.filmed else ", not filmed"
        unseen = f"one unseen task in simulation{video}"
        stages.do("run", unseen, lambda: work.film(evaluated.found["episodes"]))
        self._deploy(stages, work)
        self._report(stages)

    def _stages(self) -> "DemoStages":
        from robot_skills.cli.demo_stages import DemoStages
        from robot_skills.sim.gl import rendering_available

        filmed = rendering_available()
        if not filmed:
            print(
                "no rendering on this machine: no pictures and no video "
                "(robot-skills doctor says how to mend it)"
            )
        return DemoStages(
            folder=self.out,
            env=self.env,
            arm=self.arm,
            episodes=min(self.episodes, 24) if self.quick else self.episodes,
            evaluated=min(self.evaluated, 2) if self.quick else self.evaluated,
            cloning_steps=min(self.cloning_steps, 1500) if self.quick else self.cloning_steps,
            seed=self.seed,
            workers=self.workers,
            filmed=filmed,
        )

    def _settings(self, work: "DemoStages") -> dict[str, Any]:
        names = ("env", "arm", "episodes", "evaluated", "cloning_steps", "seed", "filmed")
        return {name: getattr(work, name) for name in names}

    def _deploy(self, stages: "Stages", work: "DemoStages") -> None:
        """The twin's stage; a twin that fails is reported, and tried again the next time.

        A run that stops itself is tried once more at once: on a machine that is busy with other
        things the twin's clock, which is the wall's, stands still now and then.
        """
        from robot_skills.core.errors import RobotFault, RobotSkillsError

        faults: list[str] = []
        what = f"one unseen task on the twin of {self.arm}"
        try:
            while True:
                try:
                    stages.do("deploy", what, lambda: work.twin(faults))
                    return
                except RobotFault as fault:
                    print(f"the arm stopped itself: {fault}", file=sys.stderr)
                    faults.append(str(fault))
                    if len(faults) == TWIN_TRIES:
                        raise
        except RobotSkillsError as error:
            print(f"the twin's run failed: {error}", file=sys.stderr)

    def _report(self, stages: "Stages") -> None:
        from rich.console import Console

        from robot_skills.cli.report import write_report
        from robot_skills.cli.run import task_table
        from robot_skills.run.evaluate.results import read_result
        from robot_skills.storage.atomic import write_text

        notes = {note.name: note for note in stages.notes}
        summary = demo_summary(notes)
        write_text(self.out / "demo.json", json.dumps(summary, indent=2) + "\n")
        write_report(self.out, notes, summary)
        found = notes["evaluate"].found
        results = [[read_result(row) for row in found[key]] for key in ("tasks", "totals")]
        Console().print(task_table(*results))
        print(
            f"{summary['demo_minutes']:.1f} minutes, {summary['demo_peak_gb']:.1f} GB at most, "
            f"twin {'completed' if summary['twin_completed'] else 'not completed'}\n"
            f"report: {self.out / 'report.html'}"
        )


def demo_summary(notes: "Mapping[str, StageNote]") -> dict[str, Any]:
    """Figures of the whole demo: time, memory, success, and what made it."""
    from robot_skills.cli.provenance import machine, versions
    from robot_skills.core.revision import revision

    setup = Path(sys.prefix) / "setup_seconds"
    twin = notes["deploy"].found if "deploy" in notes else {}
    return {
        "format": 1,
        "demo_minutes": sum(note.seconds for note in notes.values()) / 60,
        "setup_minutes": float(setup.read_text()) / 60 if setup.is_file() else None,
        "demo_peak_gb": max(note.peak_gb for note in notes.values()),
        "twin_completed": int(bool(twin.get("completed"))),
        "seconds": {name: note.seconds for name, note in notes.items()},
        "peak_gb": {name: note.peak_gb for name, note in notes.items()},
        "boundary_f1": notes["segment"].found["score"],
        "totals": notes["evaluate"].found["totals"],
        "versions": versions(),
        "commit": revision() or "unknown",
        "machine": machine(),
    }
