"""robot-skills record: keep demonstrations of whole tasks."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Record:
    """Record unlabelled demonstrations of whole tasks by a scripted operator.

    Only takes that reach their goal are kept. A session that was interrupted goes on where it
    stopped when the same command is typed again.
    """

    out: Path = field(default=Path("runs/demonstrations"))
    """Folder for the episodes."""

    env: str = "blocks"
    """Environment: a name in envs/ or a folder with a task.toml."""

    arm: str = "ur5e"
    """Arm: a name in assets/arms/ or a folder with a profile.toml."""

    episodes: int = 80
    """How many episodes the folder shall hold."""

    goals: tuple[str, ...] = ()
    """Goals to perform in turn; all seen goals of the environment by default."""

    cameras: tuple[str, ...] = ("front",)
    """Cameras to film with; give none to record without video."""

    image: tuple[int, int] = (120, 160)
    """Height and width of each image in pixels."""

    workers: int = 2
    """Processes that record at the same time; the result does not depend on it."""

    seed: int = 0
    """Seed of every random choice."""

    def run(self) -> None:
        """Record what is missing and say what was kept."""
        from robot_skills.cli.progress import track
        from robot_skills.record.session import SessionConfig, record_session

        config = SessionConfig(
            self.env, self.arm, self.episodes, self.seed, self.goals, self.cameras, self.image
        )
        recorded = record_session(config, self.out, self.workers, track)
        steps = sum(episode.steps for episode in recorded)
        failed = sum(episode.failed_takes for episode in recorded)
        print(f"{len(recorded)} episodes recorded in {self.out} ({steps} control steps)")
        if failed:
            print(f"{failed} takes missed their goal and were thrown away")
