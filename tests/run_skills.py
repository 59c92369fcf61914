"""Skills written by hand: one linear layer each, run by the same policy as trained ones."""

from dataclasses import dataclass

import numpy as np

from robot_skills.core.facts import parse_facts
from robot_skills.core.skill import (
    Operator,
    Parameter,
    Plan,
    PlanStep,
    ReferenceFrame,
    Skill,
    SkillLibrary,
)
from robot_skills.nets.networks.network import POSE_SIZE
from robot_skills.nets.sight.features import FAR_M, FAR_SCALE

CHUNK = 6
INPUTS = 23
COARSE, FINE_Z, CLOSING, HELD = slice(0, 3), 5, 19, 20  # places among the features
SLOPE = FAR_SCALE / FAR_M  # of the coarse position near 0


@dataclass(frozen=True)
class Linear:
    """A policy that is one matrix: moves (3,), gripper and done from features (23,) and 1."""

    weights: np.ndarray
    bias: np.ndarray

    @classmethod
    def still(cls, down: np.ndarray) -> "Linear":
        """Stays where it is, open, and never thinks it is done."""
        outputs = CHUNK * (POSE_SIZE + 1) + 1
        policy = cls(np.zeros((outputs, INPUTS)), np.zeros(outputs))
        for step in range(CHUNK):
            policy.bias[step * POSE_SIZE + 3 : (step + 1) * POSE_SIZE] = down
        policy.bias[CHUNK * POSE_SIZE :] = -20.0
        return policy

    def moving(self, offset: tuple[float, float, float]) -> "Linear":
        for axis in range(3):
            self.bias[axis : CHUNK * POSE_SIZE : POSE_SIZE] = offset[axis]
        return self

    def seeking(self, gains: tuple[float, float, float]) -> "Linear":
        """Moves towards the frame's origin, each axis by a share of what is left."""
        for axis, gain in enumerate(gains):
            self.weights[axis : CHUNK * POSE_SIZE : POSE_SIZE, axis] = -gain / SLOPE
        return self

    def grasping(self, lift_m: float) -> "Linear":
        """Closes near the frame's origin, keeps closed, rises with what it holds, and is done."""
        gripper = slice(CHUNK * POSE_SIZE, -1)
        self.weights[gripper, FINE_Z], self.bias[gripper] = -10.0, 5.0
        self.weights[gripper, CLOSING] = self.weights[gripper, HELD] = 40.0
        self.weights[-1, HELD] = 40.0
        self.weights[2 : CHUNK * POSE_SIZE : POSE_SIZE, HELD] = lift_m
        return self

    def finishing(self) -> "Linear":
        """Thinks from the first step on that it is done."""
        self.bias[-1] = 20.0
        return self

    def never_finishing(self) -> "Linear":
        self.weights[-1], self.bias[-1] = 0.0, -20.0
        return self

    def as_weights(self) -> dict[str, np.ndarray]:
        return {
            "linear.0.weight": self.weights.astype(np.float32),
            "linear.0.bias": self.bias.astype(np.float32),
            "input_mean": np.zeros(INPUTS, dtype=np.float32),
            "input_scale": np.ones(INPUTS, dtype=np.float32),
            "pose_mean": np.zeros(CHUNK * POSE_SIZE, dtype=np.float32),
            "pose_scale": np.ones(CHUNK * POSE_SIZE, dtype=np.float32),
        }


NEEDS = "clear(?x) gripper_empty()"
OPERATORS = {
    name: Operator(name, name, (Parameter("?x", "block"),), *map(parse_facts, facts), support=9)
    for name, facts in {
        "pick": (NEEDS, "holding(?x)", NEEDS),
        "drop": ("holding(?x)", "in(?x, tray) gripper_empty()", "holding(?x)"),
    }.items()
}


def library_with(**policies: Linear) -> SkillLibrary:
    """A library whose skill `pick` or `drop` has these hand-written weights."""
    settings = {"inputs": INPUTS, "chunk": CHUNK, "hidden": 1, "layers": 0, "open_width_m": 0.08}
    skills = tuple(
        Skill(
            name=name,
            operators=(OPERATORS[name],),
            frame=ReferenceFrame("object", "?x"),
            settings=settings,
            weights=policy.as_weights(),
            end_poses={},
            start_ee=np.zeros((1, 3)),
            median_steps=40,
            segments=9,
        )
        for name, policy in policies.items()
    )
    return SkillLibrary("blocks", "ur5e", 20.0, skills, {})


def plan_of(facts, *steps):
    """A plan of ground steps such as ("pick", "red"); its goal is what the last one adds."""
    ground = tuple(PlanStep(OPERATORS[name].ground(tuple(arguments))) for name, *arguments in steps)
    return Plan(facts, ground[-1].operator.add, ground, 0.0)
