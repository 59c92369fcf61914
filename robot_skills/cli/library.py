"""robot-skills library: look after libraries of skills."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from robot_skills.cli.library_files import LibraryExport, LibraryImport
from robot_skills.cli.library_list import LibraryList
from robot_skills.cli.library_promote import LibraryPromote
from robot_skills.cli.library_search import LibrarySearch
from robot_skills.cli.library_show import LibraryShow
from robot_skills.cli.library_versions import LibraryDiff, LibraryRollback

Command = (
    Annotated[LibraryList, tyro.conf.subcommand("list", prefix_name=False)]
    | Annotated[LibraryShow, tyro.conf.subcommand("show", prefix_name=False)]
    | Annotated[LibrarySearch, tyro.conf.subcommand("search", prefix_name=False)]
    | Annotated[LibraryDiff, tyro.conf.subcommand("diff", prefix_name=False)]
    | Annotated[LibraryPromote, tyro.conf.subcommand("promote", prefix_name=False)]
    | Annotated[LibraryRollback, tyro.conf.subcommand("rollback", prefix_name=False)]
    | Annotated[LibraryExport, tyro.conf.subcommand("export", prefix_name=False)]
    | Annotated[LibraryImport, tyro.conf.subcommand("import", prefix_name=False)]
)


@dataclass(frozen=True)
class Library:
    """Look after libraries: what they hold, what changed, how far each may go, and as one file.

    A library that is replaced keeps its older versions in LIBRARY/versions/, each a library that
    every verb takes.
    """

    command: Annotated[Command, tyro.conf.arg(name="")]
    """What to do; each has its own --help."""

    def run(self) -> None:
        """Do it."""
        self.command.run()
