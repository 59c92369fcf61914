"""robot-skills library export and import: one library as one file."""

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True)
class LibraryExport:
    """Write a library as one file, with a hash of everything in it.

    The same library always gives the same file. Older versions and evidence stay behind.
    """

    library: tyro.conf.Positional[Path]
    """Folder of the library, or of a version that it keeps."""

    file: tyro.conf.Positional[Path]
    """File to write, such as kitchen.zip."""

    def run(self) -> None:
        """Export, and print the file's hash for whoever imports it."""
        from robot_skills.storage.library_archive import export_library, file_sha256
        from robot_skills.storage.writable import check_file

        check_file(self.file)
        export_library(self.library, self.file)
        size_mb = self.file.stat().st_size / 1e6
        print(f"{self.file} written, {size_mb:.1f} MB")
        print(f"sha256 {file_sha256(self.file)}")


@dataclass(frozen=True)
class LibraryImport:
    """Read an exported library, as a candidate that knows where it came from.

    Nothing in the file is run. What is damaged, incomplete, too large, or more than a library's
    own files is refused before anything is written. Hashes inside the file show damage; only
    --sha256, told by whoever exported it, shows that it is theirs.
    """

    file: tyro.conf.Positional[Path]
    """File that library export wrote."""

    library: tyro.conf.Positional[Path]
    """Folder for the library."""

    replace: bool = False
    """Put it in the place of an older library, which is kept as a version."""

    sha256: str = ""
    """What the file's SHA-256 must be."""

    def run(self) -> None:
        """Import, and say what came."""
        from robot_skills.storage.library_archive import import_library
        from robot_skills.storage.writable import check_folder

        check_folder(self.library.parent)
        library = import_library(self.file, self.library, self.replace, self.sha256)
        names = ", ".join(skill.name for skill in library.skills)
        print(f"{self.library} {library.version}: {library.task}, {library.arm}; skills: {names}")
        print(
            "It is a candidate: robot-skills run and library promote verify it, and a real arm "
            "takes it only then."
        )
