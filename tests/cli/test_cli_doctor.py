import os

import pytest

from robot_skills.cli import checks, doctor
from robot_skills.cli.checks import Finding, Status
from robot_skills.core.errors import RobotSkillsError

GOOD = {"opencv-python": "4.12.0", "mujoco": "3.9.0", "robosuite": "1.5.1", "numpy": "2.4.6"}


def statuses(versions):
    return {finding.subject: finding.status for finding in checks.check_versions(versions)}


def test_the_tried_versions_are_ok():
    assert set(statuses(GOOD).values()) == {Status.OK}


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        ({"opencv-python-headless": "4.12.0"}, "OpenCV"),
        ({"mujoco": "3.10.0"}, "mujoco"),
        ({"robosuite": "1.5.2"}, "robosuite"),
        ({"numpy": "1.26.4"}, "numpy"),
    ],
)
def test_clashing_versions_fail_and_say_what_to_install(change, subject):
    wrong = [f for f in checks.check_versions(GOOD | change) if f.status is Status.FAIL]
    assert [finding.subject for finding in wrong] == [subject]
    assert "install" in wrong[0].remedy


def test_two_opencv_builds_are_both_named():
    found = next(checks.check_versions(GOOD | {"opencv-python-headless": "4.12.0"}))
    assert "uninstall -y opencv-python opencv-python-headless" in found.remedy


@pytest.mark.parametrize(
    ("version", "status"),
    [((3, 10), Status.FAIL), ((3, 11), Status.OK), ((3, 12), Status.OK), ((3, 13), Status.FAIL)],
)
def test_python_must_be_one_that_was_tried(version, status):
    assert checks.check_python(version).status is status


def test_a_back_end_that_fails_gives_its_last_words_and_the_package(monkeypatch):
    monkeypatch.setattr(checks, "RENDER_ONE_FRAME", "raise ImportError('no libOSMesa')")
    found = checks.check_back_end("osmesa")
    assert found.status is Status.WARN
    assert found.found == "ImportError: no libOSMesa"
    assert "libosmesa6" in found.remedy


def test_without_any_back_end_the_demo_goes_on_without_pictures(monkeypatch):
    monkeypatch.setattr(checks, "check_back_end", lambda name: Finding(name, Status.WARN, "none"))
    found = list(checks.check_rendering())
    assert Status.FAIL not in {finding.status for finding in found}
    assert "without pictures" in found[-1].found
    assert "apt-get install" in found[-1].remedy


def test_one_back_end_that_works_is_enough(monkeypatch):
    def egl_only(name):
        return Finding(name, Status.OK if name == "egl" else Status.WARN, "x", "install it")

    monkeypatch.setattr(checks, "check_back_end", egl_only)
    found = {finding.subject: finding for finding in checks.check_rendering()}
    assert {finding.status for finding in found.values()} == {Status.OK}
    assert found["osmesa"].remedy == ""


def test_a_module_that_cannot_be_imported_fails_with_its_reason():
    found = checks.check_import("no_such_module", "install it")
    assert (found.status, found.remedy) == (Status.FAIL, "install it")
    assert "no_such_module" in found.found


def test_device_files_are_listed_and_closed_ones_warned_of(tmp_path, monkeypatch):
    port = tmp_path / "ttyUSB0"
    port.touch()
    assert checks.check_devices("serial ports", [port], "dialout").found == str(port)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    closed = checks.check_devices("serial ports", [port], "dialout")
    assert closed.status is Status.WARN
    assert "usermod -aG dialout" in closed.remedy


def test_a_full_disk_fails(tmp_path, monkeypatch):
    assert checks.check_disk(tmp_path).status is Status.OK
    monkeypatch.setattr(checks, "DEMO_SPACE_GB", 1e9)
    assert checks.check_disk(tmp_path).status is Status.FAIL


def test_the_doctor_prints_a_table_and_ends_well(monkeypatch, capsys):
    found = [Finding("disk", Status.OK, "9 GB free"), Finding("GPU", Status.WARN, "old", "renew")]
    monkeypatch.setattr(doctor, "every_check", lambda folder: iter(found))
    doctor.Doctor().run()
    shown = capsys.readouterr().out
    assert "9 GB free" in shown
    assert "renew" in shown


def test_the_doctor_fails_only_for_what_stops_the_demo(monkeypatch, capsys):
    found = [Finding("disk", Status.FAIL, "0 GB free"), Finding("GPU", Status.WARN, "old")]
    monkeypatch.setattr(doctor, "every_check", lambda folder: iter(found))
    with pytest.raises(RobotSkillsError, match=r"until this is mended: disk$"):
        doctor.Doctor().run()


def test_a_gpu_without_what_trains_on_it_is_said(monkeypatch):
    monkeypatch.setattr(checks.shutil, "which", lambda _name: "/usr/bin/nvidia-smi")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda: "Some GPU")
    monkeypatch.setattr(checks, "missing_modules", lambda: ["mujoco_warp"])
    found = checks.check_gpu()
    assert (found.status, found.found) == (Status.WARN, "Some GPU, but no mujoco_warp")
    assert "[gpu]" in found.remedy
    monkeypatch.setattr(checks, "missing_modules", list)
    assert checks.check_gpu() == Finding("GPU", Status.OK, "Some GPU")
