import sys

from robot_skills.cli import progress


def test_every_item_comes_through_in_order(capsys):
    assert list(progress.track(range(5), "counting")) == [0, 1, 2, 3, 4]
    assert capsys.readouterr().err == ""


def test_without_a_terminal_a_slow_loop_prints_a_line_now_and_then(capsys, monkeypatch):
    clock = iter([0, 0, 6, 12, 18, 24])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    assert list(progress.track(range(5), "counting")) == [0, 1, 2, 3, 4]
    assert capsys.readouterr().err == "counting: 2/5 (12 s)\ncounting: 4/5 (24 s)\n"


def test_on_a_terminal_a_bar_is_drawn_on_stderr(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    assert list(progress.track(range(5), "counting")) == [0, 1, 2, 3, 4]
    assert capsys.readouterr().out == ""
