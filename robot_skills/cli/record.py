"""robot-skills record: keep demonstrations of whole tasks."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from robot_skills.record.session import SessionConfig


@dataclass(frozen=True)
class Record:
    """Record unlabelled demonstrations of whole tasks by a scripted operator, or by you.

    Of the scripted operator, only takes that reach their goal are kept, and a session that was
    interrupted goes on where it stopped when the same command is typed again. At the keyboard, in
    any terminal, you decide what is kept; the arm is shown in a window, or where there is none in
    the terminal itself.
    """

    operator: Literal["scripted", "keyboard"] = "scripted"
    """Who moves the arm."""

    out: Path = field(default=Path("runs/demonstrations"))
    """Folder for the episodes."""

    env: str = "blocks"
    """Environment: a name in envs/, robosuite:Stack and its kin, or a folder with a task.toml."""

    arm: str = "ur5e"
    """Arm: a name in assets/arms/ or a folder with a profile.toml."""

    episodes: int = 80
    """How many episodes the folder shall hold; at the keyboard, how many to add."""

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
        from robot_skills.record.session import SessionConfig

        config = SessionConfig(
            self.env, self.arm, self.episodes, self.seed, self.goals, self.cameras, self.image
        )
        if self.operator == "keyboard":
            self._at_keyboard(config)
        else:
            self._by_script(config)

    def _by_script(self, config: "SessionConfig") -> None:
        from robot_skills.cli.progress import track
        from robot_skills.record.session import record_session

        recorded = record_session(config, self.out, self.workers, track)
        if not recorded:
            print(f"{self.out} holds the {self.episodes} episodes already: nothing to record")
            return
        steps = sum(episode.steps for episode in recorded)
        failed = sum(episode.failed_takes for episode in recorded)
        print(f"{len(recorded)} episodes recorded in {self.out} ({steps} control steps)")
        if failed:
            print(f"{failed} takes missed their goal and were thrown away")

    def _at_keyboard(self, config: "SessionConfig") -> None:
        from robot_skills.record.keyboard_session import record_by_keyboard, terminal_screen
        from robot_skills.record.terminal import TerminalKeys

        with TerminalKeys() as keys:
            screen = terminal_screen(_write_at_once)
            recorded = record_by_keyboard(config, self.out, keys.pressed, screen)
        print(f"\n{len(recorded)} episodes kept in {self.out}")


def _write_at_once(text: str) -> None:
    print(text, end="", flush=True)
