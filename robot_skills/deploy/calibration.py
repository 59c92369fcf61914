"""Calibration of one arm: which arm it is, of which model, and that its joints move as told.

It is written at the end of a check, kept in the user's configuration folder, and asked for before
the first motion: another arm, another model or an edited file is refused.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError
from robot_skills.core.toml_file import TomlTable
from robot_skills.deploy.driver import ArmInfo
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.storage.atomic import write_text
from robot_skills.storage.toml_text import format_toml

Floats = NDArray[np.float64]

FORMAT = 1
DECIMALS = 5  # of the poses that are hashed: 10 micrometres
PROBE_RAD = 0.5  # how far each joint is turned from home for the model's hash
CHECK = "robot-skills deploy --check"


@dataclass(frozen=True)
class Calibration:
    """What a check found out about one arm; `id` is the hash of all of it.

    `profile` and `kinematics` are the hashes of profile.toml and of the model's poses. `confirmed`
    names the joints, in command order, that were seen to move as told. `cameras` has poses (7,)
    of cameras in world, by name. `by` says who confirmed.
    """

    arm: str
    profile: str
    kinematics: str
    serial: str
    firmware: str
    confirmed: tuple[str, ...]
    by: str
    date: str
    cameras: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Hash of everything else, in hexadecimal."""
        content = json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def check(self, arm: ArmProfile, info: ArmInfo | None = None) -> None:
        """Raise InputError unless this is of that profile, model and connected arm.

        Without `info` the arm itself is not looked at: nothing is connected yet.
        """
        if self.arm != arm.name:
            raise _refusal(f"it is of the arm {self.arm}, not of {arm.name}")
        if self.profile != profile_hash(arm):
            raise _refusal(f"{arm.file} has changed since")
        if self.kinematics != kinematics_hash(arm):
            raise _refusal(f"the model of {arm.name} has changed since")
        if self.confirmed != arm.joints:
            missing = [name for name in arm.joints if name not in self.confirmed]
            raise _refusal(f"nobody saw these joints move as told: {', '.join(missing)}")
        if info is not None and self.serial != info.serial:
            raise _refusal(f"it is of serial {self.serial!r}; this arm is {info.serial!r}")


def calibration_of(
    arm: ArmProfile,
    info: ArmInfo,
    by: str,
    date: str,
    cameras: Mapping[str, Floats] | None = None,
) -> Calibration:
    """The calibration of a connected arm all of whose joints were confirmed."""
    return Calibration(
        arm=arm.name,
        profile=profile_hash(arm),
        kinematics=kinematics_hash(arm),
        serial=info.serial,
        firmware=info.firmware,
        confirmed=arm.joints,
        by=by,
        date=date,
        cameras={n: tuple(np.asarray(pose).tolist()) for n, pose in (cameras or {}).items()},
    )


def profile_hash(arm: ArmProfile) -> str:
    """Hash of the profile's file, in hexadecimal."""
    return hashlib.sha256(arm.file.read_bytes()).hexdigest()[:16]


def kinematics_hash(arm: ArmProfile) -> str:
    """Hash of where the end-effector is at home and with each joint turned, in hexadecimal."""
    kinematics = MujocoKinematics(arm)
    turns = np.vstack([np.zeros(arm.dof), PROBE_RAD * np.eye(arm.dof)])
    poses = np.array([kinematics.ee_pose(arm.home + turn) for turn in turns])
    rounded = np.round(poses, DECIMALS) + 0.0  # no negative zeros
    return hashlib.sha256(rounded.tobytes()).hexdigest()[:16]


def calibration_folder() -> Path:
    """Where calibrations are kept: the user's configuration folder."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "robot_skills" / "calibration"


def calibration_file(given: str, arm: str, address: str) -> Path:
    """The file that --calibration names, by NAME or PATH; by default of this arm and address."""
    if given.endswith(".toml") or "/" in given:
        return Path(given).expanduser()
    name = given or f"{arm}-{address}"
    return calibration_folder() / f"{re.sub(r'[^A-Za-z0-9.-]+', '_', name)}.toml"


def save_calibration(file: Path, calibration: Calibration) -> None:
    """Write it with its id, in the place of an older one."""
    content = {"format": FORMAT, "id": calibration.id, **asdict(calibration)}
    write_text(file, format_toml(content))


def load_calibration(file: Path) -> Calibration:
    """Read a calibration; raises InputError where there is none or it was edited."""
    if not file.is_file():
        raise InputError(
            f"the arm has no calibration: {file} is missing. {CHECK} makes one; it takes minutes"
        )
    table = TomlTable.read(file)
    texts = ("arm", "profile", "kinematics", "serial", "firmware", "by", "date")
    table.check_keys(("format", "id", "confirmed", *texts), ("cameras",))
    if table.values["format"] != FORMAT:
        raise table.error("format", f"format must be {FORMAT}; found {table.values['format']!r}")
    cameras = table.table("cameras")
    found = Calibration(
        **{key: table.text(key) for key in texts},
        confirmed=table.texts("confirmed"),
        cameras={name: tuple(cameras.numbers(name, (7,)).tolist()) for name in cameras.values},
    )
    if table.text("id") != found.id:
        raise table.error("id", f"the file was edited: its id does not fit; run {CHECK} again")
    return found


def _refusal(reason: str) -> InputError:
    return InputError(f"the calibration does not fit: {reason}. Run {CHECK} again")
