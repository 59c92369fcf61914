import os
import signal
import subprocess
import sys
import time

import pytest

from robot_skills import __version__, cli
from robot_skills.core.errors import InputError, NoPlanError


@pytest.fixture
def verb_that(monkeypatch):
    """Make every verb do the work given instead of its own."""

    def make(work):
        monkeypatch.setattr(cli, "_run_verb", lambda name, flags: work())

    return make


def raising(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize("flags", [[], ["--help"], ["-h"], ["help"]])
def test_help_lists_every_verb_with_a_line(flags, capsys):
    assert cli.main(flags) == 0
    shown = capsys.readouterr().out
    for verb, line in cli.VERBS.items():
        assert f"{verb} " in shown
        assert line in shown


def test_version_is_the_package_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"robot-skills {__version__}"


def test_an_unknown_verb_suggests_the_near_one(capsys):
    assert cli.main(["segmnt"]) == 2
    assert "did you mean 'segment'?" in capsys.readouterr().err


def test_a_wrong_flag_ends_with_status_2_and_the_near_one(capsys):
    assert cli.main(["doctor", "--foldr", "x"]) == 2
    assert "did you mean '--folder'?" in capsys.readouterr().err


@pytest.mark.parametrize("error", [InputError("no file x"), NoPlanError("nothing adds on(a, b)")])
def test_errors_meant_for_the_user_are_one_line_and_status_1(error, verb_that, capsys):
    verb_that(raising(error))
    assert cli.main(["plan"]) == 1
    assert capsys.readouterr().err == f"robot-skills: {error}\n"


def test_debug_shows_where_an_error_came_from(verb_that, capsys, monkeypatch):
    monkeypatch.setenv("ROBOT_SKILLS_DEBUG", "1")
    verb_that(raising(InputError("no file x")))
    assert cli.main(["plan"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_file_the_system_refuses_is_named(verb_that, capsys, tmp_path):
    verb_that((tmp_path / "absent").read_text)
    assert cli.main(["plan"]) == 1
    assert f"No such file or directory: {tmp_path / 'absent'}" in capsys.readouterr().err


@pytest.mark.parametrize(("chosen", "used"), [(None, "1"), ("4", "4")])
def test_a_verb_computes_in_one_thread_unless_told_otherwise(chosen, used, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", chosen or "")
    if chosen is None:
        monkeypatch.delenv("OMP_NUM_THREADS")
    with pytest.raises(SystemExit):
        cli.main(["doctor", "--help"])
    assert os.environ["OMP_NUM_THREADS"] == used


def test_ctrl_c_ends_with_130_and_a_word(verb_that, capsys):
    verb_that(raising(KeyboardInterrupt()))
    assert cli.main(["run"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_termination_signal_leaves_through_finally(verb_that):
    left = []

    def work():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        finally:
            left.append(True)

    verb_that(work)
    with pytest.raises(SystemExit) as ended:
        cli.main(["deploy"])
    assert ended.value.code == 143
    assert left == [True]
    assert signal.getsignal(signal.SIGTERM) is not cli._terminate


def test_a_closed_pipe_is_no_traceback():
    talk = "import sys; from robot_skills import cli; "
    talk += "cli._run_verb = lambda name, flags: print('word ' * 100_000); "
    talk += "sys.exit(cli.main(['run']))"
    done = subprocess.run(
        f'{sys.executable} -c "{talk}" | head -c 1; exit ${{PIPESTATUS[0]}}',
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (141, "w", "")


def test_help_imports_nothing_heavy():
    ask = "import sys; from robot_skills.cli import main; main(['--help']); "
    ask += "print(sorted({'numpy', 'torch', 'mujoco', 'tyro', 'rich'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("verb", cli.VERBS)
def test_a_verbs_help_is_typed_and_light(verb):
    ask = "import atexit, sys; from robot_skills.cli import main; "
    ask += "heavy = {'torch', 'mujoco', 'cv2', 'h5py', 'matplotlib', 'scipy'}; "
    ask += "atexit.register(lambda: print(sorted(heavy & set(sys.modules)))); "
    ask += f"main(['{verb}', '--help'])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert f"usage: robot-skills {verb}" in done.stdout
    assert "--config NAME|PATH" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
