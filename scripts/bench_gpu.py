"""How fast thousands of worlds go in MuJoCo Warp, and where the time goes.

    python scripts/export_models.py            # where robosuite is installed, once
    python scripts/bench_gpu.py                # on the machine with the GPU

Two scenes: `blocks`, five blocks of which each world's hand holds one and sways with it, and
`bare`, the same arm alone. A control step is the policy's networks, the control law and the
substeps of physics. It needs mujoco, mujoco-warp, warp-lang, torch, numpy and array-api-compat;
this package itself need not be installed (PYTHONPATH=.). Writes docs/results/gpu.json, and without
a GPU that nothing was measured; `--device cpu --worlds 1,4` rehearses it and writes nothing.
"""

import argparse
import gc
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import warp as wp
from batch_load import Load, Speed, bandwidth_bytes_s, measure
from batch_scenes import SCENES, THING, read_scene
from results import Figure, Label, write_results, write_unmeasured

from robot_skills.core.errors import InputError
from robot_skills.sim.batch.bank import StateBank
from robot_skills.sim.batch.guards import Room
from robot_skills.sim.batch.memory import estimate_memory, free_bytes
from robot_skills.sim.batch.physics import PhysicsFault
from robot_skills.sim.batch.warp import ROOM, WarpPhysics
from robot_skills.sim.scene import Scene

WORLDS = (1, 16, 64, 256, 1024, 2048, 4096, 8192, 16384)
SHOWN_WORLDS = 4096
PROFILED = 15  # kernels that are named
GIGABYTE = 1e9
COMMAND = "python scripts/bench_gpu.py"
NEEDED = ("gpu", "substeps_per_s_4096", "control_steps_per_s_4096")


@dataclass(frozen=True)
class Settings:
    """How it is measured; `timestep_ms` 0 leaves the model's own.

    The control law is one CUDA graph where it is `recorded`; `profiled` prints the kernels' times.
    """

    device: torch.device
    periods: int
    room: Room
    timestep_ms: float
    recorded: bool = True
    profiled: bool = False


@dataclass(frozen=True)
class Row:
    """One line of the table: a scene with so many worlds.

    What it took of the device's memory is None on the CPU, where others take and give as well.
    `held` is the share of worlds that still hold their block at the end. The floors are the time
    of a substep if nothing were done but moving bytes: the state alone, read and written once, or
    all that Warp keeps of a world, once.
    """

    scene: str
    worlds: int
    speed: Speed
    substeps_per_s: float
    taken_bytes: int | None
    estimated_bytes: int
    held: float | None
    state_floor: float
    data_floor: float

    def __str__(self) -> str:
        speed = self.speed
        shares = [speed.share(s) for s in (speed.physics_s, speed.control_s, speed.policy_s)]
        held = "" if self.held is None else f"{self.held:.0%}"
        taken = "-" if self.taken_bytes is None else f"{self.taken_bytes / GIGABYTE:.2f}"
        return (
            f"{self.scene:<7}{self.worlds:>7}{speed.control_steps_per_s:>13,.0f}"
            f"{self.substeps_per_s:>14,.0f}{taken:>8}"
            f"{self.estimated_bytes / GIGABYTE:>8.2f}"
            + "".join(f"{share:>9.1%}" for share in shares)
            + f"{self.state_floor:>11.1%}{self.data_floor:>10.1%}{held:>6}"
        )


HEADING = (
    f"{'scene':<7}{'worlds':>7}{'control/s':>13}{'substeps/s':>14}{'GB':>8}{'guess':>8}"
    f"{'physics':>9}{'control':>9}{'policy':>9}{'of state':>11}{'of data':>10}{'held':>6}"
)


def main() -> None:
    """Measure what there is a device for, print the table, and write the figures."""
    given = _arguments()
    if given.device != "cpu" and not torch.cuda.is_available():
        print(f"{_nothing()}\n{write_unmeasured('gpu', _unmeasured())}")
        return
    room = Room(given.contacts, given.constraints, given.pairs)
    settings = Settings(
        torch.device(given.device),
        given.periods,
        room,
        given.timestep_ms,
        recorded=not given.eager_law,
        profiled=given.profile,
    )
    rows = table(given.models, given.worlds, settings)
    if settings.device.type == "cuda":
        print(write_results("gpu", figures(rows, settings), keep_others=True))


def table(models: Path, worlds: Sequence[int], settings: Settings) -> list[Row]:
    """Every scene with every number of worlds that fits, printed as they come."""
    bandwidth = bandwidth_bytes_s(settings.device)
    print(f"{_name(settings.device)}, copies {bandwidth / GIGABYTE:,.0f} GB/s\n{HEADING}")
    rows = []
    for name in SCENES:
        scene, bank = read_scene(name, models)
        if settings.timestep_ms:
            scene.model.opt.timestep = settings.timestep_ms / 1000
        for count in worlds:
            try:
                rows.append(row(name, (scene, bank), count, settings, bandwidth))
            except (InputError, PhysicsFault, RuntimeError) as error:  # the last is CUDA's
                print(f"{name:<7}{count:>7}  {error}")
                continue
            print(rows[-1], flush=True)
    return rows


def row(
    name: str, start: tuple[Scene, StateBank], worlds: int, settings: Settings, bandwidth: float
) -> Row:
    """Measure one scene with one number of worlds.

    Raises InputError where the worlds do not fit into memory, PhysicsFault where one overflows.
    """
    (scene, bank), device, model = start, str(settings.device), start[0].model
    _give_back_graphs(settings.device)
    free = free_bytes(device)
    physics = WarpPhysics(scene, worlds, device, settings.room)
    load = Load(physics, bank, THING if name == "blocks" else "", settings.recorded)
    speed = measure(load, worlds, settings.periods, settings.device)
    physics.check()
    print(f"  used: {physics.used()} of {settings.room}")
    taken = free - free_bytes(device) if settings.device.type == "cuda" else None
    if settings.profiled:
        print_profile(physics.kernel_seconds())
    substeps_per_s = speed.control_steps_per_s * physics.substeps
    estimate = estimate_memory(model, settings.room)
    numbers = model.nq + 2 * model.nv + model.na + model.nu + 1
    state_bytes = 2 * 4 * numbers
    return Row(
        scene=name,
        worlds=worlds,
        speed=speed,
        substeps_per_s=substeps_per_s,
        taken_bytes=taken,
        estimated_bytes=estimate.total(worlds),
        held=load.still_held(),
        state_floor=substeps_per_s * state_bytes / bandwidth,
        data_floor=substeps_per_s * estimate.per_world / bandwidth,
    )


def _give_back_graphs(device: torch.device) -> None:
    """Free what CUDA keeps of graphs that are gone, or the next worlds would seem to take less."""
    gc.collect()
    if device.type == "cuda":
        core = wp.get_device(str(device)).runtime.core  # Warp has no public name for it
        core.wp_cuda_device_graph_mem_trim(wp.get_device(str(device)).ordinal)


def print_profile(seconds: Mapping[str, float]) -> None:
    """Print the kernels that take most, and their shares."""
    total = sum(seconds.values())
    most = sorted(seconds.items(), key=lambda item: -item[1])[:PROFILED]
    for name, taken in most:
        print(f"  {taken / total:6.1%}  {1000 * taken:8.3f} ms a period  {name}")


def figures(rows: Sequence[Row], settings: Settings) -> dict[str, Figure | Label]:
    """What was measured, by name."""
    note = f"timestep {settings.timestep_ms:g} ms" if settings.timestep_ms else "timestep 2 ms"
    found: dict[str, Figure | Label] = {"gpu": Label(_name(settings.device))}
    for each in rows:
        place = f"{each.scene}/{each.worlds}"
        found[f"substeps_per_s/{place}"] = Figure(each.substeps_per_s, "1/s", note=note)
        if each.taken_bytes is not None:
            found[f"memory_gb/{place}"] = Figure(each.taken_bytes / GIGABYTE, "GB")
        found[f"of_state_floor/{place}"] = Figure(each.state_floor, "share")
        found[f"of_data_floor/{place}"] = Figure(each.data_floor, "share")
        for piece in ("physics", "control", "policy"):
            seconds = getattr(each.speed, f"{piece}_s")
            found[f"{piece}_share/{place}"] = Figure(each.speed.share(seconds), "share")
        if each.held is not None:
            found[f"still_held/{place}"] = Figure(each.held, "share")
        if (each.scene, each.worlds) == ("blocks", SHOWN_WORLDS):
            steps = each.speed.control_steps_per_s
            found["substeps_per_s_4096"] = Figure(each.substeps_per_s, "1/s", note=note)
            found["control_steps_per_s_4096"] = Figure(steps, "1/s", note=note)
    return found


def _unmeasured() -> dict[str, Figure]:
    return {name: Figure(None, "", note=_nothing()) for name in NEEDED}


def _nothing() -> str:
    return f"there was no CUDA device; {COMMAND} measures it where there is one"


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path, default=Path("runs/models"))
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--worlds", type=_numbers, default=WORLDS, help="numbers with commas")
    parser.add_argument("--periods", type=int, default=60, help="control periods that are timed")
    parser.add_argument("--contacts", type=int, default=ROOM.contacts, help="room a world")
    parser.add_argument("--constraints", type=int, default=ROOM.constraints, help="rows a world")
    parser.add_argument("--pairs", type=int, default=ROOM.pairs, help="room a world")
    parser.add_argument("--timestep-ms", type=float, default=0.0, help="0: the model's own")
    parser.add_argument("--eager-law", action="store_true", help="control law without a graph")
    parser.add_argument("--profile", action="store_true", help="print what each kernel takes")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(f"{error}\nscripts/export_models.py writes the models; see docs/gpu.md")
