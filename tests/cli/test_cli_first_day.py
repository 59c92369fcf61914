"""A first day at --host, with a twin where the arm would be: check, shadow, slow, fast."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from deployable import CALM, CALM_FLAGS, PATIENT, untrained_library
from on_a_pty import run_on_terminal
from twin_robots import free_address

from robot_skills import paths
from robot_skills.cli.deploy import Deploy
from robot_skills.cli.teleoperate import Teleoperate
from robot_skills.core.arm import load_arm
from robot_skills.core.errors import InputError
from robot_skills.deploy.bringup import check
from robot_skills.deploy.calibration import (
    calibration_of,
    load_calibration,
    save_calibration,
)
from robot_skills.deploy.done_runs import add_run, load_runs, runs_file
from robot_skills.deploy.driver import ArmInfo
from robot_skills.deploy.twins.process import TwinProcess
from robot_skills.deploy.twins.settings import TwinSettings
from robot_skills.storage.episodes import load_demonstrations
from robot_skills.storage.libraries import library_sha256
from robot_skills.storage.library_standing import Evidence, promote

pytestmark = pytest.mark.real_time

ARM = load_arm(paths.find("assets/arms", "ur5e"))
EVIDENCE = Evidence(0.9, 0.8, 0.95, 50, 0.8, "simulation", ("tower",), (0,), "Ada", "2030", {})
GOAL = "open(drawer)"


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinProcess]:
    with TwinProcess(TwinSettings(free_address(), task="blocks", goal=GOAL, gap=0.0)) as started:
        yield started


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Allowed on hardware, on evidence that a test made up."""
    folder = untrained_library(tmp_path_factory.mktemp("library") / "untrained")
    results = folder.parent / "r.json"
    results.write_text("{}")
    promote(folder, EVIDENCE, [results])
    promote(folder, EVIDENCE, [results])
    return folder


@pytest.fixture
def calibration(tmp_path: Path) -> Path:
    """As a check of the twin would write it."""
    info = ArmInfo(ARM.name, ARM.joints, 125.0, True, serial="0", firmware="5.15")
    save_calibration(tmp_path / "c.toml", calibration_of(ARM, info, "Ada", "2030-01-01"))
    return tmp_path / "c.toml"


@pytest.fixture
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        yield


def deploy(twin: TwinProcess, library: Path, calibration: Path, **flags: object) -> Deploy:
    given = {"host": twin.host, "arm": "ur5e", "goal": GOAL, "env": "blocks", **CALM}
    return Deploy(**{**given, "library": library, "calibration": str(calibration), **flags})


def excursion(twin: TwinProcess) -> float:
    return max(twin.stats()["largest_joint_excursion_rad"])


def test_shadow_shows_what_is_wanted_and_the_arm_never_moves(
    twin: TwinProcess, library: Path, calibration: Path, tmp_path: Path, capsys
) -> None:
    before = excursion(twin)
    out = tmp_path / "s.json"
    deploy(twin, library, calibration, shadow=True, shadow_s=2.0, out=out).run()
    assert excursion(twin) == before == 0.0
    assert twin.stats()["last_motion_s"] == 0.0
    shown = capsys.readouterr().out
    assert "open(drawer): " in shown
    assert "the arm itself moved by 0.0000 rad" in shown
    assert '"control_steps"' in out.read_text()


def test_without_a_terminal_a_check_moves_nothing_and_says_so(
    twin: TwinProcess, calibration: Path, capsys, no_terminal
) -> None:
    before, date = excursion(twin), calibration.stat().st_mtime_ns
    deploy(twin, Path(), calibration, check=True).run()
    assert excursion(twin) == before
    assert calibration.stat().st_mtime_ns == date
    shown = capsys.readouterr().out
    assert "no terminal to answer at: joints and gripper were not moved" in shown
    assert "[5/7] perception" in shown
    assert "[6/7]" not in shown


def test_no_arm_moves_without_its_calibration(twin: TwinProcess, library: Path, tmp_path) -> None:
    with pytest.raises(InputError, match=r"no calibration: .*deploy --check makes one"):
        deploy(twin, library, tmp_path / "none.toml").run()
    with pytest.raises(InputError, match=r"no calibration: .*deploy --check makes one"):
        Teleoperate(host=twin.host, arm="ur5e", calibration=str(tmp_path / "none.toml")).run()


def test_another_arm_than_the_calibrated_one_is_refused(
    twin: TwinProcess, library: Path, calibration: Path
) -> None:
    before = excursion(twin)
    other = replace(load_calibration(calibration), serial="20235501")
    save_calibration(calibration, other)
    slow = replace(PATIENT, speed_max_rad_s=0.3)
    with pytest.raises(InputError, match="of serial '20235501'; this arm is '0'"):
        deploy(twin, library, calibration, safety=slow).run()
    assert excursion(twin) == before


def test_full_speed_is_refused_before_a_slow_run_succeeded(
    twin: TwinProcess, library: Path, calibration: Path
) -> None:
    with pytest.raises(InputError, match=r"no slow run of .* --config first_day first"):
        deploy(twin, library, calibration).run()
    with pytest.raises(SystemExit):  # the untrained skill opens nothing
        deploy(twin, library, calibration, safety=replace(PATIENT, speed_max_rad_s=0.3)).run()
    (kept,) = load_runs(runs_file(calibration))
    found = load_calibration(calibration).id
    assert (kept.calibration, kept.library) == (found, library_sha256(library))
    assert (kept.goal, kept.speed_max_rad_s, kept.success) == (GOAL, 0.3, False)
    with pytest.raises(InputError, match="no slow run"):
        deploy(twin, library, calibration).run()
    add_run(runs_file(calibration), replace(kept, success=True))
    allowed = deploy(twin, library, calibration).clearance()
    allowed.check_speed(load_calibration(calibration), 1.0)
    assert allowed.is_first_fast_run(load_calibration(calibration), 1.0)
    assert not allowed.is_first_fast_run(load_calibration(calibration), 0.3)
    add_run(runs_file(calibration), replace(kept, success=True, speed_max_rad_s=1.0))
    assert not allowed.is_first_fast_run(load_calibration(calibration), 1.0)


def test_a_dry_run_is_on_the_twin_of_the_same_arm_task_and_calibration(
    twin: TwinProcess, library: Path, calibration: Path
) -> None:
    dry = deploy(twin, library, calibration, dry_run=True)
    target = dry.target()
    assert (target.twin, target.host, target.task_name) == ("ur5e", "", "blocks")
    save_calibration(calibration, replace(load_calibration(calibration), profile="0"))
    with pytest.raises(InputError, match=r"profile.toml has changed since"):
        dry.run()


def test_a_technician_checks_an_arm_and_it_has_a_calibration(
    twin: TwinProcess, tmp_path: Path
) -> None:
    file = tmp_path / "new.toml"
    answered = 0

    def typist(shown: str) -> str:
        nonlocal answered
        asked = shown.count("[y/n")
        typed, answered = ("y" * (asked - answered)), asked
        return typed

    words = ["deploy", "--check", "--host", twin.host, "--arm", "ur5e", "--env", "blocks"]
    status, shown = run_on_terminal([*words, "--calibration", str(file), *CALM_FLAGS], typist)
    assert status == 0, shown
    assert answered == 8  # the start, six joints, the fingers
    made = load_calibration(file)
    made.check(ARM, ArmInfo(ARM.name, ARM.joints, 125.0, True, serial="0"))
    assert made.by == "a person at the terminal"
    assert f"calibration {made.id} written" in shown


def test_the_stop_key_brings_a_run_to_rest(
    twin: TwinProcess, library: Path, calibration: Path
) -> None:
    words = ["deploy", "--host", twin.host, "--arm", "ur5e", "--goal", GOAL]
    words += ["--library", str(library), "--calibration", str(calibration)]
    words += ["--safety.speed-max-rad-s", "0.3", *CALM_FLAGS]
    status, shown = run_on_terminal(words, lambda shown: "q" if "> open(drawer)" in shown else "")
    assert status == 1
    assert "rad to its limit" in shown
    assert "stopped at the keyboard; type the command again" in shown
    assert not runs_file(calibration).exists()
    log = twin.stats()
    assert log["last_motion_s"] < twin.stats()["robot_time_s"]
    assert log["protective_stops"] == 0


def test_a_person_drives_the_arm_and_keeps_an_episode(
    twin: TwinProcess, calibration: Path, tmp_path: Path
) -> None:
    keys = iter(["r", "r", " ", "", "", "", "", "", "", "", "", "\n"])
    words = ["teleoperate", "--host", twin.host, "--arm", "ur5e", "--env", "blocks"]
    words += ["--calibration", str(calibration), "--out", str(tmp_path / "e"), *CALM_FLAGS]
    steps = 0

    def typist(shown: str) -> str:
        nonlocal steps
        now = shown.count("step 5 mm")
        typed = next(keys, "") if now > steps else ""
        steps = now
        return typed

    status, shown = run_on_terminal(words, typist)
    assert status == 0, shown
    (kept,) = load_demonstrations(tmp_path / "e")
    assert kept.provenance["robot"] == "serial 0"
    wanted = kept.values("action/ee_pose")[:, 2]
    assert wanted[-1] - wanted[0] == pytest.approx(0.01, abs=1e-6)
    assert np.ptp(kept.values("ee_pose")[:, 2]) > 0.002
    assert {"object_pose/red", "fixture/drawer"} <= kept.channels.keys()


def test_teleoperation_needs_a_terminal(no_terminal) -> None:
    with pytest.raises(InputError, match="the keyboard needs a terminal"):
        Teleoperate(twin="ur5e").run()


def test_a_check_of_a_twin_writes_no_calibration_that_a_real_arm_could_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "c.toml"
    monkeypatch.setattr(check, "steps_with_motion", lambda *_: [])  # what moves is tested above
    Deploy(twin="ur5e", check=True, yes=True, calibration=str(file), **CALM).run()
    assert "none was written" in capsys.readouterr().out
    assert not file.exists()
