"""The checks behind `robot-skills doctor`; each yields findings and changes nothing."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from robot_skills.cli.compute import INSTALL, missing_modules

BACK_ENDS = ("egl", "osmesa", "glfw")
BACK_END_PACKAGES = {"egl": "libegl1", "osmesa": "libosmesa6", "glfw": "libgl1"}
PROCESS_LIMIT_S = 60
RENDER_ONE_FRAME = """
import mujoco
model = mujoco.MjModel.from_xml_string(
    '<mujoco><worldbody><light pos="0 0 2"/><geom size="1"/></worldbody></mujoco>'
)
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
with mujoco.Renderer(model, 64, 64) as renderer:
    renderer.update_scene(data)
    assert renderer.render().max() > 0, "the picture is black"
"""
EXACT_VERSIONS = {
    "mujoco": ("3.9.", "robosuite fails from 3.10 on"),
    "robosuite": ("1.5.1", "1.5.2 forces numpy below 2"),
    "numpy": ("2.", "the array functions need NumPy 2"),
}
DEMO_SPACE_GB = 2.0


class Status(StrEnum):
    """How a check ended; only FAIL stops the demo."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's table: what was looked at, what was found, what to do."""

    subject: str
    status: Status
    found: str
    remedy: str = ""


def every_check(folder: Path) -> Iterator[Finding]:
    """All findings about this machine; `folder` is where results would be written."""
    yield check_python(sys.version_info[:2])
    yield from check_versions(installed_versions())
    yield from check_rendering()
    yield check_import("cv2", "sudo apt-get install -y libgl1 libglib2.0-0")
    yield check_gpu()
    yield check_devices("cameras", sorted(Path("/dev").glob("video*")), "video")
    serial = [*Path("/dev").glob("ttyUSB*"), *Path("/dev").glob("ttyACM*")]
    yield check_devices("serial ports", sorted(serial), "dialout")
    yield check_disk(folder)


def check_python(version: tuple[int, ...]) -> Finding:
    """Python must be 3.11 or 3.12."""
    found = ".".join(map(str, version))
    if version in ((3, 11), (3, 12)):
        return Finding("Python", Status.OK, found)
    return Finding("Python", Status.FAIL, found, "use Python 3.11 or 3.12")


def installed_versions() -> dict[str, str]:
    """Version of every installed distribution by lower-case name."""
    return {
        str(found.metadata["Name"]).lower(): found.version
        for found in importlib.metadata.distributions()
    }


def check_versions(versions: dict[str, str]) -> Iterator[Finding]:
    """Packages that break one another: two OpenCV builds, or releases outside the tried pins."""
    builds = sorted(name for name in versions if name.startswith("opencv-"))
    if builds == ["opencv-python"]:
        yield Finding("OpenCV", Status.OK, versions["opencv-python"])
    else:
        found = f"{' and '.join(builds)} share the folder cv2/" if builds else "not installed"
        remedy = f"pip uninstall -y {' '.join(builds)}; pip install 'opencv-python>=4.11,<5'"
        yield Finding("OpenCV", Status.FAIL, found, remedy)
    for name, (prefix, reason) in EXACT_VERSIONS.items():
        found = versions.get(name, "not installed")
        good = found.startswith(prefix)
        remedy = "" if good else f"install {name} {prefix}* ({reason})"
        yield Finding(name, Status.OK if good else Status.FAIL, found, remedy)


def check_rendering() -> Iterator[Finding]:
    """Render one frame with each GL back end in a process of its own, since one crash ends all."""
    findings = [check_back_end(name) for name in BACK_ENDS]
    if any(finding.status is Status.OK for finding in findings):
        for finding in findings:
            works = finding.status is Status.OK
            yield finding if works else Finding(finding.subject, Status.OK, "no, and not needed")
    else:
        yield from findings
        yield Finding(
            "pictures and video",
            Status.WARN,
            "no GL back end works: the demo runs, without pictures and video",
            "sudo apt-get install -y libegl1 libgl1 libglib2.0-0",
        )


def check_back_end(name: str) -> Finding:
    """Render one MuJoCo frame off-screen with MUJOCO_GL set to `name`."""
    why = _why_it_fails(RENDER_ONE_FRAME, {"MUJOCO_GL": name})
    if not why:
        return Finding(f"GL {name}", Status.OK, f"renders (MUJOCO_GL={name})")
    if name == "glfw" and not os.environ.get("DISPLAY"):
        return Finding("GL glfw", Status.WARN, "no display", "only `run --view` needs one")
    remedy = f"sudo apt-get install -y {BACK_END_PACKAGES[name]}"
    return Finding(f"GL {name}", Status.WARN, why, remedy)


def check_import(module: str, remedy: str) -> Finding:
    """Import a module whose shared libraries may be missing, in a process of its own."""
    why = _why_it_fails(f"import {module}", {})
    if why:
        return Finding(f"import {module}", Status.FAIL, why, remedy)
    return Finding(f"import {module}", Status.OK, "works")


def check_gpu() -> Finding:
    """A GPU is welcome, never needed."""
    if shutil.which("nvidia-smi") is None:
        return Finding("GPU", Status.OK, "none; everything runs on the CPU")
    import torch

    if torch.cuda.is_available():
        name, missing = torch.cuda.get_device_name(), missing_modules()
        if missing:
            return Finding("GPU", Status.WARN, f"{name}, but no {', '.join(missing)}", INSTALL)
        return Finding("GPU", Status.OK, name)
    remedy = "install a CUDA build of torch to use it: https://pytorch.org/get-started"
    return Finding("GPU", Status.WARN, f"there is one, torch {torch.__version__} has none", remedy)


def check_devices(subject: str, found: list[Path], group: str) -> Finding:
    """Whether this user may open the device files `found`; `group` is who may."""
    closed = [path for path in found if not os.access(path, os.R_OK | os.W_OK)]
    if closed:
        remedy = f"sudo usermod -aG {group} $USER, then log in again"
        return Finding(subject, Status.WARN, f"no permission for {_names(closed)}", remedy)
    return Finding(subject, Status.OK, _names(found) or "none (only a real arm needs them)")


def check_disk(folder: Path) -> Finding:
    """The demo writes about half a gigabyte; less than 2 GB free is too close."""
    free_gb = shutil.disk_usage(folder).free / 1e9
    found = f"{free_gb:.1f} GB free in {folder.resolve()}"
    if free_gb >= DEMO_SPACE_GB:
        return Finding("disk", Status.OK, found)
    return Finding("disk", Status.FAIL, found, f"free {DEMO_SPACE_GB:.0f} GB or use another folder")


def _why_it_fails(code: str, environment: dict[str, str]) -> str:
    """Last line that Python code leaves on stderr when it fails in a new process; "" when well."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=PROCESS_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {PROCESS_LIMIT_S} s"
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines()
    return lines[-1][:120] if lines else f"the process ended with status {done.returncode}"


def _names(found: list[Path]) -> str:
    return ", ".join(str(path) for path in found)
