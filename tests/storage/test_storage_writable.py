import os

import pytest

from robot_skills.core.errors import InputError
from robot_skills.storage.writable import check_file, check_folder


def test_what_does_not_exist_yet_can_be_written_and_is_not_made(tmp_path):
    check_folder(tmp_path / "a" / "b")
    check_file(tmp_path / "a" / "film.mp4")
    check_file(None)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_place_for_files(tmp_path):
    (tmp_path / "note").write_text("x")
    check_file(tmp_path / "note")
    with pytest.raises(InputError, match=r"note is a file, not a folder; choose another place"):
        check_folder(tmp_path / "note" / "segments")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match=r"is a folder; give the name of a file"):
        check_file(tmp_path)


def test_a_place_without_permission_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)  # root may do anything
    with pytest.raises(InputError, match=f"no permission to write in {tmp_path}; choose another"):
        check_file(tmp_path / "runs" / "film.mp4")
