"""MuJoCo Warp on its CPU device beside MuJoCo C: the same controls, and a grasp in every world.

For each task the arm follows moving joint targets in the air while everything else lies still,
for 200 substeps; what differs is compared after every control period. A mesh that stands on a
plane is told apart: there MuJoCo C finds two or three points of contact and Warp four. The blocks
are such meshes, so they are compared a second time as boxes of the same size. Then a scripted
grasp is made in 16 worlds of Warp. Writes docs/results/warp_parity.json.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
import torch
from batch_grasp import PERIODS, GraspingHands
from batch_scenes import ARM, THING, random_starts
from numpy.typing import NDArray
from results import Figure, write_results

from robot_skills.core.arm import load_arm
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.run.evaluate.statistics import wilson
from robot_skills.sim.batch.arm import BatchArm
from robot_skills.sim.batch.bank import StateBank, bank_of_arms
from robot_skills.sim.batch.c_threads import ThreadPhysics
from robot_skills.sim.batch.physics import BatchPhysics
from robot_skills.sim.batch.warp import WarpPhysics
from robot_skills.sim.scene import Scene, build_scene
from robot_skills.sim.sim_arm import SimArm

Floats = NDArray[np.float64]

TASKS = ("blocks", "kitchen", "assembly")
SUBSTEPS = 200
SETTLE_S = 1.0
SWING_RAD = 0.05  # how far joint targets go from home
GRASP_WORLDS = 16


@dataclass(frozen=True)
class Difference:
    """The most by which anything differed (m, rad, quaternion), and what C did by itself there.

    `alike` is over the arm, the gripper, fixtures and things whose contacts both find alike,
    `mesh_on_plane` over the others, None without any; `drift` is how much those move in C alone.
    """

    alike: float
    mesh_on_plane: float | None
    drift: float


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
    """Differences after 200 substeps, task by task, and the largest of all."""
    found = {name: difference(scene_of(name)) for name in TASKS}
    found["blocks_as_boxes"] = difference(with_boxes(scene_of("blocks")))
    figures, unit = {}, "m, rad"
    figures["max_difference"] = Figure(
        max(each.alike for each in found.values()),
        unit,
        note="free motion, and rest where both find the same contacts; blocks as boxes",
    )
    for name, each in found.items():
        figures[f"alike/{name}"] = Figure(each.alike, unit)
        if each.mesh_on_plane is not None:
            note = "C finds 2 or 3 points of contact there, Warp 4"
            figures[f"mesh_on_plane/{name}"] = Figure(each.mesh_on_plane, unit, note=note)
            note = "how far the same things rock in MuJoCo C alone, at rest"
            figures[f"mesh_on_plane_c_alone/{name}"] = Figure(each.drift, unit, note=note)
    return figures


def grasp_figures(worlds: int, seed: int) -> dict[str, Figure]:
    """How many of so many worlds lift the block, in Warp."""
    print(f"grasping in {worlds} worlds of Warp, {PERIODS} control periods")
    scene = scene_of("blocks")
    physics = WarpPhysics(scene, worlds, "cpu")
    lifted = grasps(physics, random_starts(scene, worlds, seed))
    rate = wilson(lifted, worlds)
    return {"grasps": Figure(lifted, "worlds", rate.low * worlds, rate.high * worlds, worlds)}


def scene_of(name: str) -> Scene:
    """A task with the arm, without what only cameras see."""
    arm = load_arm(find("assets/arms", ARM))
    return build_scene(load_task(find("envs", name)), arm, visual=False)


def with_boxes(scene: Scene) -> Scene:
    """The same scene, its things' meshes changed into boxes of their half extents."""
    for geom in _meshes(scene):
        model, half_m = scene.model, _half_extents_m(scene, geom)
        model.geom_type[geom], model.geom_dataid[geom] = mujoco.mjtGeom.mjGEOM_BOX, -1
        model.geom_size[geom], model.geom_rbound[geom] = half_m, np.linalg.norm(half_m)
        model.geom_pos[geom], model.geom_quat[geom] = 0.0, [1.0, 0.0, 0.0, 0.0]
        model.geom_aabb[geom] = [0.0, 0.0, 0.0, *half_m]
    return scene


def difference(scene: Scene) -> Difference:
    """Follow the same joint targets in both from rest, and compare after every period."""
    bank = at_rest(scene)
    both: list[BatchPhysics] = [ThreadPhysics(scene, 1), WarpPhysics(scene, 1, "cpu")]
    arms = [_put(physics, bank, [0]) for physics in both]
    home = torch.from_numpy(scene.arm.home)[None]
    width_m = torch.tensor([0.5 * scene.arm.gripper.width_max_m])
    visited = []
    for period in range(SUBSTEPS // both[0].substeps):
        for arm in arms:
            arm.act(home + SWING_RAD * np.sin(0.5 * (period + 1)), width_m)
        visited.append([physics.qpos[0].double().numpy().copy() for physics in both])
    paths = np.array(visited)  # (periods, C and Warp, nq)
    for physics in both:
        physics.check()
    apart = np.abs(paths[:, 0] - paths[:, 1]).max(axis=0)
    meshes = _qpos_of_meshes(scene)
    others = np.setdiff1d(np.arange(len(apart)), meshes)
    if len(meshes) == 0:
        return Difference(float(apart.max()), None, 0.0)
    drift = float(np.ptp(paths[:, 0, meshes], axis=0).max())
    return Difference(float(apart[others].max()), float(apart[meshes].max()), drift)


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


def _meshes(scene: Scene) -> list[int]:
    """Geoms of the task's things that are meshes and touch."""
    model, things = scene.model, [scene.bodies[name] for name in scene.objects]
    is_mesh = (model.geom_type == mujoco.mjtGeom.mjGEOM_MESH) & (model.geom_contype > 0)
    return [int(geom) for geom in np.flatnonzero(is_mesh & np.isin(model.geom_bodyid, things))]


def _half_extents_m(scene: Scene, geom: int) -> Floats:
    name = scene.model.body(int(scene.model.geom_bodyid[geom])).name
    return scene.task.objects[name].half_extents_m


def _qpos_of_meshes(scene: Scene) -> NDArray[np.int64]:
    model = scene.model
    bodies = [int(model.geom_bodyid[geom]) for geom in _meshes(scene)]
    first = [int(model.jnt_qposadr[model.body_jntadr[body]]) for body in bodies]
    return np.array([index + offset for index in first for offset in range(7)], dtype=int)


if __name__ == "__main__":
    main()
