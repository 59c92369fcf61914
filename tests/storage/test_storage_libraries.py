import tomllib
from dataclasses import replace

import numpy as np
import pytest

from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_facts
from robot_skills.core.skill import Operator, Parameter, ReferenceFrame, Skill, SkillLibrary
from robot_skills.storage.libraries import load_library, save_library
from robot_skills.storage.toml_text import format_toml


def toy_skill(name="pick", seed=0):
    random = np.random.default_rng(seed)
    operator = Operator(
        name=f"{name}_up",
        skill=name,
        parameters=(Parameter("?x", "block"), Parameter("?y", "support")),
        preconditions=parse_facts("clear(?x) gripper_empty() on(?x, ?y)"),
        add=parse_facts("holding(?x)"),
        delete=parse_facts("on(?x, ?y) gripper_empty()"),
        support=17,
        success=0.94,
    )
    return Skill(
        name=name,
        operators=(operator, replace(operator, name="again", delete=frozenset())),
        frame=ReferenceFrame("object", "?x"),
        settings={"hidden": 128, "dropout": 0.1, "head": 'one "way"', "scale": (0.5, 2.0)},
        weights={
            "body.0.weight": random.normal(size=(8, 3)).astype(np.float32),
            "body.0.bias": random.normal(size=8).astype(np.float32),
        },
        end_poses={f"{name}_up": random.normal(size=(4, 7)), "again": np.zeros((0, 7))},
        start_ee=random.normal(size=(5, 3)),
        median_steps=43,
        segments=17,
        description="Takes hold of a block.\nFrom above.",
        measured={"end_error_mm": 2.25},
        motions={f"{name}_up": random.normal(size=(4, 16))},
    )


def toy_library():
    skills = (toy_skill("pick"), toy_skill("place", seed=1))
    return SkillLibrary("blocks", "ur5e", 20.0, skills, {"segments": "abc", "seed": "3"})


def assert_same_arrays(found, expected):
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_a_library_read_back_is_what_was_saved(tmp_path):
    saved = toy_library()
    loaded = load_library(save_library(tmp_path / "blocks", saved))
    assert replace(loaded, skills=()) == replace(saved, skills=())
    for found, expected in zip(loaded.skills, saved.skills, strict=True):
        assert_same_arrays(found.weights, expected.weights)
        assert_same_arrays(found.end_poses, expected.end_poses)
        assert_same_arrays(found.motions, expected.motions)
        np.testing.assert_array_equal(found.start_ee, expected.start_ee)
        arrays = {"weights": {}, "end_poses": {}, "start_ee": None, "motions": {}}
        assert replace(found, **arrays) == replace(expected, **arrays)


def test_a_library_from_before_motions_were_kept_loads(tmp_path):
    old = replace(toy_library(), skills=(replace(toy_skill(), motions={}),))
    [skill] = load_library(save_library(tmp_path / "old", old)).skills
    assert skill.motions == {}


def test_the_card_tells_in_what_region_a_thing_may_end(tmp_path):
    skill = toy_skill()
    put = replace(skill.operators[0], name="put", add=parse_facts("in(?x, ?y)"))
    ends = np.tile([0.0, 0, 0.02, 1, 0, 0, 0], (3, 1))
    ends[:, 0], ends[:, 1] = [-0.051, 0.0, 0.062], [0.1, 0.11, 0.14]
    skill = replace(skill, operators=(put, skill.operators[1]), end_poses={"put": ends})
    library = SkillLibrary("blocks", "ur5e", 20.0, (skill,), {})
    card = (save_library(tmp_path / "l", library) / "skills/pick/card.md").read_text()
    region = "x -0.05 to 0.06, y 0.10 to 0.14, z 0.02 to 0.02 m in the frame of `?y`, seen 3 times"
    assert f"- `?x` may end at {region}" in card
    assert card.count("may end at") == 1


def test_saving_twice_gives_the_same_bytes(tmp_path):
    files = [
        {p.name: p.read_bytes() for p in save_library(tmp_path / n, toy_library()).rglob("*.*")}
        for n in ("a", "b")
    ]
    assert files[0] == files[1]


def test_the_card_tells_what_a_skill_needs_and_brings_about(tmp_path):
    card = (save_library(tmp_path / "l", toy_library()) / "skills/pick/card.md").read_text()
    assert "needs: `clear(?x) gripper_empty() on(?x, ?y)`" in card
    assert "brings about: `holding(?x)`" in card
    assert "support 17 segments, success 94%" in card
    assert "ends: nothing" in card


@pytest.mark.parametrize("name", ["skill.toml", "policy.safetensors", "data.safetensors"])
def test_a_changed_file_is_refused(tmp_path, name):
    file = save_library(tmp_path / "l", toy_library()) / "skills" / "pick" / name
    content = bytearray(file.read_bytes())
    content[-2] ^= 1
    file.write_bytes(content)
    with pytest.raises(InputError, match=rf"pick/{name} is not the file that was saved"):
        load_library(tmp_path / "l")


def test_a_missing_file_is_named(tmp_path):
    (save_library(tmp_path / "l", toy_library()) / "skills/place/data.safetensors").unlink()
    with pytest.raises(InputError, match=r"lacks .*place/data\.safetensors"):
        load_library(tmp_path / "l")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("format = 1", "format = 2", r"library\.toml:1: format must be 1; found 2"),
        ('"pick", ', '"../../pick", ', "skill name '../../pick'"),
        ("rate_hz = 20.0", 'rate_hz = "x"', r"library\.toml:5: rate_hz: expected a number"),
        ("rate_hz", "rate", r"no key 'rate'; did you mean 'rate_hz'"),
    ],
)
def test_a_wrong_library_file_is_refused(tmp_path, old, new, message):
    file = save_library(tmp_path / "l", toy_library()) / "library.toml"
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        load_library(tmp_path / "l")


def test_an_existing_library_is_replaced_only_on_request(tmp_path):
    save_library(tmp_path / "l", toy_library())
    newer = replace(toy_library(), version="0.2.0")
    with pytest.raises(InputError, match="exists already"):
        save_library(tmp_path / "l", newer)
    assert load_library(tmp_path / "l").version == "0.1.0"
    save_library(tmp_path / "l", newer, replace=True)
    assert load_library(tmp_path / "l").version == "0.2.0"
    assert [path.name for path in tmp_path.iterdir()] == ["l"]


def test_a_folder_that_is_no_library_is_never_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(InputError, match="exists and is no skill library"):
        save_library(tmp_path, toy_library(), replace=True)
    assert (tmp_path / "thesis.txt").read_text() == "precious"
    with pytest.raises(InputError, match="is no skill library"):
        load_library(tmp_path)


def test_a_library_that_cannot_be_written_leaves_nothing(tmp_path):
    odd = replace(toy_library(), skills=(toy_skill("a/b"),))
    with pytest.raises(InputError, match="skill name 'a/b'"):
        save_library(tmp_path / "l", odd)
    assert list(tmp_path.iterdir()) == []


def test_text_written_as_toml_is_read_back_the_same():
    table = {
        "text": 'quote " backslash \\ line\nend \x7f ü',
        "odd key?": 1.5e-9,
        "truth": True,
        "list": [1, 2.5, "x"],
        "empty": {},
        "outer": {"inner": {"value": float(np.float64(0.1))}, "own": 3},
    }
    assert tomllib.loads(format_toml(table)) == table
    with pytest.raises(TypeError, match="TOML holds no NoneType"):
        format_toml({"x": None})
