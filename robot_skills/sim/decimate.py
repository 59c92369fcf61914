"""Coarser visual meshes: vendor CAD has far more vertices than an off-screen camera can show."""

import mujoco
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Faces = NDArray[np.int64]

CELL_M = 0.006  # two pixels of a 640 x 480 image at arm's length
ARM_M = 0.85  # of which this is the length
KEEP_BELOW = 300  # vertices; smaller meshes stay as they are


def decimate_visual_meshes(spec: mujoco.MjSpec, reach_m: float) -> None:
    """Replace, in place, every large mesh that only cameras see by a coarser one.

    Vertices are clustered on a grid of `CELL_M`, less for an arm of less reach, at which cameras
    look from nearer (Rossignac and Borrel 1993).
    """
    cell_m = CELL_M * min(1.0, reach_m / ARM_M)
    model = spec.compile()
    seen = {g.meshname for g in spec.geoms if g.contype == 0 and g.conaffinity == 0}
    touched = {g.meshname for g in spec.geoms if g.contype != 0 or g.conaffinity != 0}
    for name in sorted(seen - touched - {""}):
        mesh = model.mesh(name)
        if mesh.vertnum[0] < KEEP_BELOW:
            continue
        vertices, faces = _cluster(*_as_in_file(model, mesh.id), cell_m)
        coarse = spec.add_mesh(name=f"{name}_coarse")
        coarse.uservert = vertices.ravel()
        coarse.userface = faces.ravel().astype(np.int32)
        coarse.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
        for geom in spec.geoms:
            if geom.meshname == name:
                geom.meshname = coarse.name
        spec.delete(spec.mesh(name))


def _as_in_file(model: mujoco.MjModel, mesh: int) -> tuple[Floats, Faces]:
    start, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
    first, faces = model.mesh_faceadr[mesh], model.mesh_facenum[mesh]
    turn = np.empty(9)
    mujoco.mju_quat2Mat(turn, model.mesh_quat[mesh])
    centred = model.mesh_vert[start : start + count].astype(float)
    vertices = centred @ turn.reshape(3, 3).T + model.mesh_pos[mesh]
    return vertices, model.mesh_face[first : first + faces].astype(np.int64)


def _cluster(vertices: Floats, faces: Faces, cell_m: float) -> tuple[Floats, Faces]:
    cells = np.floor(vertices / cell_m).astype(np.int64)
    _, cluster = np.unique(cells, axis=0, return_inverse=True)
    cluster = cluster.reshape(-1)
    sums = np.zeros((cluster.max() + 1, 3))
    np.add.at(sums, cluster, vertices)
    merged = cluster[faces]
    distinct = (
        (merged[:, 0] != merged[:, 1])
        & (merged[:, 1] != merged[:, 2])
        & (merged[:, 2] != merged[:, 0])
    )
    return sums / np.bincount(cluster)[:, None], np.unique(merged[distinct], axis=0)
