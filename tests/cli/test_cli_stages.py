import os
import subprocess
import sys

import pytest

from robot_skills.cli.memory import resident_bytes
from robot_skills.cli.stages import Stages, read_notes
from robot_skills.core.errors import InputError

SETTINGS = {"episodes": 3, "seed": 0}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "demo"


def counted(calls, name):
    def work():
        calls.append(name)
        return {"summary": f"{name} found"}

    return work


def go(folder, names, settings=SETTINGS, fresh=False):
    calls = []
    stages = Stages(folder, settings, fresh)
    for name in names:
        stages.do(name, "works", counted(calls, name))
    return calls


def test_a_finished_stage_is_not_done_again(folder, capsys):
    assert go(folder, ["a", "b"]) == ["a", "b"]
    assert go(folder, ["a", "b", "c"]) == ["c"]
    assert "done before: a found" in capsys.readouterr().out


def test_a_stage_that_broke_off_is_done_again(folder):
    def breaks():
        raise InputError("no room")

    with pytest.raises(InputError, match="no room"):
        Stages(folder, SETTINGS).do("a", "works", breaks)
    assert go(folder, ["a"]) == ["a"]


def test_what_builds_on_a_redone_stage_is_redone(folder):
    go(folder, ["a", "b", "c"])
    (folder / "stages" / "b.json").unlink()
    assert go(folder, ["a", "b", "c"]) == ["b", "c"]


def test_a_damaged_note_counts_as_none(folder):
    go(folder, ["a"])
    (folder / "stages" / "a.json").write_text("{")
    assert go(folder, ["a"]) == ["a"]


def test_other_settings_are_refused_and_named(folder):
    go(folder, ["a"])
    with pytest.raises(InputError, match=r"episodes: 3 there, 4 asked.*--fresh"):
        go(folder, ["a"], {**SETTINGS, "episodes": 4})
    assert go(folder, ["a"], {**SETTINGS, "episodes": 4}, fresh=True) == ["a"]


def test_a_folder_of_something_else_is_neither_used_nor_removed(folder):
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="something else"):
        Stages(folder, SETTINGS)
    with pytest.raises(InputError, match="not removed"):
        Stages(folder, SETTINGS, fresh=True)
    assert (folder / "thesis.txt").exists()


def test_notes_tell_what_a_stage_took_and_found(folder):
    go(folder, ["a"])
    (note,) = read_notes(folder)
    assert note.found == {"summary": "a found"}
    assert note.seconds >= 0
    assert note.peak_gb > 0


def test_memory_of_processes_that_were_started_is_counted():
    program = "x = bytearray(100_000_000); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        child.stdout.readline()
        both, alone = resident_bytes(os.getpid()), resident_bytes(child.pid)
        child.communicate("\n")
    assert alone > 100e6
    assert both > alone
