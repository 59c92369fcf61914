"""What a policy that sees makes of an observation: pictures, its own hand, and no object's pose."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError, unknown_name
from robot_skills.core.frames import upright_frame
from robot_skills.core.observation import Observation
from robot_skills.core.policy import Subgoal
from robot_skills.core.robot import Kinematics
from robot_skills.core.skill import Skill, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.nets.networks.eyes import Eyes
from robot_skills.nets.sight.camera_features import HandView, camera_features, hand_frames
from robot_skills.nets.sight.pictures import picture
from robot_skills.nets.sight.seen import Seen
from robot_skills.nets.sight.skill_sight import OPEN_THRESHOLD_M

Floats = NDArray[np.float64]

APPEARANCE = "appearance."  # before the name of a thing whose hue is among a skill's weights


@dataclass(frozen=True)
class CameraSetup:
    """Cameras by name, the size of their images in pixels, and by how much pictures are shrunk."""

    cameras: tuple[str, ...] = ("front", "wrist")
    height: int = 120
    width: int = 160
    shrink: int = 2

    def eyes(self) -> Eyes:
        """The network for pictures of this size."""
        return Eyes(len(self.cameras), self.height // self.shrink, self.width // self.shrink)

    def settings(self) -> dict[str, int | str]:
        """As plain values among a skill's settings."""
        return {
            "cameras": " ".join(self.cameras),
            "image_height": self.height,
            "image_width": self.width,
            "image_shrink": self.shrink,
        }


def camera_setup(settings: Mapping[str, Any]) -> CameraSetup | None:
    """The cameras that a skill's policy looks through; None where it is told poses instead."""
    names = str(settings.get("cameras", "")).split()
    if not names:
        return None
    sizes = (int(settings[f"image_{key}"]) for key in ("height", "width", "shrink"))
    return CameraSetup(tuple(names), *sizes)


def library_cameras(library: SkillLibrary) -> CameraSetup | None:
    """The cameras that a library's skills look through, all the same; None where none looks."""
    found = (camera_setup(skill.settings) for skill in library.skills)
    return next((setup for setup in found if setup is not None), None)


def meant_thing(skill: Skill, subgoal: Subgoal) -> str:
    """What a skill has to look for: the thing itself, or what the thing in the hand goes to."""
    name = subgoal.binding[skill.frame.parameter]
    if skill.frame.kind == "object":
        return name
    pairs = sorted(f for f in subgoal.facts if len(f.arguments) == 2 and f.arguments[0] == name)
    if not pairs:
        raise InputError(f"skill {skill.name} is not told where {name} shall go")
    return pairs[0].arguments[1]


class CameraSight:
    """Inputs of one skill's network from images, joints and gripper.

    Of the poses in an observation none is used. What is meant is known by the hue that it has in
    the recordings; a fixture by its known frame, which a subgoal's pose stands for.
    """

    def __init__(self, skill: Skill, task: Task, kinematics: Kinematics, setup: CameraSetup):
        self._skill, self._task, self._kinematics = skill, task, kinematics
        self._setup, self._eyes = setup, setup.eyes()
        self._weights = {n: a for n, a in skill.weights.items() if n.startswith("eyes.")}
        self._hues = {
            name.removeprefix(APPEARANCE): np.asarray(array, np.float32)
            for name, array in skill.weights.items()
            if name.startswith(APPEARANCE)
        }
        self._closing: bool | None = None

    def reset(self) -> None:
        """Start the skill anew."""
        self._closing = None

    def sent(self, gripper_width_m: float) -> None:
        """Take note of the gripper command that was carried out."""
        self._closing = gripper_width_m < OPEN_THRESHOLD_M

    def look(self, observation: Observation, subgoal: Subgoal) -> Seen:
        """What the network is given now; the frame to move in is the hand's own."""
        ee = self._kinematics.ee_pose(observation.joint_position)
        if self._closing is None:
            carrying = self._skill.frame.kind == "goal"
            self._closing = carrying or observation.gripper_width_m < OPEN_THRESHOLD_M
        meant = meant_thing(self._skill, subgoal)
        view = HandView(
            ee=ee[None],
            width_m=np.array([observation.gripper_width_m]),
            closing=np.array([float(self._closing)]),
            place=self._place(meant, subgoal),
        )
        pictures = self._pictures(observation, meant).astype(np.float32) / 255.0
        seen = self._eyes(self._weights, pictures)
        inputs = np.concatenate([camera_features(view)[0], seen])
        return Seen(f"hand, towards {meant}", ee, hand_frames(ee), inputs)

    def _place(self, meant: str, subgoal: Subgoal) -> Floats | None:
        if self._skill.frame.kind != "goal" or meant not in self._task.fixtures:
            return None
        name = subgoal.binding[self._skill.frame.parameter]
        symmetry = self._task.yaw_symmetry_of(name)
        return np.asarray(upright_frame(subgoal.poses[name], symmetry))[None]

    def _pictures(self, observation: Observation, meant: str) -> NDArray[np.uint8]:
        hue = None if meant in self._task.fixtures else self._hue(meant)
        images = [self._image(observation, name) for name in self._setup.cameras]
        return np.stack([picture(image, hue, self._setup.shrink) for image in images])

    def _hue(self, meant: str) -> NDArray[np.float32]:
        if meant not in self._hues:
            raise unknown_name("thing whose look is known from the recordings", meant, self._hues)
        return self._hues[meant]

    def _image(self, observation: Observation, camera: str) -> NDArray[np.uint8]:
        if camera not in observation.images:
            raise InputError(
                f"skill {self._skill.name} looks through the camera {camera}; the robot has "
                f"{', '.join(observation.images) or 'no images'}"
            )
        image = observation.images[camera]
        if image.shape != (self._setup.height, self._setup.width, 3):
            raise InputError(
                f"camera {camera}: the policy learned from images of {self._setup.height} x "
                f"{self._setup.width} pixels; found {image.shape}"
            )
        return image
