from pathlib import Path

import pytest
from library_skills import PNG, better, small_library, with_skill

from robot_skills.core.errors import InputError
from robot_skills.storage import atomic
from robot_skills.storage.kept_versions import kept_versions
from robot_skills.storage.libraries import library_sha256, load_library, save_library
from robot_skills.storage.library_rollback import roll_back


@pytest.fixture
def folder(tmp_path):
    """A library with two older versions."""
    library = small_library()
    for newer in (library, better(library), better(library, "open")):
        save_library(tmp_path / "l", newer, replace=True)
    return tmp_path / "l"


def test_a_replaced_library_is_kept_and_the_new_one_gets_the_next_version(folder):
    assert load_library(folder).version == "0.1.2"
    assert kept_versions(folder) == ["0.1.0", "0.1.1"]
    first, second = (load_library(folder / "versions" / v) for v in kept_versions(folder))
    assert (first.version, second.version) == ("0.1.0", "0.1.1")
    assert first.skill("pick").weights["bias"][0] != second.skill("pick").weights["bias"][0]
    assert not list(folder.glob("versions/*/versions"))


def test_the_same_library_again_is_no_new_version(folder):
    before = library_sha256(folder)
    save_library(folder, better(small_library(), "open"), replace=True)
    assert library_sha256(folder) == before
    assert kept_versions(folder) == ["0.1.0", "0.1.1"]


def test_rolling_back_and_forward_again_loses_nothing(folder):
    newest = library_sha256(folder)
    assert roll_back(folder).version == "0.1.1"
    assert kept_versions(folder) == ["0.1.0", "0.1.2"]
    assert roll_back(folder, "0.1.2").version == "0.1.2"
    assert library_sha256(folder) == newest
    assert kept_versions(folder) == ["0.1.0", "0.1.1"]


def test_a_version_number_is_never_given_twice(folder):
    roll_back(folder, "0.1.0")
    changed = with_skill(load_library(folder), "stow", description="Another way.")
    save_library(folder, changed, replace=True)
    assert load_library(folder).version == "0.1.3"
    assert kept_versions(folder) == ["0.1.0", "0.1.1", "0.1.2"]


def test_pictures_come_back_with_their_version(tmp_path):
    folder = tmp_path / "l"
    save_library(folder, small_library(), pictures={"pick": PNG})
    save_library(folder, better(small_library()), replace=True)
    assert not (folder / "skills/pick/card.png").exists()
    roll_back(folder)
    assert (folder / "skills/pick/card.png").read_bytes() == PNG


@pytest.mark.parametrize(
    ("version", "message"),
    [("0.1.9", "no version kept in .*'0.1.9'.*known: 0.1.0, 0.1.1")],
)
def test_a_version_that_is_not_kept_is_named(folder, version, message):
    with pytest.raises(InputError, match=message):
        roll_back(folder, version)


def test_a_library_without_older_versions_cannot_go_back(tmp_path):
    save_library(tmp_path / "l", small_library())
    with pytest.raises(InputError, match=r"keeps no older version; it is 0\.1\.0"):
        roll_back(tmp_path / "l")


def test_a_damaged_version_is_not_put_in_place(folder):
    damaged = folder / "versions/0.1.1/skills/pick/skill.toml"
    damaged.write_text(damaged.read_text() + "\n")
    with pytest.raises(InputError, match="not the file that was saved"):
        roll_back(folder)
    assert load_library(folder).version == "0.1.2"


def test_a_damaged_library_is_refused_before_the_work_that_replaces_it(folder):
    (folder / "skills/pick/skill.toml").unlink()
    with pytest.raises(InputError, match="cannot be kept as an older version"):
        save_library(folder, small_library(), replace=True)
    assert kept_versions(folder) == ["0.1.0", "0.1.1"]


def test_a_crash_while_replacing_loses_nothing_and_says_where_it_is(folder, monkeypatch):
    rename = Path.rename
    done = []

    def dies(self, target):
        if done:
            raise KeyboardInterrupt
        done.append(target)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", dies)
    monkeypatch.setattr(atomic.shutil, "rmtree", lambda *args, **more: None)  # nobody cleans up
    with pytest.raises(KeyboardInterrupt):
        save_library(folder, better(small_library(), "stow"), replace=True)
    monkeypatch.undo()
    with pytest.raises(InputError, match="cut off while it was being replaced"):
        load_library(folder)
    folder.with_name("l.replaced").rename(folder)
    assert load_library(folder).version == "0.1.2"
    assert load_library(folder.with_name("l.partial")).version == "0.1.3"
