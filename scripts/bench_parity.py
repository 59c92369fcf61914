"""MuJoCo Warp on its CPU device beside MuJoCo C: the same controls, and a grasp in every world.

For each task the arm follows moving joint targets in the air while everything else lies still,
for 200 substeps; what differs is compared after every control period. Then a scripted grasp is
made in 16 worlds of Warp. Writes docs/results/warp_parity.json.
"""

import argparse
from collections.abc import Sequence

import numpy as np
import torch
from batch_grasp import PERIODS, GraspingHands
from batch_scenes import ARM, THING, random_starts
from results import Figure, write_results

from robot_skills.core.arm import load_arm
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.run.evaluate.statistics import wilson
from robot_skills.sim.batch.arm import BatchArm
from robot_skills.sim.batch.bank import StateBank, bank_of_arms
from robot_skills.sim.batch.c_threads import ThreadPhysics
from robot_skills.sim.batch.physics import BatchPhysics
from robot_skills.sim.batch.warp import ROOM, WarpPhysics
from robot_skills.sim.scene import Scene, build_scene
from robot_skills.sim.sim_arm import SimArm

TASKS = ("blocks", "kitchen", "assembly")
SUBSTEPS = 200
UNIT = "m, rad"
SETTLE_S = 1.0
SWING_RAD = 0.05  # how far joint targets go from home
GRASP_WORLDS = 16


def main() -> None:
    """Compare, grasp, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=GRASP_WORLDS, help="worlds that grasp")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dry-run", action="store_true", help="write no file")
    given = parser.parse_args()
    figures = parity_figures() | grasp_figures(given.worlds, given.seed)
    for name, figure in figures.items():
        print(f"{name}: {figure.value} {figure.unit}  {figure.note}")
    if not given.dry_run:
        print(write_results("warp_parity", figures, [given.seed]))


def parity_figures() -> dict[str, Figure]:
    """Differences within 200 substeps, task by task, and the largest of all."""
    found = {name: difference(scene_of(name)) for name in TASKS}
    largest = Figure(max(found.values()), UNIT, note="free motion, and things at rest")
    return {"max_difference": largest} | {
        f"difference/{name}": Figure(value, UNIT) for name, value in found.items()
    }


def grasp_figures(worlds: int, seed: int) -> dict[str, Figure]:
    """How many of so many worlds lift the block, in Warp."""
    print(f"grasping in {worlds} worlds of Warp, {PERIODS} control periods")
    scene = scene_of("blocks")
    physics = WarpPhysics(scene, worlds, "cpu")
    lifted = grasps(physics, random_starts(scene, worlds, seed))
    rate, used = wilson(lifted, worlds), physics.used()
    return {
        "grasps": Figure(lifted, "worlds", rate.low * worlds, rate.high * worlds, worlds),
        "grasp_pairs": Figure(used.pairs / worlds, "", note=f"a world; room for {ROOM.pairs}"),
        "grasp_contacts": Figure(
            used.contacts / worlds, "", note=f"a world; room for {ROOM.contacts}"
        ),
        "grasp_rows": Figure(used.constraints, "", note=f"a world; room for {ROOM.constraints}"),
    }


def scene_of(name: str) -> Scene:
    """A task with the arm, without what only cameras see."""
    arm = load_arm(find("assets/arms", ARM))
    return build_scene(load_task(find("envs", name)), arm, visual=False)


def difference(scene: Scene) -> float:
    """The most by which any joint, position or quaternion differs on the same way from rest."""
    bank = at_rest(scene)
    both: list[BatchPhysics] = [ThreadPhysics(scene, 1), WarpPhysics(scene, 1, "cpu")]
    arms = [_put(physics, bank, [0]) for physics in both]
    home = torch.from_numpy(scene.arm.home)[None]
    width_m = torch.tensor([0.5 * scene.arm.gripper.width_max_m])
    apart = []
    for period in range(SUBSTEPS // both[0].substeps):
        for arm in arms:
            arm.act(home + SWING_RAD * np.sin(0.5 * (period + 1)), width_m)
        in_c, in_warp = (physics.qpos[0].double() for physics in both)
        apart.append(float((in_c - in_warp).abs().max()))
    for physics in both:
        physics.check()
    return max(apart)


def at_rest(scene: Scene) -> StateBank:
    """The arm at home and everything where the scene's file has it, after it has settled."""
    robot, start = SimArm(scene), scene.model.qpos0
    placed = {name: start[index : index + 7] for name, index in scene.object_qpos.items()}
    robot.place(scene.arm.home, 0.0, placed, dict.fromkeys(scene.fixture_qpos, 0.0))
    robot.settle(SETTLE_S)
    return bank_of_arms([robot])


def grasps(physics: BatchPhysics, bank: StateBank) -> int:
    """In how many worlds a scripted hand lifts the block."""
    arm = _put(physics, bank, range(physics.worlds))
    hands = GraspingHands(arm, THING)
    for period in range(PERIODS):
        arm.act(*hands.targets(period))
    physics.check()
    return int(hands.lifted().sum())


def _put(physics: BatchPhysics, bank: StateBank, rows: Sequence[int]) -> BatchArm:
    arm = BatchArm(physics)
    mask = torch.ones(physics.worlds, dtype=torch.bool)
    arm.reset(mask, bank.to(physics.device, physics.dtype), torch.tensor(list(rows)))
    return arm


if __name__ == "__main__":
    main()
