"""How much memory worlds take on a device, known before they are made."""

import gc
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import mujoco
import mujoco_warp as mjw
import torch
import warp as wp

from robot_skills.core.errors import InputError
from robot_skills.sim.batch.guards import Room

FLOAT_BYTES = 4
GIGABYTE = 1e9
FREE_SHARE = 0.9  # of what is free; the rest is for what others ask for meanwhile

# What is made while a step goes on, from the sources of MuJoCo Warp 3.9. The solver: two matrices
# over the degrees of freedom, vectors over them, and columns over the constraint rows.
SOLVER_MATRICES, SOLVER_VECTORS, SOLVER_COLUMNS = 2, 8, 7
# The convex collider, numbers for each pair: its polytope's vertices and faces, which grow with
# the iterations, the horizon, and what clips a face's polygon and looks round a mesh's vertex.
VERTEX_NUMBERS, FIRST_VERTICES, MORE_VERTICES = 4, 10, 2
FACE_NUMBERS, FIRST_FACES, MORE_FACES = 5, 6, 5
HORIZON_NUMBERS, POLYGON_NUMBERS, NEIGHBOUR_NUMBERS = 24, 22, 11


@dataclass(frozen=True)
class Estimate:
    """Bytes that a batch takes: what it takes once, and for each world."""

    once: int
    per_world: int

    def total(self, worlds: int) -> int:
        """Bytes for a number of worlds."""
        return self.once + worlds * self.per_world


def estimate_memory(model: mujoco.MjModel, room: Room) -> Estimate:
    """Bytes that Warp takes for worlds of a model: its arrays, and what it makes in a step.

    The arrays are counted from those for one and for two worlds, made on the CPU, so that nothing
    of a GPU is needed to know.
    """
    with wp.ScopedDevice("cpu"):
        sizes = [_bytes_of(make_data(model, worlds, room)) for worlds in (1, 2)]
        put = mjw.put_model(model)
    per_world = sizes[1] - sizes[0]
    scratch = _solver_bytes(model, room) + room.pairs * _pair_bytes(put)
    return Estimate(_bytes_of(put) + sizes[0] - per_world, per_world + scratch)


def make_data(model: mujoco.MjModel, worlds: int, room: Room) -> Any:
    """Warp's data for so many worlds with so much room each, on the current device."""
    return mjw.make_data(
        model, worlds, nconmax=room.contacts, nccdmax=room.pairs, njmax=room.constraints
    )


def free_bytes(device: str) -> int:
    """Bytes free on a device, "cpu" or one of CUDA's, of which torch gives up its spare first."""
    if torch.device(device).type == "cuda":
        gc.collect()  # worlds that nobody needs any more: physics and its graph hold each other
        torch.cuda.synchronize(torch.device(device))  # Warp's pool gives back what it was given
        torch.cuda.empty_cache()
        return int(torch.cuda.mem_get_info(torch.device(device))[0])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")


def check_memory(model: mujoco.MjModel, worlds: int, room: Room, device: str) -> None:
    """Raise InputError, with the numbers, where worlds would not fit into what is free."""
    if worlds < 1:
        raise InputError(f"worlds begin at 1; found {worlds}")
    estimate, free = estimate_memory(model, room), free_bytes(device)
    if estimate.total(worlds) <= FREE_SHARE * free:
        return
    most = int(max(FREE_SHARE * free - estimate.once, 0) // estimate.per_world)
    raise InputError(
        f"{worlds} worlds need {estimate.total(worlds) / GIGABYTE:.1f} GB "
        f"({estimate.per_world / 1e3:.0f} kB a world) and {device} has "
        f"{free / GIGABYTE:.1f} GB free: take {most} worlds or fewer, or less room a "
        f"world than {room}"
    )


def _solver_bytes(model: mujoco.MjModel, room: Room) -> int:
    numbers = SOLVER_MATRICES * model.nv**2 + SOLVER_VECTORS * model.nv
    return int(FLOAT_BYTES * (numbers + SOLVER_COLUMNS * room.constraints))


def _pair_bytes(put: Any) -> int:
    iterations = put.opt.ccd_iterations
    vertices = FIRST_VERTICES + MORE_VERTICES * iterations
    faces = FIRST_FACES + MORE_FACES * iterations
    clipping = POLYGON_NUMBERS * put.nmaxpolygon + NEIGHBOUR_NUMBERS * put.nmaxmeshdeg
    polytope = VERTEX_NUMBERS * vertices + FACE_NUMBERS * faces + HORIZON_NUMBERS
    return int(FLOAT_BYTES * (polytope + clipping))


def _bytes_of(part: Any) -> int:
    return sum(array.capacity for array in _arrays(part))


def _arrays(part: Any) -> Iterator[Any]:
    """Every array in a dataclass of Warp's, and in those within it."""
    for field in fields(part):
        value = getattr(part, field.name)
        if isinstance(value, wp.array):
            yield value
        elif is_dataclass(value):
            yield from _arrays(value)
