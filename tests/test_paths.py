from pathlib import Path

import pytest

from robot_skills import paths
from robot_skills.core.errors import InputError


@pytest.mark.parametrize("name", paths.FOLDERS)
def test_every_data_folder_is_there(name):
    assert paths.data_folder(name).is_dir()


def test_an_unknown_data_folder_is_refused():
    with pytest.raises(InputError, match="'env'; did you mean 'envs'"):
        paths.data_folder("env")


def test_a_name_finds_what_ships_and_a_path_finds_itself(tmp_path):
    assert paths.find("envs", "blocks") == paths.data_folder("envs") / "blocks"
    assert paths.find("assets/arms", "ur5e").name == "ur5e"
    assert paths.find("envs", str(tmp_path)) == tmp_path


def test_a_bare_name_that_ships_wins_over_a_folder_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("blocks").mkdir()
    assert paths.find("envs", "blocks") == paths.data_folder("envs") / "blocks"
    assert paths.find("envs", "./blocks") == tmp_path / "blocks"


def test_an_unknown_name_suggests_the_near_one():
    with pytest.raises(InputError, match="'blcks'; did you mean 'blocks'"):
        paths.find("envs", "blcks")


@pytest.mark.parametrize("name", ["demos/blocks", "blocks"])
def test_a_shipped_set_is_found_from_any_folder(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert paths.recording(Path(name)) == paths.data_folder("demos") / "blocks"


def test_a_recording_that_exists_wins_over_a_shipped_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("blocks").mkdir()
    assert paths.recording(Path("blocks")) == Path("blocks")


def test_a_recording_that_is_nowhere_is_left_to_its_reader(tmp_path):
    assert paths.recording(tmp_path / "absent") == tmp_path / "absent"
    assert paths.recording(Path("absent")) == Path("absent")
