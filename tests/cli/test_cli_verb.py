from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import pytest
import tyro

from robot_skills import paths
from robot_skills.cli import UsageError, verb
from robot_skills.core.errors import InputError


@dataclass(frozen=True)
class Cut:
    """How to cut."""

    minimum_s: float = 0.5
    """Shortest segment in s."""


@dataclass(frozen=True)
class Weigh:
    """Weigh things."""

    things: tyro.conf.Positional[tuple[str, ...]] = ()
    """What to weigh."""
    seed: int = 0
    """Seed of everything."""
    view: bool = False
    """Show it."""
    cameras: tuple[str, ...] = ("front",)
    """Cameras."""
    source: Annotated[str, tyro.conf.arg(name="from")] = "here"
    """Where from."""
    cut: Cut = field(default_factory=Cut)

    def run(self) -> None:
        """Weigh."""


@pytest.fixture
def parse(monkeypatch):
    monkeypatch.setattr(verb, "verb_class", lambda name: Weigh)

    def parse(*flags):
        return verb.parse_verb("weigh", list(flags))

    return parse


def toml(folder: Path, text: str) -> str:
    file = folder / "mine.toml"
    file.write_text(text)
    return str(file)


def test_flags_fill_the_fields(parse):
    made = parse("a", "b", "--seed", "3", "--view", "--cut.minimum-s", "0.25")
    assert made == Weigh(("a", "b"), seed=3, view=True, cut=Cut(0.25))


@pytest.mark.parametrize(
    ("flag", "near"),
    [("--sede", "--seed"), ("--no-veiw", "--no-view"), ("--cut.minimun-s=1", "--cut.minimum-s")],
)
def test_an_unknown_flag_is_refused_with_the_near_one(parse, flag, near):
    with pytest.raises(UsageError, match=f"weigh: no flag .* did you mean '{near}'"):
        parse("a", flag)


def test_a_flag_may_be_written_with_underscores(parse):
    assert parse("--cut.minimum_s", "0.25") == Weigh(cut=Cut(0.25))


def test_a_flag_with_a_name_of_its_own_goes_by_that_name(parse, tmp_path):
    assert parse("--from", "there") == Weigh(source="there")
    assert parse("--config", toml(tmp_path, 'from = "there"')) == Weigh(source="there")
    with pytest.raises(UsageError, match="no flag '--source'"):
        parse("--source", "there")


def test_a_value_of_the_wrong_type_ends_with_status_2(parse, capsys):
    with pytest.raises(SystemExit) as ended:
        parse("--seed", "many")
    assert ended.value.code == 2
    assert "--seed" in capsys.readouterr().err


def test_a_configuration_gives_values_of_every_kind(parse, tmp_path):
    text = 'seed = 7\nview = true\ncameras = ["front", "wrist"]\n[cut]\nminimum_s = 0.25\n'
    made = parse("a", "--config", toml(tmp_path, text))
    assert made == Weigh(("a",), 7, True, ("front", "wrist"), cut=Cut(0.25))


def test_flags_win_over_the_configuration_wherever_they_stand(parse, tmp_path):
    file = toml(tmp_path, "seed = 7\nview = true\n")
    assert parse("--seed", "1", "--no-view", f"--config={file}") == Weigh(seed=1)


def test_a_later_configuration_wins_over_an_earlier_one(parse, tmp_path):
    first = toml(tmp_path, "seed = 7\nview = true\n")
    (tmp_path / "second.toml").write_text("seed = 8\n")
    made = parse("--config", first, "--config", str(tmp_path / "second.toml"))
    assert made == Weigh(seed=8, view=True)


def test_a_shipped_configuration_is_found_by_name(parse, tmp_path, monkeypatch):
    (tmp_path / "weigh").mkdir()
    (tmp_path / "weigh" / "quick.toml").write_text("seed = 9\n")
    monkeypatch.setattr(paths, "data_folder", lambda name: tmp_path)
    assert parse("--config", "quick").seed == 9
    with pytest.raises(InputError, match="'quik'; did you mean 'quick'"):
        parse("--config", "quik")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sed = 1", r"mine.toml: no setting 'sed'; did you mean 'seed'"),
        ("[cut]\nminimum = 1", r"no setting 'cut.minimum'; did you mean 'cut.minimum_s'"),
        ("seed = ", r"mine.toml: Invalid value"),
    ],
)
def test_a_wrong_configuration_says_what_is_wrong(parse, tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        parse("--config", toml(tmp_path, text))


def test_a_missing_configuration_file_is_named(parse, tmp_path):
    with pytest.raises(InputError, match=r"no configuration file .*absent\.toml"):
        parse("--config", str(tmp_path / "absent.toml"))
    with pytest.raises(InputError, match="needs the name"):
        parse("--config")


def test_help_tells_of_configurations(parse, capsys):
    with pytest.raises(SystemExit) as ended:
        parse("--help")
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert "configs/weigh/NAME.toml" in shown
    assert "Seed of everything" in shown
