import pytest

from robot_skills.core.errors import InputError
from robot_skills.storage.pairs import find_recorded


def test_clips_and_logs_of_one_name_belong_together(tmp_path):
    for name in (
        "a.mp4",
        "a.csv",
        "a.toml",
        "b.MKV",
        "c.parquet",
        "d.avi",
        "d.csv.gz",
        "notes.txt",
    ):
        (tmp_path / name).touch()
    found = [
        (r.name, r.clip and r.clip.name, r.log and r.log.name) for r in find_recorded(tmp_path)
    ]
    assert found == [
        ("a", "a.mp4", "a.csv"),
        ("b", "b.MKV", None),
        ("c", None, "c.parquet"),
        ("d", "d.avi", "d.csv.gz"),
    ]


def test_two_logs_of_one_name_are_refused(tmp_path):
    (tmp_path / "a.csv").touch()
    (tmp_path / "a.parquet").touch()
    with pytest.raises(InputError, match=r"a\.parquet and a\.csv have one name"):
        find_recorded(tmp_path)
    with pytest.raises(InputError, match="no folder"):
        find_recorded(tmp_path / "nowhere")
