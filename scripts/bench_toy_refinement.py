"""A pick that misses by 2 cm learns to hit, in 16 worlds at once, on the CPU.

    python scripts/bench_toy_refinement.py [--physics c] [--worlds 16] [--rounds 20]

The skill is one matrix, written by hand: over the block, down, close, lift; and 2 cm beside all the
time. It is the whole way of refining in many worlds, small enough to go without a GPU: in MuJoCo
Warp, where it takes long, or in MuJoCo C. Writes toy_refinement_warp, or toy_refinement_c, into
docs/results/warp_parity.json.
"""

import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import tyro
from numpy.typing import NDArray
from results import Figure, share, write_results

from robot_skills.core import poses
from robot_skills.core.arm import load_arm
from robot_skills.core.body import Body
from robot_skills.core.facts import parse_facts
from robot_skills.core.skill import Operator, Parameter, ReferenceFrame, Skill, SkillLibrary
from robot_skills.core.task_file import load_task
from robot_skills.nets.networks.network import POSE_SIZE
from robot_skills.nets.residual import ACTION_SIZE, ResidualReach
from robot_skills.nets.sight.features import FAR_M, FAR_SCALE
from robot_skills.paths import find
from robot_skills.run.evaluate.episodes import Simulation
from robot_skills.run.evaluate.statistics import wilson
from robot_skills.run.practice.batched.starts import Starts, read_starts
from robot_skills.run.practice.batched.worlds import SkillWorlds
from robot_skills.run.trials.trial import SkillTrial, Snapshot
from robot_skills.sim.batch.c_threads import ThreadPhysics
from robot_skills.sim.batch.guards import Room
from robot_skills.sim.batch.physics import BatchPhysics
from robot_skills.sim.batch.warp import WarpPhysics
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.scene import Scene
from robot_skills.sim.start import solve_joints
from robot_skills.train.refinement.batched.algorithm import BatchedConfig
from robot_skills.train.refinement.batched.practising import Round, Telling, practise_worlds
from robot_skills.train.refinement.batched.trying import successes
from robot_skills.train.refinement.practising import Budget

Floats = NDArray[np.float64]

ARM, TASK, THING = "ur5e", "blocks", "red"
BESIDE_M = 0.02
CHUNK, FEATURES = 6, 23
FINE_Z, CLOSING, HELD = 5, 19, 20  # places among the features
STARTS, SPREAD_M, ABOVE_M = 16, 0.04, 0.14
MEDIAN_STEPS = 40
ROOM = Room(contacts=32, constraints=128, pairs=24)  # one block and a hand; more is only slower
REACH = ResidualReach(position_m=0.03)
NEEDS = parse_facts("clear(?x) gripper_empty()")


@dataclass(frozen=True)
class Toy:
    """Which physics, how many worlds there are, and rounds at most."""

    physics: Literal["warp", "c"] = "warp"
    worlds: int = 16
    rounds: int = 20

    def run(self) -> None:
        """Practise until nine runs of ten succeed, and write what it took."""
        arm = load_arm(find("assets/arms", ARM))
        body = Body(arm, MujocoKinematics(arm))
        simulation = Simulation(load_task(find("envs", TASK)), body)
        library = pick_library(body)
        starts = read_starts(simulation, library, random_starts(simulation, body))
        worlds = SkillWorlds(self._made(starts.scene), library, starts, REACH)
        before = self._success(worlds, starts)
        began_s = time.monotonic()

        def show(one: Round) -> None:
            passed_s, figures = time.monotonic() - began_s, one.figures
            rates = f"{figures['success']:.0%} ({figures['practice_success']:.0%})"
            print(f"{passed_s:6.0f} s {one.decisions:>7,} decisions  {rates}", flush=True)

        config = BatchedConfig(epochs=8, try_every=2, enough=0.9)
        budget = Budget(7200.0, self.rounds)
        learned = practise_worlds(worlds, config, budget, tell=Telling(show=show))
        note = f"{self.worlds} worlds, {learned.steps} decisions; {before:.0%} before practice"
        good = round(learned.success[-1] * self.worlds)
        figure: Figure = share(wilson(good, self.worlds), note)
        print(
            write_results(
                "warp_parity", {f"toy_refinement_{self.physics}": figure}, keep_others=True
            )
        )

    def _made(self, scene: Scene) -> BatchPhysics:
        if self.physics == "c":
            return ThreadPhysics(scene, self.worlds)
        return WarpPhysics(scene, self.worlds, "cpu", ROOM)

    def _success(self, worlds: SkillWorlds, starts: Starts) -> float:
        nothing = torch.zeros(self.worlds, ACTION_SIZE)
        good = successes(worlds, lambda _inputs: nothing, torch.arange(len(starts)))
        return float(good.float().mean())


def pick_library(body: Body) -> SkillLibrary:
    """One skill that picks beside the block."""
    down = poses.six_dimensional(body.kinematics.ee_pose(body.arm.home)[None, 3:])[0]
    parts = (Parameter("?x", "block"),), NEEDS, parse_facts("holding(?x)"), NEEDS
    operator = Operator("pick", "pick", *parts, support=9)
    sizes = {"inputs": FEATURES, "chunk": CHUNK, "hidden": 1, "layers": 0, "open_width_m": 0.08}
    skill = Skill(
        name="pick",
        operators=(operator,),
        frame=ReferenceFrame("object", "?x"),
        settings=sizes,
        weights={name: array.astype(np.float32) for name, array in _weights(down).items()},
        end_poses={},
        start_ee=np.zeros((1, 3)),
        median_steps=MEDIAN_STEPS,
        segments=9,
    )
    return SkillLibrary(TASK, ARM, 20.0, (skill,), {})


def _weights(down: Floats) -> dict[str, Floats]:
    """Towards a place beside the frame's origin, closing near it, rising with what is held."""
    moves, outputs = CHUNK * POSE_SIZE, CHUNK * (POSE_SIZE + 1) + 1
    weight, bias = np.zeros((outputs, FEATURES)), np.zeros(outputs)
    for axis, gain in enumerate((0.6, 0.6, 0.25)):
        weight[axis:moves:POSE_SIZE, axis] = -gain * FAR_M / FAR_SCALE
    for place, number in enumerate(down):
        bias[3 + place : moves : POSE_SIZE] = number
    bias[1:moves:POSE_SIZE] = -BESIDE_M
    gripper = slice(moves, -1)
    weight[gripper, FINE_Z], bias[gripper] = -10.0, 5.0
    weight[gripper, [CLOSING]] = weight[gripper, [HELD]] = 40.0
    weight[-1, HELD], bias[-1] = 40.0, -20.0
    weight[2:moves:POSE_SIZE, HELD] = 0.1
    scales = {"input": FEATURES, "pose": moves}
    fixed = {f"{name}_mean": np.zeros(size) for name, size in scales.items()}
    fixed |= {f"{name}_scale": np.ones(size) for name, size in scales.items()}
    return {"linear.0.weight": weight, "linear.0.bias": bias, **fixed}


def random_starts(simulation: Simulation, body: Body) -> list[SkillTrial]:
    """The hand open above a block, both somewhere near the middle of the table."""
    rng, home = np.random.default_rng(0), body.kinematics.ee_pose(body.arm.home)
    return [_start(simulation, body, home, rng) for _ in range(STARTS)]


def _start(
    simulation: Simulation, body: Body, home: Floats, rng: np.random.Generator
) -> SkillTrial:
    robot = simulation.robot((THING,))
    spot = np.array([0.45, 0.0]) + rng.uniform(-SPREAD_M, SPREAD_M, 2)
    over = spot + rng.uniform(-SPREAD_M, SPREAD_M, 2) / 2
    joints = solve_joints(body.kinematics, body.arm, np.array([*over, ABOVE_M, *home[3:]]))
    block = np.array([*spot, 0.02, 1.0, 0.0, 0.0, 0.0])
    robot.place(joints, body.arm.gripper.width_max_m, {THING: block}, {"drawer": 0.0})
    robot.settle(0.1)
    nowhere = np.zeros(7)
    snapshot = Snapshot(
        (THING,), robot.state, robot.gripper_command_m, None, None, nowhere, 0.0, 0.0, frozenset()
    )
    step = ("pick", "pick", (THING,), "", False, True, "LATE", 0)
    return SkillTrial("pick", 0, 0, *step, start=snapshot, end=snapshot)


if __name__ == "__main__":
    tyro.cli(Toy, description=__doc__).run()
