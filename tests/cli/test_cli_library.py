"""The commands of robot-skills library, as a user types them."""

import json
import struct
import zlib

import pytest
from library_skills import PNG, better, small_library, with_skill

from robot_skills import cli
from robot_skills.cli.deploy import Deploy
from robot_skills.core.errors import InputError
from robot_skills.core.skill import Handoff
from robot_skills.storage.libraries import library_sha256, load_library, save_library


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A library with one older version, in a folder of its own that is the present one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    measured = with_skill(small_library(), "pick", measured={"success": 0.95, "episodes": 40.0})
    save_library(tmp_path / "runs/blocks", small_library(), pictures={"pick": PNG})
    return save_library(tmp_path / "runs/blocks", measured, replace=True)


@pytest.fixture
def type_in(capsys):
    def type_in(*words):
        status = cli.main(["library", *words])
        shown = capsys.readouterr()
        return shown.out if status == 0 else shown.err

    return type_in


def results_file(file, library, successes, robot="simulation", seed=0):
    rows = [
        {"task": "tower", "seen": True, "seed": seed + n, "success": n < successes}
        | {"goal": "", "goal_facts": 0, "goal_facts_held": 0, "robot_time_s": 1.0}
        | {"control_steps": 20, "skills": {}}
        for n in range(max(successes, 1))
    ]
    settings = {"robot": robot, "library_sha256": library_sha256(library)}
    file.write_text(json.dumps({"format": 1, "episodes": rows, "settings": settings}))
    return str(file)


def test_libraries_are_listed_and_of_one_its_versions(library, type_in):
    shown = type_in("list")
    assert [line.split()[:3] for line in shown.splitlines()[1:]] == [
        ["runs/blocks", "0.1.1", "blocks"]
    ]
    assert "runs/blocks/versions/0.1.0" in type_in("list", "runs/blocks")
    (found,) = json.loads(type_in("list", "--json"))
    assert (found["skills"], found["standing"]) == (3, "candidate")


def test_a_damaged_library_is_listed_with_what_is_wrong(library, type_in):
    (library / "skills/pick/skill.toml").unlink()
    assert "the library lacks runs/blocks/skills/pick/skill.toml" in type_in("list")


def test_a_library_is_shown_with_its_skills(library, type_in):
    shown = type_in("show", "runs/blocks")
    assert "runs/blocks 0.1.1: task blocks, arm ur5e, 20 Hz" in shown
    assert "standing: candidate" in shown
    assert "kept versions: 0.1.0" in shown
    assert "stow: clear(?x) gripper_empty() in(?x, ?y)" in shown


def test_a_card_tells_what_was_measured_and_where_the_picture_is(library, type_in):
    shown = type_in("show", "runs/blocks", "pick")
    assert "| success | 0.95 |" in shown
    assert "brings about: `holding(?x)`" in shown
    assert "picture: runs/blocks/skills/pick/card.png" in shown
    assert "picture: none" in type_in("show", "runs/blocks", "open")
    found = json.loads(type_in("show", "runs/blocks", "pick", "--json"))
    assert found["skills"][0]["measured"] == {"success": 0.95, "episodes": 40.0}


def picture():
    """A red pixel."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0\xff\0\0")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def test_a_page_holds_every_card_and_nothing_that_runs(library, type_in, tmp_path):
    odd = with_skill(small_library(), "pick", description="<script>alert(1)</script>")
    save_library(library, odd, replace=True, pictures={"pick": picture()})
    assert type_in("show", "runs/blocks", "--html", "page.html") == "page.html written\n"
    page = (tmp_path / "page.html").read_text()
    assert page.count("class='skill'") == 3
    assert page.count("data:image/png;base64,iVBOR") == 1
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("flags", "skills"),
    [
        (["--goal", "in(x, drawer)"], ["stow"]),
        (["--goal", "in(red, drawer) open(drawer)"], ["stow", "open"]),
        (["--start", "closed(drawer) gripper_empty()"], ["open"]),
        (["--text", "moves"], ["pick", "stow", "open"]),
        (["--text", "moves", "--goal", "holding(x)"], ["pick"]),
        (["--goal", "holding(x)", "--start", "closed(drawer) gripper_empty()"], []),
    ],
)
def test_a_search_finds_what_fits_every_question(library, type_in, flags, skills):
    found = json.loads(type_in("search", "runs/blocks", *flags, "--json"))
    assert [one["skill"] for one in found] == skills


def test_a_search_binds_what_was_asked_for(library, type_in):
    shown = type_in("search", "--goal", "in(x, drawer)")
    assert "stow(x, drawer)" in shown
    assert "open(drawer)" in shown


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_search_breaks_no_fact_however_narrow_the_terminal(
    library, type_in, monkeypatch, columns
):
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = type_in("search", "runs/blocks", "--goal", "in(x, drawer)")
    assert max(map(len, shown.splitlines())) <= columns
    needs = ["holding(x)", "open(drawer)"]
    words = [*needs, "clear(x)", "gripper_empty()", "in(x, drawer)", "not measured"]
    assert all(any(word in line for line in shown.splitlines()) for word in words)
    if columns == 40:
        assert shown.splitlines()[:4] == [
            "stow: stow(x, drawer)",
            "  needs         holding(x) open(drawer)",
            "  brings about  clear(x) gripper_empty()",
            "                in(x, drawer)",
        ]


def test_a_search_in_vain_says_what_the_nearest_lack(library, type_in):
    shown = type_in("search", "--start", "closed(drawer)")
    assert shown.splitlines()[:2] == ["nothing fits", "  runs/blocks: open lacks gripper_empty()"]


def test_a_diff_is_with_the_version_before_or_another_library(library, type_in, tmp_path):
    shown = type_in("diff", "runs/blocks")
    assert "0.1.0 -> runs/blocks 0.1.1: patch (operators are the same)" in shown
    assert "measured success: none -> 0.95" in shown
    save_library(tmp_path / "other", better(small_library(arm="panda")))
    found = json.loads(type_in("diff", "runs/blocks", "other", "--json"))
    assert (found["change"], found["setting"]) == ("major", ["arm: ur5e -> panda"])


def test_a_rollback_goes_back_and_forward(library, type_in):
    assert type_in("rollback", "runs/blocks") == (
        "runs/blocks is 0.1.0 again, candidate; 0.1.1 is kept\n"
    )
    assert load_library(library).version == "0.1.0"
    assert "is 0.1.1 again" in type_in("rollback", "runs/blocks", "--to", "0.1.1")


def test_a_real_arm_takes_a_library_only_after_both_steps(library, type_in, tmp_path):
    on_arm = Deploy(goal="open(drawer)", library=library, host="192.0.2.1", arm="ur5e")
    with pytest.raises(InputError, match=r"is allowed on hardware; .*candidate"):
        on_arm.deploy()
    simulated = results_file(tmp_path / "run.json", library, 50)
    assert "verified in simulation: 100% [93%, 100%] of 50 episodes" in type_in(
        "promote", "runs/blocks", "--results", simulated
    )
    with pytest.raises(InputError, match="verified in simulation"):
        on_arm.deploy()
    twin = results_file(tmp_path / "twin.json", library, 4, "twin ur5e, gap 1")
    assert "--by NAME" in type_in("promote", "runs/blocks", "--results", twin)
    promoted = type_in("promote", "runs/blocks", "--results", twin, "--by", "Ada")
    assert "is allowed on hardware" in promoted
    shown = type_in("show", "runs/blocks")
    assert "at least 50%, allowed by Ada" in shown
    assert "is allowed on hardware already" in type_in("promote", "runs/blocks")


def test_too_little_success_is_no_evidence(library, type_in, tmp_path):
    file = results_file(tmp_path / "run.json", library, 10)
    shown = type_in("promote", "runs/blocks", "--results", file)
    assert "its lower end must reach 80.0%: at this rate 16 episodes would do" in shown
    assert "verified" in type_in("promote", "runs/blocks", "--results", file, "--least", "0.7")


def test_what_is_exported_can_be_imported(library, type_in, tmp_path):
    shown = type_in("export", "runs/blocks", "blocks.zip")
    sha256 = shown.split()[-1]
    shown = type_in("import", "blocks.zip", "theirs", "--sha256", sha256)
    assert "theirs 0.1.1: blocks, ur5e; skills: pick, stow, open" in shown
    assert f"origin: blocks.zip (version 0.1.1, sha256 {sha256[:12]})" in type_in("show", "theirs")
    assert "exists already" in type_in("import", "blocks.zip", "theirs")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lst"], "no command of library 'lst'; did you mean 'list'?"),
        (["show", "runs/blocks", "--htm", "x"], "library show: no flag '--htm'; did you mean"),
        (["show", "runs/blocks", "pik"], "no skill 'pik'; did you mean 'pick'?"),
        (
            ["show", "runs/block"],
            "runs/block is no skill library (no such folder; did you mean runs/blocks?)",
        ),
        (["show", "runs"], "runs is no skill library (no library.toml)"),
        (["list", "absent"], "no folder absent"),
        (["list", "empty"], "no library below empty"),
        (["search"], "search takes --goal, --start or --text"),
        (["search", "--goal", "in(x, drawr)"], "did you mean 'drawer'?"),
        (["diff", "runs/blocks/versions/0.1.0"], "keeps no earlier version"),
        (["rollback", "runs/blocks", "--to", "0.1.7"], "'0.1.7'"),
        (["promote", "runs/blocks"], "takes --results"),
        (["promote", "runs/blocks", "--results", "absent.json"], "no results file absent.json"),
        (["promote", "runs/blocks", "--results", "pairs.json"], "holds pairs of run --disturb"),
        (["import", "absent.zip", "here"], "no file absent.zip"),
        (["import", "runs/blocks/library.toml", "here"], "damaged, or no exported library"),
        (["export", "runs", "x.zip"], "runs is no skill library"),
    ],
)
def test_a_mistake_is_answered_in_one_line(library, type_in, tmp_path, words, message):
    (tmp_path / "empty").mkdir()
    (tmp_path / "pairs.json").write_text('{"format": 1, "pairs": []}')
    shown = type_in(*words)
    assert message in shown
    assert shown.startswith("robot-skills: ")
    assert shown.count("\n") == 1


def test_hand_offs_stand_on_the_cards_they_belong_to(library, type_in, tmp_path):
    handoffs = (Handoff("pick", "stow", 0.71, 17, 24, 0.5), Handoff("", "open", 0.99, 30, 30))
    save_library(library, small_library(handoffs=handoffs), replace=True)
    assert "pick -> stow: 71%, 17 of 24 trials" in type_in("show", "runs/blocks")
    assert "- pick -> stow: 71%" in type_in("show", "runs/blocks", "pick")
    shown = type_in("show", "runs/blocks", "open")
    assert "- the start -> open: 99%" in shown
    assert "stow" not in shown
    type_in("show", "runs/blocks", "--html", "page.html")
    assert "pick -&gt; stow" in (tmp_path / "page.html").read_text()
