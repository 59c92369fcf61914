import json

import pytest
from results import Figure, read_results, write_results, write_unmeasured

RATE = Figure(0.9, "share", 0.8, 0.95, 50)


def test_what_is_written_is_read_with_its_origin(tmp_path):
    file = write_results("blocks", {"success": RATE}, [3, 1], folder=tmp_path)
    found = read_results(file)
    assert file == tmp_path / "blocks.json"
    assert found["figures"]["success"] == {
        "value": 0.9,
        "unit": "share",
        "low": 0.8,
        "high": 0.95,
        "n": 50,
        "note": "",
    }
    assert found["seeds"] == [1, 3]
    assert found["versions"]["mujoco"].startswith("3.")
    assert "cores" in found["machine"]
    assert all(found[key] for key in ("commit", "command"))
    assert [path.name for path in tmp_path.iterdir()] == ["blocks.json"]


def test_a_second_write_replaces_or_keeps_the_other_figures(tmp_path):
    write_results("blocks", {"a": RATE, "b": RATE}, [0], folder=tmp_path)
    file = write_results("blocks", {"b": Figure(1.0, "")}, [1], folder=tmp_path, keep_others=True)
    found = read_results(file)
    assert found["figures"]["a"]["value"] == 0.9
    assert found["figures"]["b"]["value"] == 1.0
    assert found["seeds"] == [0, 1]
    write_results("blocks", {"c": RATE}, folder=tmp_path)
    assert set(json.loads(file.read_text())["figures"]) == {"c"}


def test_what_was_measured_stays_where_it_cannot_be_measured_again(tmp_path):
    nothing = Figure(None, "share", note="no GPU here")
    file = write_unmeasured("gpu", {"a": nothing, "b": nothing}, folder=tmp_path)
    assert {f["value"] for f in read_results(file)["figures"].values()} == {None}
    write_results("gpu", {"a": RATE}, folder=tmp_path, keep_others=True)
    before = file.read_text()
    assert write_unmeasured("gpu", {"a": nothing}, folder=tmp_path) == file
    assert file.read_text() == before
    write_unmeasured("gpu", {"a": nothing, "b": nothing}, folder=tmp_path)
    assert read_results(file)["figures"]["a"]["value"] == 0.9


def test_a_missing_value_needs_its_reason():
    assert Figure(None, "share", note="no recordings here").value is None
    with pytest.raises(ValueError, match="needs a note"):
        Figure(None, "share")
