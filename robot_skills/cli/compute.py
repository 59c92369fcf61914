"""Where refinement practises: processes on the CPU, or many worlds at once on a device."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

Device = Literal["auto", "cpu", "cuda", "warp-cpu"]

NEEDED = ("mujoco_warp", "rsl_rl", "tensordict")
GPU_WORLDS = 4096
CPU_WORLDS = 16  # Warp compiles for the CPU as well, and is slow there
INSTALL = "install the extra: pip install 'robot-skills[gpu]' ('.[gpu]' in a checkout)"
CUDA_TORCH = "install torch for CUDA from pytorch.org, on a machine with an NVIDIA GPU"
CUDA_WARP = "install warp-lang for this machine from PyPI, and the driver of its GPU"
NEW_DRIVER = "install NVIDIA's driver 550 or a later one"


@dataclass(frozen=True)
class Compute:
    """How to practise: on `device` in `worlds` worlds of MuJoCo Warp, or in processes if it is "".

    `why` says why, in a line.
    """

    device: str
    worlds: int
    why: str


def choose_compute(device: Device, worlds: int | None) -> Compute:
    """The back end for a --device; InputError for one that is not here, with what would do."""
    from robot_skills.core.errors import InputError

    if worlds is not None and worlds < 1:
        raise InputError(f"--worlds must be at least 1; found {worlds}")
    lacking = _lacking(device)
    if device == "cpu" or (device == "auto" and lacking):
        return Compute(
            "", 0, f"practising with stable-baselines3 on the CPU: {lacking or 'as asked'}"
        )
    if lacking:
        raise InputError(f"--device {device}: {lacking}, or take --device cpu")
    if device == "warp-cpu":
        count = worlds or CPU_WORLDS
        return Compute(
            "cpu", count, f"practising in {count} worlds of MuJoCo Warp on the CPU: slow"
        )
    count = worlds or GPU_WORLDS
    where = f"practising in {count} worlds of MuJoCo Warp on {_gpu()}"
    return Compute("cuda", count, f"{where}; its first time here compiles for some minutes")


def _lacking(device: Device) -> str:
    """What keeps worlds from a device, or ""."""
    if device == "cpu":
        return ""
    missing = missing_modules()
    if missing:
        return f"{', '.join(missing)} cannot be imported; {INSTALL}"
    return "" if device == "warp-cpu" else _no_cuda()


def missing_modules() -> list[str]:
    """What practice in MuJoCo Warp imports and is not installed."""
    return [name for name in NEEDED if find_spec(name) is None]


def _no_cuda() -> str:
    import torch

    if not torch.cuda.is_available():
        return f"torch {torch.__version__} finds no CUDA device; {CUDA_TORCH}"
    return _no_graphs()


def _no_graphs() -> str:
    """What keeps Warp from a GPU that torch finds: loops within a graph came with CUDA 12.4."""
    import warp as wp

    wp.config.log_level = wp.LOG_WARNING  # it would greet on the standard output
    if not wp.is_cuda_available():
        return f"torch finds a CUDA device and Warp {wp.config.version} does not; {CUDA_WARP}"
    if not wp.is_conditional_graph_supported():
        driver = ".".join(map(str, wp.get_cuda_driver_version() or ("?",)))
        return f"its driver is for CUDA {driver}, MuJoCo Warp's solver needs 12.4; {NEW_DRIVER}"
    return ""


def _gpu() -> str:
    import torch

    return str(torch.cuda.get_device_name())
