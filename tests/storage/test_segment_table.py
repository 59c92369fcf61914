import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_skills.core.demonstration import Segment, SegmentRole
from robot_skills.core.errors import InputError
from robot_skills.storage.segments import SegmentTable, load_segments, save_segments

rows = st.builds(
    Segment,
    demonstration=st.sampled_from(["a", "b/c", "été"]),
    start=st.integers(0, 500),
    stop=st.integers(501, 900),
    skill=st.sampled_from(["", "pick, then lift", 'a "b"']),
    confidence=st.floats(0, 1),
    cause=st.sampled_from(["start", "motion"]),
    role=st.sampled_from(SegmentRole),
)
RATES = {"a": 20.0, "b/c": 1 / 0.012, "été": 30.0}


@given(st.lists(rows, max_size=5))
def test_what_is_saved_is_read_back(tmp_path_factory, segments):
    file = tmp_path_factory.mktemp("table") / "segments.json"
    table = SegmentTable(tuple(segments), RATES, {"method": "surprise"}, ("q: mended",))
    save_segments(file, table)
    assert load_segments(file) == table


def test_the_csv_beside_it_says_the_same_in_seconds(tmp_path):
    pieces = (Segment("a", 0, 40), Segment("a", 40, 100, "pick, then lift", 0.75, "motion"))
    save_segments(tmp_path / "segments.json", SegmentTable(pieces, {"a": 20.0}))
    with (tmp_path / "segments.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["start_s"] for row in read] == ["0.000", "2.000"]
    assert read[1] == {
        "demonstration": "a",
        "start": "40",
        "stop": "100",
        "start_s": "2.000",
        "stop_s": "5.000",
        "skill": "pick, then lift",
        "confidence": "0.750",
        "cause": "motion",
        "role": "skill",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no table of segments"),
        ("{", "damaged"),
        ("[]", "format must be 1; found None"),
        ('{"format": 9}', "format must be 1; found 9"),
        ('{"format": 1}', "damaged"),
        ('{"format": 1, "segments": [{"nonsense": 1}]}', "damaged"),
    ],
)
def test_files_that_are_no_table_are_refused(tmp_path, text, message):
    file = tmp_path / "segments.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError, match=message):
        load_segments(file)
