"""Where the data folders are, in a checkout and in an installed wheel."""

from pathlib import Path

from robot_skills.core.environment_names import ROBOSUITE
from robot_skills.core.errors import InputError, unknown_name

PACKAGE = Path(__file__).resolve().parent
FOLDERS = ("assets", "configs", "demos", "envs")


def data_folder(name: str) -> Path:
    """Folder of shipped data: inside the wheel when installed, beside the package in a checkout."""
    if name not in FOLDERS:
        raise unknown_name("data folder", name, FOLDERS)
    for folder in (PACKAGE / "_data" / name, PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise InputError(
        f"the data folder {name!r} is missing beside {PACKAGE}; reinstall robot-skills"
    )


def find(folder: str, name: str) -> Path:
    """Resolve a NAME argument: an entry of a shipped folder, or a path that exists.

    `folder` is a data folder or one inside it, such as "assets/arms". A bare name that ships wins
    over a folder that happens to be called so here; write ./name for that one. `robosuite:Stack`
    among the environments is the folder robosuite_stack.
    """
    if folder == "envs" and name.startswith(ROBOSUITE):
        return _robosuite_task(name)
    given = Path(name).expanduser()
    top, _, inside = folder.partition("/")
    shipped = data_folder(top) / inside
    if given.name == name and (shipped / name).exists():
        return shipped / name
    if given.exists():
        return given.resolve()
    if (shipped / name).exists():
        return shipped / name
    raise unknown_name(
        f"entry of {folder}/ (nor a path)", name, (p.name for p in shipped.iterdir())
    )


def _robosuite_task(name: str) -> Path:
    folders = data_folder("envs").glob("robosuite_*")
    known = {ROBOSUITE + "".join(p.name.title().split("_")[1:]): p for p in folders}
    if name not in known:
        raise unknown_name("environment", name, known)
    return known[name]


def recording(path: Path) -> Path:
    """`path` where it exists, else the shipped set it names, `demos/blocks` or `blocks`.

    What is neither comes back unchanged, for its reader to refuse.
    """
    if path.exists():
        return path
    shipped = data_folder("demos") / str(path).removeprefix("demos/")
    return shipped if not path.is_absolute() and shipped.exists() else path
