import numpy as np
import pytest

from robot_skills.core.errors import InputError
from robot_skills.storage.kept_practice import KeptPractice

ARRAYS = {"policy/a": np.arange(6.0).reshape(2, 3), "memory/rewards": np.ones(4, np.float32)}
FIGURES = {"success": [0.1, 0.5], "steps": 800}


def test_what_is_kept_comes_back_and_is_replaced(tmp_path):
    kept = KeptPractice(tmp_path / "library", "one")
    assert kept.load() is None
    kept.save({"old": np.zeros(1)}, {})
    kept.save(ARRAYS, FIGURES)
    arrays, figures = KeptPractice(tmp_path / "library", "one").load()
    assert figures == FIGURES
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
    kept.remove()
    assert kept.load() is None
    assert list(tmp_path.iterdir()) == []


def test_another_practice_finds_nothing(tmp_path):
    KeptPractice(tmp_path / "library", "one").save(ARRAYS, FIGURES)
    assert KeptPractice(tmp_path / "library", "two").load() is None


def test_damage_is_named(tmp_path):
    kept = KeptPractice(tmp_path / "library", "one")
    kept.save(ARRAYS, FIGURES)
    (kept.folder / "practice" / "learner.safetensors").write_bytes(b"no arrays")
    with pytest.raises(InputError, match=r"library.refining: damaged .*; remove it"):
        kept.load()
