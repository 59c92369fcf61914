from dataclasses import replace

import pytest
from library_skills import better, small_library

from robot_skills.core.errors import InputError
from robot_skills.storage.kept_versions import VERSIONS
from robot_skills.storage.libraries import save_library
from robot_skills.storage.library_rollback import roll_back
from robot_skills.storage.library_standing import (
    Evidence,
    Standing,
    load_record,
    promote,
    save_origin,
)

EVIDENCE = Evidence(0.9, 0.8, 0.95, 50, 0.8, "simulation", ("tower",), (0, 1), "", "2030", {})


@pytest.fixture
def folder(tmp_path):
    return save_library(tmp_path / "l", small_library())


@pytest.fixture
def results(tmp_path):
    (tmp_path / "r.json").write_text("{}")
    return [tmp_path / "r.json"]


def test_a_new_library_is_a_candidate(folder):
    assert load_record(folder).standing is Standing.CANDIDATE


def test_two_steps_lead_to_hardware_and_each_keeps_its_evidence(folder, results):
    assert promote(folder, EVIDENCE, results).standing is Standing.SIMULATION
    promote(folder, replace(EVIDENCE, robot="twin ur5e", by="Ada"), results)
    record = load_record(folder)
    assert record.standing is Standing.HARDWARE
    found = record.evidence[Standing.HARDWARE]
    assert (found.by, found.n, found.low, found.tasks) == ("Ada", 50, 0.8, ("tower",))
    assert (folder / "evidence/simulation_0.json").read_text() == "{}"
    with pytest.raises(InputError, match="allowed on hardware already"):
        promote(folder, EVIDENCE, results)


def test_a_library_that_changed_is_a_candidate_again_and_keeps_what_it_was(folder, results):
    promote(folder, EVIDENCE, results)
    save_library(folder, better(small_library()), replace=True)
    assert load_record(folder).standing is Standing.CANDIDATE
    assert load_record(folder / VERSIONS / "0.1.0").standing is Standing.SIMULATION
    roll_back(folder)
    assert load_record(folder).standing is Standing.SIMULATION


def test_saving_the_same_again_keeps_the_standing(folder, results):
    promote(folder, EVIDENCE, results)
    save_library(folder, small_library(), replace=True)
    assert load_record(folder).standing is Standing.SIMULATION


def test_evidence_that_was_changed_is_refused(folder, results):
    promote(folder, EVIDENCE, results)
    (folder / "evidence/simulation_0.json").write_text("{ }")
    with pytest.raises(InputError, match="not the evidence that was recorded"):
        load_record(folder)


def test_a_standing_without_evidence_is_refused(folder, results):
    promote(folder, EVIDENCE, results)
    file = folder / "standing.toml"
    file.write_text(file.read_text().replace('standing = "simulation"', 'standing = "hardware"'))
    with pytest.raises(InputError, match="hardware needs evidence for hardware"):
        load_record(folder)


def test_the_standing_of_another_library_does_not_count(folder, results, tmp_path):
    promote(folder, EVIDENCE, results)
    other = save_library(tmp_path / "other", better(small_library()))
    (other / "standing.toml").write_bytes((folder / "standing.toml").read_bytes())
    assert load_record(other).standing is Standing.CANDIDATE


def test_an_interrupted_promotion_leaves_the_step_before(folder, results, monkeypatch):
    def dies(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr("robot_skills.storage.library_standing.write_text", dies)
    with pytest.raises(KeyboardInterrupt):
        promote(folder, EVIDENCE, results)
    monkeypatch.undo()
    assert load_record(folder).standing is Standing.CANDIDATE
    assert promote(folder, EVIDENCE, results).standing is Standing.SIMULATION


def test_the_origin_stays_with_what_is_made_from_it_and_not_with_a_new_library(folder):
    save_origin(folder, {"file": "theirs.zip"})
    save_library(folder, better(small_library(lineage={"seed": "0", "refined": "pick"})), True)
    assert load_record(folder).origin == {"file": "theirs.zip"}
    save_library(folder, small_library(lineage={"seed": "7"}), replace=True)
    assert load_record(folder).origin == {}
