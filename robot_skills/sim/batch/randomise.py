"""Worlds that differ as real arms and things do, about the models of the scene they are made of.

The servos' gains are those of the arm's profile: one that was identified on an arm is the centre.
Source: Peng et al., "Sim-to-Real Transfer of Robotic Control with Dynamics Randomization", 2018.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import mujoco
import numpy as np
import torch
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.sim.scene import Scene
from robot_skills.sim.spreads import (
    DELAY_S,
    LARGEST_SCALE,
    POSITION_NOISE_M,
    RELATIVE_SPREAD,
    ROTATION_NOISE_RAD,
    SIZE_SPREAD,
)

Floats = NDArray[np.float64]

PRIMITIVES = (
    mujoco.mjtGeom.mjGEOM_SPHERE,
    mujoco.mjtGeom.mjGEOM_CAPSULE,
    mujoco.mjtGeom.mjGEOM_ELLIPSOID,
    mujoco.mjtGeom.mjGEOM_CYLINDER,
    mujoco.mjtGeom.mjGEOM_BOX,
)


@dataclass(frozen=True)
class Differences:
    """How each of N worlds differs from the scene: fields of MjModel by name, (N, ...).

    `delay_steps` (N,) is how many control steps late commands arrive. What is seen of things is
    off by normal errors of `position_noise_m` and `rotation_noise_rad`, new at every look.
    """

    fields: Mapping[str, torch.Tensor]
    delay_steps: torch.Tensor
    position_noise_m: float
    rotation_noise_rad: float


def draw_differences(scene: Scene, worlds: int, scale: float, seed: int) -> Differences:
    """Draw how worlds differ, `scale` times as much as is usual; 0 is not at all.

    Raises InputError for a scale outside 0 to 4. A thing's size differs where it is one primitive
    shape: a mesh is the same in all worlds.
    """
    if not 0.0 <= scale <= LARGEST_SCALE:
        raise InputError(
            f"worlds may differ from 0 (not at all) to {LARGEST_SCALE:g}; found {scale}"
        )
    rng = np.random.default_rng([seed, 0x72616E])
    fields = dict(_model_fields(scene, worlds, scale, rng))
    both_ways_s = scale * rng.uniform(*DELAY_S, (worlds, 2)).sum(axis=1)
    return Differences(
        fields={name: torch.as_tensor(values) for name, values in fields.items()},
        delay_steps=torch.as_tensor(both_ways_s * scene.task.rate_hz),
        position_noise_m=scale * POSITION_NOISE_M,
        rotation_noise_rad=scale * float(ROTATION_NOISE_RAD),
    )


def _model_fields(
    scene: Scene, worlds: int, scale: float, rng: np.random.Generator
) -> Iterator[tuple[str, Floats]]:
    """Fields of the model with a value a world."""
    model, spread = scene.model, scale * RELATIVE_SPREAD
    bodies = [scene.bodies[name] for name in scene.objects]
    friction = _repeated(model.geom_friction, worlds)
    friction *= 1.0 + spread * rng.uniform(-1.0, 1.0, (worlds, 1, 1))
    yield "geom_friction", friction
    heavier = 1.0 + spread * rng.uniform(-1.0, 1.0, (worlds, len(bodies)))
    mass, inertia = (_repeated(one, worlds) for one in (model.body_mass, model.body_inertia))
    mass[:, bodies] *= heavier
    inertia[:, bodies] *= heavier[..., None]
    yield from (("body_mass", mass), ("body_inertia", inertia))
    servos = scene.arm_actuators
    stiffer = 1.0 + spread * rng.uniform(-1.0, 1.0, (worlds, len(servos)))
    gain, bias = (_repeated(p, worlds) for p in (model.actuator_gainprm, model.actuator_biasprm))
    gain[:, servos, 0] *= stiffer
    bias[:, servos, 1] *= stiffer
    yield from (("actuator_gainprm", gain), ("actuator_biasprm", bias))
    yield from _sizes(scene, worlds, scale * SIZE_SPREAD, rng)


def _sizes(
    scene: Scene, worlds: int, spread: float, rng: np.random.Generator
) -> Iterator[tuple[str, Floats]]:
    """Sizes of the things that are one shape, and what finds their contacts."""
    model, geoms = scene.model, _single_shapes(scene)
    factor = 1.0 + spread * rng.uniform(-1.0, 1.0, (worlds, len(geoms)))
    for name in ("geom_size", "geom_rbound", "geom_aabb"):
        if geoms:
            values = _repeated(getattr(model, name), worlds)
            values[:, geoms] *= factor.reshape(*factor.shape, *[1] * (values.ndim - 2))
            yield name, values


def _single_shapes(scene: Scene) -> list[int]:
    """The geom of each thing that touches others with one primitive shape about its origin."""
    model, found = scene.model, []
    for name in scene.objects:
        first = int(model.body_geomadr[scene.bodies[name]])
        own = range(first, first + int(model.body_geomnum[scene.bodies[name]]))
        touching = [i for i in own if model.geom_contype[i] or model.geom_conaffinity[i]]
        if len(touching) == 1 and model.geom_type[touching[0]] in PRIMITIVES:
            found += touching
    return found


def _repeated(values: Floats, worlds: int) -> Floats:
    return np.repeat(values[None], worlds, axis=0)
