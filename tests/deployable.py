"""A library whose untrained skill brings nothing about, and settings for a busy machine."""

from pathlib import Path
from typing import Any

import numpy as np
from untrained import no_scales

from robot_skills.core.facts import parse_facts
from robot_skills.core.skill import Operator, Parameter, ReferenceFrame, Skill, SkillLibrary
from robot_skills.deploy.safety.settings import SafetySettings
from robot_skills.deploy.settings import ControlSettings
from robot_skills.nets.networks.kinds import settings_of
from robot_skills.nets.networks.learning import begin, export
from robot_skills.nets.networks.mlp import Mlp
from robot_skills.nets.sight.features import SkillView, skill_features
from robot_skills.storage.libraries import save_library

POSE = np.array([[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]])
VIEW = SkillView(POSE, POSE, POSE, *np.zeros((4, 1)), *np.zeros((2, 1, 0)))
INPUTS = skill_features(VIEW).shape[1]

# What times processes and links is wide, so that tests on a busy machine judge the rest.
PATIENT = SafetySettings(
    speed_max_rad_s=1.0,
    stale_stop_s=5.0,
    overruns_max=10**6,
    command_hold_s=2.0,
    command_stop_s=5.0,
    heartbeat_s=20.0,
    watchdog_s=20.0,
)
SLACK = ControlSettings(watchdog_silence_s=5.0, watchdog_hz=1.0)
CALM: dict[str, Any] = {"safety": PATIENT, "control": SLACK}
CALM_FLAGS = [
    *("--safety.stale-stop-s", "5", "--safety.overruns-max", "1000000"),
    *("--safety.command-hold-s", "2", "--safety.command-stop-s", "5"),
    *("--safety.heartbeat-s", "20", "--safety.watchdog-s", "20"),
    *("--control.watchdog-silence-s", "5", "--control.watchdog-hz", "1"),
]


def untrained_library(folder: Path) -> Path:
    """Saved in `folder`: one skill, which opens nothing."""
    network = Mlp(inputs=INPUTS, chunk=4, hidden=8, layers=1)
    operator = Operator(
        name="open",
        skill="open",
        parameters=(Parameter("?d", "container"),),
        preconditions=parse_facts("closed(?d) gripper_empty()"),
        add=parse_facts("open(?d)"),
        delete=parse_facts("closed(?d)"),
        support=10,
    )
    skill = Skill(
        name="open",
        operators=(operator,),
        frame=ReferenceFrame("object", "?d"),
        settings={**settings_of(network), "open_width_m": 0.08},
        weights=export({**begin(network, 0), **no_scales(network)}),
        end_poses={"open": np.zeros((0, 7))},
        start_ee=np.zeros((1, 3)),
        median_steps=8,
        segments=10,
    )
    return save_library(folder, SkillLibrary("blocks", "ur5e", 20.0, (skill,), {}))
