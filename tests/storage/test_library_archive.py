import hashlib
import json
import re
import stat
import zipfile

import numpy as np
import pytest
from library_skills import PNG, better, small_library, with_skill
from safetensors.numpy import save

from robot_skills.core.errors import InputError
from robot_skills.storage import library_archive
from robot_skills.storage.kept_versions import kept_versions
from robot_skills.storage.libraries import library_sha256, load_library, save_library
from robot_skills.storage.library_archive import export_library, import_library, read_archive
from robot_skills.storage.library_standing import Standing, load_record


@pytest.fixture
def library(tmp_path):
    return save_library(tmp_path / "l", small_library(), pictures={"pick": PNG})


@pytest.fixture
def exported(library, tmp_path):
    return export_library(library, tmp_path / "l.zip")


def written(file, content, change=lambda entry: None):
    """A ZIP of that content, its entries changed by `change`."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in content:
            entry = zipfile.ZipInfo(name)
            change(entry)
            archive.writestr(entry, data)
    return file


def repacked(exported, file, changes, promised=True):
    """An export with some files replaced or, for None, left out; hashes made to fit."""
    content = {**read_archive(exported), **changes}
    content = {name: data for name, data in content.items() if data is not None}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    kept = hashes if promised else {name: hashes[name] for name in read_archive(exported)}
    manifest = json.dumps({"format": 1, "files": kept}).encode()
    return written(file, [("manifest.json", manifest), *content.items()])


def test_what_is_imported_is_what_was_exported_as_a_candidate_with_its_origin(
    library, exported, tmp_path
):
    import_library(exported, tmp_path / "copy")
    assert library_sha256(tmp_path / "copy") == library_sha256(library)
    assert (tmp_path / "copy/skills/pick/card.png").read_bytes() == PNG
    record = load_record(tmp_path / "copy")
    assert record.standing is Standing.CANDIDATE
    assert record.origin == {
        "file": "l.zip",
        "sha256": hashlib.sha256(exported.read_bytes()).hexdigest(),
        "version": "0.1.0",
    }


def test_the_same_library_gives_the_same_file(library, exported, tmp_path):
    again = save_library(tmp_path / "again", small_library(), pictures={"pick": PNG})
    assert export_library(again, tmp_path / "2.zip").read_bytes() == exported.read_bytes()


def test_older_versions_and_evidence_stay_behind(library, tmp_path):
    save_library(library, better(small_library()), replace=True)
    (library / "notes.txt").write_text("mine")
    names = read_archive(export_library(library, tmp_path / "new.zip"))
    assert {name.split("/")[0] for name in names} == {"library.toml", "skills"}


def test_an_import_over_an_older_library_keeps_that(library, exported, tmp_path):
    mine = save_library(tmp_path / "mine", better(small_library()))
    with pytest.raises(InputError, match="exists already"):
        import_library(exported, mine)
    assert import_library(exported, mine, replace=True).version == "0.1.1"
    assert kept_versions(mine) == ["0.1.0"]
    assert load_record(mine).origin["version"] == "0.1.0"


def test_an_export_never_overwrites(library, exported):
    with pytest.raises(InputError, match="exists already"):
        export_library(library, exported)


def test_another_file_than_was_promised_is_refused(exported, tmp_path):
    told = hashlib.sha256(exported.read_bytes()).hexdigest()
    import_library(exported, tmp_path / "right", sha256=told.upper())
    with pytest.raises(InputError, match="has the SHA-256"):
        import_library(exported, tmp_path / "wrong", sha256="0" * 64)
    assert not (tmp_path / "wrong").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"skills/pick/policy.safetensors": None}, "lacks skills/pick/policy.safetensors"),
        ({"skills/pick/card.md": b"other"}, "pick/card.md is not the file that was saved"),
        ({"skills/pick/card.png": b"#!/bin/sh"}, "card.png is no PNG picture"),
        ({"library.toml": None}, "no skill library"),
        ({"library.toml": b"format = 9"}, "format must be 1; found 9"),
        ({"library.toml": b"a = " + b"[" * 9999}, r"x\.zip: "),
        ({"skills/pick/run.py": b"import os"}, "'skills/pick/run.py', which is no file of"),
        ({"setup.py": b""}, "'setup.py', which is no file of"),
        ({"skills/pick/model.pkl": b""}, "model.pkl', which is no file of"),
        ({"../library.toml": b""}, "'../library.toml', which is no file of"),
        ({"/etc/passwd": b""}, "'/etc/passwd', which is no file of"),
        ({"skills/../../card.md": b""}, "which is no file of"),
        ({"skills/..\\card.md": b""}, "which is no file of"),
        ({"skills/pick/card.md/card.md": b""}, "which is no file of"),
        ({"skills/pick\n/card.md": b""}, "which is no file of"),
    ],
)
def test_a_file_made_to_deceive_is_refused_and_leaves_nothing(exported, tmp_path, changes, message):
    file = repacked(exported, tmp_path / "x.zip", changes)
    with pytest.raises(InputError, match=message):
        import_library(file, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert not list(tmp_path.glob("*.partial"))


def test_a_file_beside_the_manifest_is_refused(exported, tmp_path):
    more = {"skills/extra/card.md": b"hello"}
    file = repacked(exported, tmp_path / "x.zip", more, promised=False)
    with pytest.raises(InputError, match=r"extra/card\.md, of which its manifest does not tell"):
        import_library(file, tmp_path / "copy")


def test_a_changed_byte_is_refused_wherever_it_is(exported, tmp_path):
    whole = exported.read_bytes()
    for place in range(0, len(whole), 97):
        damaged = bytearray(whole)
        damaged[place] ^= 0x20
        (tmp_path / "x.zip").write_bytes(damaged)
        try:
            content = read_archive(tmp_path / "x.zip")
        except InputError:
            continue
        assert content == read_archive(exported)  # a byte of the ZIP's own clock or system


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: setattr(e, "compress_type", zipfile.ZIP_DEFLATED), "compressed or encrypted"),
        (
            lambda e: setattr(e, "external_attr", (stat.S_IFLNK | 0o777) << 16),
            "a link or a device",
        ),
    ],
)
def test_what_is_no_plain_file_is_refused(exported, tmp_path, change, message):
    content = read_archive(exported)
    manifest = json.dumps({"format": 1, "files": {}})
    file = written(tmp_path / "x.zip", [("manifest.json", manifest), *content.items()], change)
    with pytest.raises(InputError, match=message):
        import_library(file, tmp_path / "copy")


def test_a_file_twice_is_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        file = written(tmp_path / "x.zip", [("library.toml", b"")] * 2)
    with pytest.raises(InputError, match=r"holds library\.toml twice"):
        import_library(file, tmp_path / "copy")


def test_what_is_too_large_is_refused_before_it_is_read(exported, tmp_path, monkeypatch):
    monkeypatch.setitem(library_archive.LARGEST_BYTES, ".safetensors", 100)
    with pytest.raises(InputError, match="bytes; at most 100 may be"):
        import_library(exported, tmp_path / "copy")
    monkeypatch.undo()
    monkeypatch.setattr(library_archive, "LARGEST_TOTAL_BYTES", 1000)
    with pytest.raises(InputError, match="at most 1000 may be"):
        import_library(exported, tmp_path / "copy")
    monkeypatch.setattr(library_archive, "MOST_FILES", 3)
    with pytest.raises(InputError, match="at most 3"):
        import_library(exported, tmp_path / "copy")


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all" * 100])
def test_another_kind_of_file_is_refused(tmp_path, content):
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(InputError, match="damaged, or no exported library"):
        import_library(tmp_path / "x.zip", tmp_path / "copy")


@pytest.mark.parametrize("name", ["absent.zip", "."])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(InputError, match=re.escape(f"no file {tmp_path / name}")):
        import_library(tmp_path / name, tmp_path / "copy")


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    bad = with_skill(small_library(), "pick", weights={"bias": np.array([np.nan], np.float32)})
    file = export_library(save_library(tmp_path / "l", bad), tmp_path / "l.zip")
    with pytest.raises(InputError, match="skill pick are no finite numbers"):
        import_library(file, tmp_path / "copy")


def test_poses_of_another_shape_are_refused(library, tmp_path):
    data = library / "skills/pick/data.safetensors"
    old = hashlib.sha256(data.read_bytes()).hexdigest()
    data.write_bytes(save({"start_ee": np.zeros((2, 5))}))
    listing = library / "library.toml"
    new = hashlib.sha256(data.read_bytes()).hexdigest()
    listing.write_text(listing.read_text().replace(old, new))
    with pytest.raises(InputError, match=r"start_ee must be \(N, 3\); found \(2, 5\)"):
        load_library(library)
