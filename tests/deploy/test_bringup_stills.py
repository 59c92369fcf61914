from pathlib import Path

import numpy as np
import pytest

from robot_skills import paths
from robot_skills.core.errors import InputError
from robot_skills.deploy.bringup.stills import (
    compare_stills,
    live_still,
    recorded_still,
    save_picture,
)

BLOCKS = paths.data_folder("demos") / "blocks"


@pytest.fixture(scope="module")
def recorded() -> np.ndarray:
    return recorded_still(BLOCKS, "front")


def moved(picture: np.ndarray, right: int, down: int) -> np.ndarray:
    return np.roll(picture, (down, right), axis=(0, 1))


def test_the_same_view_does_not_differ(recorded: np.ndarray) -> None:
    found = compare_stills("front", recorded, recorded)
    assert found.difference == 0.0
    assert found.shift == pytest.approx((0.0, 0.0), abs=1e-3)
    assert found.is_near


def test_brighter_light_and_a_finer_camera_are_the_same_view(recorded: np.ndarray) -> None:
    finer = np.repeat(np.repeat(recorded, 2, axis=0), 2, axis=1)
    brighter = np.clip(finer.astype(int) + 12, 0, 255).astype(np.uint8)
    assert compare_stills("front", brighter, recorded).is_near


def test_a_camera_that_was_pushed_is_told_by_how_much(recorded: np.ndarray) -> None:
    height, width = recorded.shape[:2]
    found = compare_stills("front", moved(recorded, 16, -9), recorded)
    assert found.shift == pytest.approx((16 / width, -9 / height), abs=0.01)
    assert not found.is_near
    assert "to the right" in str(found)


def test_recorded_live_and_difference_stand_side_by_side(
    recorded: np.ndarray, tmp_path: Path
) -> None:
    found = compare_stills("front", 255 - recorded, recorded)
    assert found.difference > 0.15
    assert found.picture.shape[1] % (3 * recorded.shape[1]) == 0
    save_picture(tmp_path / "new" / "front.png", found.picture)
    assert live_still("front", str(tmp_path / "new" / "front.png")).shape == found.picture.shape


def test_a_video_file_serves_as_a_camera(recorded: np.ndarray) -> None:
    video = next(BLOCKS.glob("*/front.mp4"))
    assert live_still("front", str(video)).shape == recorded.shape


@pytest.mark.parametrize(
    ("source", "words"),
    [("/nowhere/video9", "no file or device"), ("README.md", "gives no picture")],
)
def test_what_gives_no_picture_is_named(
    source: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("README.md").write_text("no picture")
    with pytest.raises(InputError, match=f"camera front: .*{words}"):
        live_still("front", source)


def test_a_camera_nobody_recorded_with_is_named() -> None:
    with pytest.raises(InputError, match=r"'wrist'.*known: front"):
        recorded_still(BLOCKS, "wrist")
