"""Folders that appear on disk complete or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from robot_skills.core.errors import InputError

PARTIAL = ".partial"
REPLACED = ".replaced"


def partial_path(folder: Path) -> Path:
    """Where `folder` is written until it is complete."""
    return folder.with_name(folder.name + PARTIAL)


@contextmanager
def new_folder(folder: Path, replace: bool = False) -> Iterator[Path]:
    """Yield `<folder>.partial` to write in; on success it is synced and renamed as one.

    An error inside removes what was written. A partial folder left by a crash is replaced; an
    existing complete `folder` raises InputError unless it is to be replaced.
    """
    if folder.exists() and not replace:
        raise InputError(f"{folder} exists already; choose another name or remove it")
    partial = partial_path(folder)
    start_partial(partial)
    try:
        yield partial
        commit(partial, folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def start_partial(partial: Path) -> None:
    """Make an empty folder to write in, in place of what a crash may have left there."""
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)


def commit(partial: Path, folder: Path) -> None:
    """Force every file of `partial` to the disk, then rename it to `folder` in one step.

    What is in its place is moved aside first and removed last, so that a crash loses neither.
    """
    for path in partial.rglob("*"):
        sync(path)
    sync(partial)
    aside = folder.with_name(folder.name + REPLACED)
    if folder.exists():
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
    partial.rename(folder)
    sync(folder.parent)
    shutil.rmtree(aside, ignore_errors=True)


def sync(path: Path) -> None:
    """Force one file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Yield `<path>.partial` to write; on success it takes the place of `path` in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_path(path)
    try:
        yield partial
        sync(partial)
        partial.replace(path)
        sync(path.parent)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old content or the new, never a part."""
    with new_file(path) as partial:
        partial.write_text(text)
