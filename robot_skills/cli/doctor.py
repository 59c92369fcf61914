"""What this machine can do, and how to mend what it cannot."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from robot_skills.cli.checks import Finding, Status, every_check
from robot_skills.core.errors import RobotSkillsError

if TYPE_CHECKING:
    from rich.table import Table

COLOURS = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "red"}


@dataclass(frozen=True)
class Doctor:
    """Check this machine: rendering, package versions, GPU, cameras, serial ports, disk.

    Ends with status 1 only if something keeps `robot-skills demo` from running.
    """

    folder: Path = Path()
    """Where results would be written; its free space is checked."""

    def run(self) -> None:
        """Print a table of findings; RobotSkillsError names those that stop the demo."""
        from rich.console import Console
        from rich.progress import Progress

        findings: list[Finding] = []
        console = Console()
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("checking", total=None)
            for finding in every_check(self.folder):
                findings.append(finding)
                bar.update(task, description=finding.subject)
        console.print(_table(findings))
        failed = [finding.subject for finding in findings if finding.status is Status.FAIL]
        if failed:
            raise RobotSkillsError(
                f"the demo cannot run here until this is mended: {', '.join(failed)}"
            )


def _table(findings: list[Finding]) -> "Table":
    from rich.markup import escape
    from rich.table import Table

    table = Table("checked", "", "found", "what to do")
    for finding in findings:
        colour = COLOURS[finding.status]
        table.add_row(
            finding.subject,
            f"[{colour}]{finding.status}[/{colour}]",
            escape(finding.found),
            escape(finding.remedy),
        )
    return table
