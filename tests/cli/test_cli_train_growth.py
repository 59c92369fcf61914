import shutil

import numpy as np
import pytest

from robot_skills.cli import main
from robot_skills.paths import find
from robot_skills.storage.kept_versions import kept_versions
from robot_skills.storage.libraries import load_library
from robot_skills.storage.library_changes import compare_libraries

QUICK = ["--true-segments", "--min-support", "2", "--steps", "5", "--copies", "0", "--threads", "1"]
DEMOS = find("demos", "blocks")


@pytest.fixture(scope="module")
def of_two(tmp_path_factory):
    """A library from two of the three shipped demonstrations."""
    folder = tmp_path_factory.mktemp("growth")
    two = folder / "two"
    shutil.copytree(DEMOS, two, ignore=shutil.ignore_patterns("episode_000000*"))
    assert main(["train", str(two), "--out", str(folder / "library"), *QUICK]) == 0
    return folder


@pytest.fixture
def library(of_two, tmp_path):
    return shutil.copytree(of_two / "library", tmp_path / "library")


def grow(library, *flags, demos=DEMOS):
    return main(["train", str(demos), "--grow", str(library), *QUICK, *flags])


def test_a_library_grows_and_what_it_learned_stays_bit_identical(library, capsys):
    old = load_library(library)
    assert grow(library) == 0
    new, printed = load_library(library), capsys.readouterr().out
    for skill in old.skills:
        grown = new.skill(skill.name)
        assert skill.weights.keys() == grown.weights.keys()
        for name, array in skill.weights.items():
            assert array.tobytes() == grown.weights[name].tobytes()
        np.testing.assert_array_equal(skill.start_ee, grown.start_ee)
        for name, shown in skill.motions.items():
            np.testing.assert_array_equal(shown, grown.motions[name])
    before, after = ({o.name: o.support for o in one.operators} for one in (old, new))
    joined = {name: after[name] - count for name, count in before.items()}
    assert joined == {"in_container": 1, "holding_off_surface": 1}
    for name, count in joined.items():
        assert not count or f"  {name}: {count} more, now {after[name]}" in printed
    assert "skipped, learned from before: episode_000001, episode_000002" in printed
    assert kept_versions(library) == [old.version]
    assert new.version > old.version
    assert not compare_libraries(old, new).setting
    assert new.lineage.items() >= old.lineage.items()
    assert {"grown/1/sha256/episode_000000", "grown/1/segment/method"} <= new.lineage.keys()


def test_where_things_were_seen_to_end_is_widened(library):
    ends = {k: len(v) for s in load_library(library).skills for k, v in s.end_poses.items()}
    supports = {o.name: o.support for o in load_library(library).operators}
    assert grow(library) == 0
    new = load_library(library)
    for skill in new.skills:
        for operator in skill.operators:
            if operator.name in ends:
                more = operator.support - supports[operator.name]
                assert len(skill.end_poses[operator.name]) == ends[operator.name] + more


def test_growing_twice_by_the_same_is_refused(library, capsys):
    assert grow(library) == 0
    grown = load_library(library)
    assert grow(library) == 1
    assert "was learned from all of" in capsys.readouterr().err
    assert load_library(library).version == grown.version


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["--out", "elsewhere"],
            "--grow puts the grown library in its own place",
        ),
        (["--min-support", "0"], "--min-support must be at least 1; found 0"),
    ],
)
def test_wrong_flags_are_refused(flags, message, library, capsys):
    assert grow(library, *flags) == 1
    assert message in capsys.readouterr().err


def test_a_folder_that_is_no_library_cannot_grow(tmp_path, capsys):
    assert grow(tmp_path) == 1
    assert "is no skill library" in capsys.readouterr().err


def test_a_library_of_another_arm_cannot_grow(library, capsys):
    file = library / "library.toml"
    file.write_text(file.read_text().replace('arm = "ur5e"', 'arm = "panda"'))
    assert grow(library) == 1
    assert "its own arm: it has panda, they have ur5e" in capsys.readouterr().err
