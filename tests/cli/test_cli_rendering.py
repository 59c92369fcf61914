import pytest

from robot_skills.cli import rendering


@pytest.mark.parametrize(
    ("present", "chosen"),
    [
        ({"libEGL.so.1", "libOSMesa.so.8"}, "egl"),
        ({"libOSMesa.so.8"}, "osmesa"),
        (set(), ""),
    ],
)
def test_the_first_back_end_whose_library_loads_is_chosen(present, chosen, monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "")
    monkeypatch.delenv("MUJOCO_GL")
    monkeypatch.setattr(rendering, "_loads", lambda library: library in present)
    assert rendering.choose_back_end() == chosen


def test_the_users_choice_stands(monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "glfw")
    assert rendering.choose_back_end() == "glfw"


def test_a_library_that_is_not_there_does_not_load():
    assert not rendering._loads("libno_such_thing.so.1")
