import json
import sys

import pytest

from robot_skills.core.demonstration import Segment, SegmentRole
from robot_skills.core.errors import InputError
from robot_skills.storage.lerobot_subtasks import export_subtasks
from robot_skills.storage.segments import SegmentTable
from robot_skills.storage.subtask_labels import (
    Stretch,
    dense_stretches,
    proportions,
    sparse_stretches,
)

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

FPS = 10
LENGTHS = (20, 30)
FEATURES = {name: {"dtype": "int64", "shape": [1], "names": None} for name in ("frame_index",)}


def write_info(folder, version):
    (folder / "meta").mkdir(parents=True)
    info = {"codebase_version": version, "fps": FPS, "features": FEATURES, "robot_type": "so100"}
    (folder / "meta" / "info.json").write_text(json.dumps(info))


@pytest.fixture
def newer(tmp_path):
    """A small data set of format v3.0: two episodes in one file, a row group each."""
    folder = tmp_path / "set"
    write_info(folder, "v3.0")
    (folder / "meta" / "episodes" / "chunk-000").mkdir(parents=True)
    table = arrow.table({"episode_index": [0, 1], "length": list(LENGTHS), "tasks": [["tea"]] * 2})
    parquet.write_table(table, folder / "meta" / "episodes" / "chunk-000" / "file-000.parquet")
    (folder / "data" / "chunk-000").mkdir(parents=True)
    types = {"info": {"features": {"frame_index": {"dtype": "int64", "_type": "Value"}}}}
    groups = [
        arrow.table({"frame_index": list(range(n)), "episode_index": [k] * n})
        for k, n in enumerate(LENGTHS)
    ]
    schema = groups[0].schema.with_metadata({"huggingface": json.dumps(types)})
    file = folder / "data" / "chunk-000" / "file-000.parquet"
    with parquet.ParquetWriter(file, schema) as writer:
        for group in groups:
            writer.write_table(group.cast(schema))
    (folder / "videos").mkdir()
    (folder / "videos" / "front.mp4").write_bytes(b"film")
    return folder


@pytest.fixture
def older(tmp_path):
    folder = tmp_path / "set"
    write_info(folder, "v2.1")
    lines = [
        json.dumps({"episode_index": k, "tasks": ["tea"], "length": n})
        for k, n in enumerate(LENGTHS)
    ]
    (folder / "meta" / "episodes.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def table(names=("a", "b"), lengths=LENGTHS, rate_hz=float(FPS)):
    pieces = []
    for name, length in zip(names, lengths, strict=True):
        pieces += [
            Segment(name, 0, length // 2, "reach"),
            Segment(name, length // 2, length - 4, "", 0.7, "stop", SegmentRole.IDLE),
            Segment(name, length - 4, length, "grasp", 0.9, "gripper"),
        ]
    return SegmentTable(tuple(pieces), dict.fromkeys(names, rate_hz))


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def stage_of(row, frame, level):
    """How LeRobot 0.6.1 finds a frame's stage and progress (`rewards/sarm/sarm_utils.py`)."""
    names, starts, ends = (
        row[f"{level}_subtask_{part}"] for part in ("names", "start_frames", "end_frames")
    )
    for name, start, end in zip(names, starts, ends, strict=True):
        if start <= frame <= end:
            return name, (frame - start) / (end - start)
    raise AssertionError(f"frame {frame} lies in no stage")


def test_episodes_get_columns_in_which_every_frame_has_its_stage(newer, tmp_path):
    assert export_subtasks(newer, tmp_path / "out", table()) == []
    file = tmp_path / "out" / "meta" / "episodes" / "chunk-000" / "file-000.parquet"
    rows = parquet.read_table(file).to_pylist()
    assert rows[0]["tasks"] == ["tea"] and rows[1]["length"] == 30
    assert rows[0]["dense_subtask_names"] == ["reach", "idle", "grasp"]
    assert rows[0]["dense_subtask_start_frames"] == [0, 10, 16]
    assert rows[0]["dense_subtask_end_frames"] == [9, 15, 19]
    assert rows[0]["dense_subtask_start_times"] == [0.0, 1.0, 1.6]
    assert rows[0]["dense_subtask_end_times"] == [1.0, 1.6, 2.0]
    assert rows[0]["sparse_subtask_names"] == ["reach", "grasp"]
    assert stage_of(rows[1], 15, "dense")[0] == "idle"
    assert stage_of(rows[1], 29, "dense") == ("grasp", 1.0)
    assert stage_of(rows[1], 20, "sparse")[0] == "reach"


def test_every_frame_gets_the_index_of_its_name(newer, tmp_path):
    export_subtasks(newer, tmp_path / "out", table())
    names = parquet.read_table(tmp_path / "out" / "meta" / "subtasks.parquet")
    assert names.to_pydict() == {"subtask_index": [0, 1, 2], "subtask": ["reach", "idle", "grasp"]}
    assert json.loads(names.schema.metadata[b"pandas"])["index_columns"] == ["subtask"]
    file = parquet.ParquetFile(tmp_path / "out" / "data" / "chunk-000" / "file-000.parquet")
    assert file.num_row_groups == 2
    frames = file.read().to_pydict()
    assert frames["subtask_index"] == [0] * 10 + [1] * 6 + [2] * 4 + [0] * 15 + [1] * 11 + [2] * 4
    assert frames["frame_index"] == [*range(20), *range(30)]
    told = json.loads(file.schema_arrow.metadata[b"huggingface"])["info"]["features"]
    assert told["subtask_index"] == {"dtype": "int64", "_type": "Value"}
    info = json.loads((tmp_path / "out" / "meta" / "info.json").read_text())
    assert info["features"]["subtask_index"] == {"dtype": "int64", "shape": [1], "names": None}
    assert info["robot_type"] == "so100" and "frame_index" in info["features"]


def test_the_shares_of_names_are_in_their_order_and_sum_to_one(newer, tmp_path):
    export_subtasks(newer, tmp_path / "out", table())
    dense, sparse = (
        json.loads((tmp_path / "out" / "meta" / f"temporal_proportions_{level}.json").read_text())
        for level in ("dense", "sparse")
    )
    assert list(dense) == ["reach", "idle", "grasp"] and list(sparse) == ["reach", "grasp"]
    assert sum(dense.values()) == pytest.approx(1.0) and sum(sparse.values()) == pytest.approx(1.0)
    assert dense["grasp"] == pytest.approx((4 / 20 + 4 / 30) / 2)


def test_the_original_stays_and_everything_else_is_copied(newer, tmp_path):
    before = contents(newer)
    export_subtasks(newer, tmp_path / "out", table())
    assert contents(newer) == before
    assert (tmp_path / "out" / "videos" / "front.mp4").read_bytes() == b"film"
    assert not (tmp_path / "out.partial").exists()


def test_exporting_again_replaces_what_was_there(newer, tmp_path):
    export_subtasks(newer, tmp_path / "one", table())
    export_subtasks(tmp_path / "one", tmp_path / "two", table())
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_format_2_1_gets_the_same_columns_as_lines(older, tmp_path):
    export_subtasks(older, tmp_path / "out", table())
    lines = (tmp_path / "out" / "meta" / "episodes.jsonl").read_text().splitlines()
    row = json.loads(lines[0])
    assert row["tasks"] == ["tea"] and row["dense_subtask_end_frames"] == [9, 15, 19]
    assert stage_of(row, 17, "sparse")[0] == "grasp"
    assert (tmp_path / "out" / "meta" / "temporal_proportions_dense.json").is_file()


def test_demonstrations_with_numbers_belong_to_those_episodes(newer, tmp_path):
    names = ("set/episode_000001", "set/episode_000000")
    export_subtasks(newer, tmp_path / "out", table(names, lengths=(30, 20)))
    with pytest.raises(InputError, match=r"30 steps.* 20 frames"):
        export_subtasks(newer, tmp_path / "other", table(("x", "y"), lengths=(30, 20)))


def test_episodes_nobody_cut_are_unlabelled_and_noted(newer, tmp_path):
    notes = export_subtasks(newer, tmp_path / "out", table(("episode_1",), lengths=(30,)))
    assert notes == ["episodes without segments, left unlabelled: 0"]
    file = tmp_path / "out" / "meta" / "episodes" / "chunk-000" / "file-000.parquet"
    assert parquet.read_table(file).column("dense_subtask_names").to_pylist()[0] is None
    data = parquet.read_table(tmp_path / "out" / "data").to_pydict()["subtask_index"]
    names = parquet.read_table(tmp_path / "out" / "meta" / "subtasks.parquet").to_pydict()
    assert {names["subtask"][index] for index in data[:20]} == {"unlabelled"}


def test_segments_found_at_another_rate_land_on_the_right_frames(newer, tmp_path):
    twice = table(lengths=(40, 60), rate_hz=2.0 * FPS)
    export_subtasks(newer, tmp_path / "out", twice)
    data = parquet.read_table(tmp_path / "out" / "data").to_pydict()["subtask_index"]
    assert data[:20] == [0] * 10 + [1] * 8 + [2] * 2


@pytest.mark.parametrize("names", [("a",), ("a", "b", "c"), ("episode_0", "episode_7", "b")])
def test_segments_that_fit_no_episodes_are_refused(newer, tmp_path, names):
    with pytest.raises(InputError, match="2 episodes"):
        export_subtasks(newer, tmp_path / "out", table(names, lengths=[20] * len(names)))
    assert not (tmp_path / "out").exists()


def test_places_that_cannot_be_are_refused(newer, tmp_path):
    with pytest.raises(InputError, match="inside"):
        export_subtasks(newer, newer / "out", table())
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match="exists already"):
        export_subtasks(newer, tmp_path / "out", table())
    with pytest.raises(InputError, match=r"no meta/info\.json"):
        export_subtasks(tmp_path, tmp_path / "new", table())


def test_other_formats_and_damage_are_named(newer, tmp_path):
    info = newer / "meta" / "info.json"
    good = info.read_text()
    info.write_text(good.replace("v3.0", "v1.6"))
    with pytest.raises(InputError, match=r"format v1\.6.*v2\.1 and v3\.0"):
        export_subtasks(newer, tmp_path / "out", table())
    info.write_text(good)
    (newer / "data" / "chunk-000" / "file-000.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"file-000\.parquet: damaged"):
        export_subtasks(newer, tmp_path / "out", table())
    assert not (tmp_path / "out").exists() and not (tmp_path / "out.partial").exists()


def test_without_pyarrow_the_way_to_get_it_is_told(newer, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "robot_skills.storage.lerobot_parquet", raising=False)
    monkeypatch.delattr("robot_skills.storage.lerobot_parquet", raising=False)
    with pytest.raises(InputError, match=r"pip install 'robot-skills\[parquet\]'"):
        export_subtasks(newer, tmp_path / "out", table())


def test_unnamed_segments_are_numbered_and_another_try_keeps_its_name():
    pieces = [
        Segment("a", 0, 5),
        Segment("a", 5, 9, role=SegmentRole.REPETITION),
        Segment("a", 9, 12, role=SegmentRole.EXTRANEOUS),
        Segment("a", 12, 20),
    ]
    dense = dense_stretches(pieces, 10.0, 20, 10.0)
    assert [one.name for one in dense] == ["segment 1", "segment 1", "extraneous", "segment 4"]
    assert sparse_stretches(dense) == (Stretch("segment 1", 0, 12), Stretch("segment 4", 12, 20))


def test_what_comes_before_the_first_skill_belongs_to_it():
    dense = (Stretch("idle", 0, 3), Stretch("reach", 3, 8), Stretch("reach", 8, 9))
    assert sparse_stretches(dense) == (Stretch("reach", 0, 9),)
    assert sparse_stretches(dense[:1]) == dense[:1]


def test_shares_of_names_that_are_missing_somewhere_still_sum_to_one():
    shares = proportions([[Stretch("a", 0, 10)], [Stretch("a", 0, 5), Stretch("b", 5, 10)]])
    assert shares == {"a": 0.75, "b": 0.25}
