"""robot-skills library promote: one step further, on evidence."""

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True)
class LibraryPromote:
    """Take a library one step further: candidate, verified in simulation, allowed on hardware.

    The first step takes results of robot-skills run, the second those of robot-skills deploy
    --twin and the name of who allows it. They are kept beside the library with its hash: when
    anything in it changes, it is a candidate again. Whatever they are, results are no proof of
    safety: the limits of the arm's own controller and the emergency stop stay what protects people.
    """

    library: tyro.conf.Positional[Path]
    """Folder of the library."""

    results: tuple[Path, ...] = ()
    """Results files that were made with this library (--out of run, or of deploy --twin)."""

    least: float | None = None
    """What the lower end of the success's 95 % interval must reach; 0.8, on the twin 0.5."""

    by: str = ""
    """Who allows it on hardware: a name."""

    def run(self) -> None:
        """Weigh the evidence, and promote or say what is missing."""
        from datetime import UTC, datetime

        from robot_skills.core.errors import InputError
        from robot_skills.run.evaluate.promotion import LEAST, evidence_for
        from robot_skills.run.evaluate.result_files import load_results
        from robot_skills.storage.libraries import library_sha256, load_library
        from robot_skills.storage.library_standing import Standing, load_record, promote

        found = load_library(self.library)
        version = found.version
        record = load_record(self.library)
        step = record.standing.next
        if step is None:
            raise InputError(f"{self.library} {version} is {record.standing.meaning} already")
        if not self.results:
            raise InputError(f"to be {step.meaning} takes --results; see library promote --help")
        if step is Standing.HARDWARE and not self.by:
            raise InputError("to be allowed on hardware takes --by NAME: who answers for it")
        library = {
            "folder": str(self.library),
            "task": found.task,
            "arm": found.arm,
            "sha256": library_sha256(self.library),
            "by": self.by,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        least = LEAST[step] if self.least is None else self.least
        results = [load_results(file) for file in self.results]
        evidence = evidence_for(step, results, library, least)
        promote(self.library, evidence, self.results)
        print(f"{self.library} {version} is {step.meaning}: {evidence}")
