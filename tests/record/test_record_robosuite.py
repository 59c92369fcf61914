"""The operator in robosuite's tasks; a take counts where robosuite says that it succeeded."""

import pytest

from robot_skills.record.session import SessionConfig, record_session, rehearse
from robot_skills.storage.episodes import load_demonstration
from robot_skills.storage.truth import load_truth


@pytest.mark.parametrize("arm", ["ur5e", "panda"])
def test_it_stacks_with_either_arm(arm):
    assert sum(rehearse("robosuite:Stack", arm, "stack", seed) for seed in range(3)) == 3


def test_it_puts_both_nuts_over_their_pegs():
    assert sum(rehearse("robosuite:NutAssembly", "ur5e", "both", seed) for seed in range(3)) == 3


def test_an_episode_is_kept_as_of_any_other_environment(tmp_path):
    config = SessionConfig(env="robosuite:NutAssemblyRound", episodes=1, cameras=())
    record_session(config, tmp_path)
    found = load_demonstration(tmp_path / "episode_000000")
    assert found.provenance["env"] == "robosuite:NutAssemblyRound"
    assert "object_pose/round_nut" in found.channels
    assert "object_pose/square_nut" not in found.channels
    behaviours = [one.name for one in load_truth(tmp_path, "episode_000000").behaviours]
    assert behaviours == ["pick", "place"]
