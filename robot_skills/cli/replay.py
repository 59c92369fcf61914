"""robot-skills replay: play a demonstration again, from full state and from its actions."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

if TYPE_CHECKING:
    from robot_skills.core.demonstration import Demonstration
    from robot_skills.core.observation import Observation
    from robot_skills.core.robot import Kinematics
    from robot_skills.sim.replay import Deviation
    from robot_skills.sim.scene import Scene
    from robot_skills.sim.sim_arm import SimArm

VIDEO_SIZE = (480, 640)  # height, width


@dataclass(frozen=True)
class Replay:
    """Play demonstrations again in simulation, and say how far they come from what was recorded.

    From state, every step is set and compared with what was sensed: what remains is sensor noise.
    From actions, only the first state is set, the control law and physics do the rest, and the
    result is compared with the recorded states: on the machine that recorded, they are equal.
    """

    episode: tyro.conf.Positional[Path]
    """Folder of an episode, or of a set to play one by one."""

    source: Annotated[Literal["state", "actions", "both"], tyro.conf.arg(name="from")] = "both"
    """What to play from."""

    env: str = ""
    """Environment: a name in envs/ or a folder; by default the one of the recording."""

    arm: str = ""
    """Arm: a name in assets/arms/ or a folder; by default the one of the recording."""

    view: bool = False
    """Show it in MuJoCo's viewer at the pace it was recorded."""

    video: Path | None = None
    """MP4 file to write; for one episode, from state or from actions."""

    camera: str = "front"
    """Camera of the video."""

    def run(self) -> None:
        """Print deviations and whether the final facts agree; InputError where it cannot play."""
        from robot_skills.cli.progress import track
        from robot_skills.core.errors import InputError
        from robot_skills.paths import recording
        from robot_skills.storage.episodes import load_demonstrations
        from robot_skills.storage.writable import check_file

        check_file(self.video)
        demonstrations = load_demonstrations(recording(self.episode))
        sources = ("state", "actions") if self.source == "both" else (self.source,)
        if self.video is not None and len(sources) * len(demonstrations) > 1:
            raise InputError("--video needs one episode, and --from state or --from actions")
        for demonstration in track(demonstrations, "playing"):
            for source in sources:
                print(self._play(demonstration, source))
        if self.video is not None:
            print(f"video: {self.video}")

    def _play(self, demonstration: "Demonstration", source: str) -> str:
        from robot_skills.sim import replay
        from robot_skills.sim.kinematics import MujocoKinematics
        from robot_skills.sim.sim_arm import SimArm

        scene = self._scene(demonstration)
        robot, kinematics = SimArm(scene), MujocoKinematics(scene.arm)
        if source == "state":
            played = replay.play_states(robot, demonstration)
            expected = replay.recorded_observations(demonstration)
        else:
            controller = replay.controller_of(scene, kinematics)
            played = replay.play_actions(robot, controller, demonstration)
            expected = replay.play_states(SimArm(scene), demonstration)
        shown = self._on_screen(robot, self._on_video(robot, played))
        found = replay.deviation(shown, expected)
        differing = _differing_facts(found.last, demonstration, scene, kinematics)
        return f"{demonstration.name} from {source + ':':<8} {_summary(found)}, {differing}"

    def _scene(self, demonstration: "Demonstration") -> "Scene":
        """The scene of the recording; says so where it has changed since."""
        from robot_skills.core.arm import load_arm
        from robot_skills.core.errors import InputError
        from robot_skills.core.task_file import load_task
        from robot_skills.paths import find
        from robot_skills.sim.replay import recorded_objects
        from robot_skills.sim.scene import build_scene

        made_with = demonstration.provenance
        env, arm = self.env or made_with.get("env", ""), self.arm or made_with.get("arm", "")
        if not env or not arm:
            raise InputError(f"{demonstration.name} does not say its scene; give --env and --arm")
        task = load_task(find("envs", env))
        objects = recorded_objects(demonstration, task)
        scene = build_scene(task, load_arm(find("assets/arms", arm)), objects)
        if made_with.get("model") not in (None, scene.fingerprint):
            print(f"{demonstration.name}: the scene has changed since", file=sys.stderr)
        return scene

    def _on_video(
        self, robot: "SimArm", played: Iterable["Observation"]
    ) -> Iterator["Observation"]:
        """Pass every step through, filming it where a video was asked for."""
        from robot_skills.sim.render import Cameras
        from robot_skills.storage.atomic import new_file
        from robot_skills.storage.video import VideoWriter

        if self.video is None:
            yield from played
            return
        with (
            Cameras(robot.scene, *VIDEO_SIZE, (self.camera,)) as cameras,
            new_file(self.video) as partial,
            VideoWriter(partial, VIDEO_SIZE, robot.rate_hz) as video,
        ):
            for observation in played:
                video.write(cameras.image(robot.data, self.camera))
                yield observation

    def _on_screen(
        self, robot: "SimArm", played: Iterable["Observation"]
    ) -> Iterator["Observation"]:
        """Pass every step through at its own pace, shown in a window where one was asked for."""
        from robot_skills.sim.viewer import Viewer

        if not self.view:
            yield from played
            return
        with Viewer(robot) as viewer:
            for observation in played:
                viewer.show()
                yield observation


def _summary(found: "Deviation") -> str:
    worst = f" ({found.worst_object})" if found.object_m > 0.0 else ""
    return (
        f"{found.steps} steps, joints within {found.joint_rad:.2g} rad, "
        f"objects within {1000 * found.object_m:.2g} mm{worst}"
    )


def _differing_facts(
    played: "Observation",
    demonstration: "Demonstration",
    scene: "Scene",
    kinematics: "Kinematics",
) -> str:
    """Whether the facts at the end are the ones that were sensed then."""
    from robot_skills.core.facts import format_facts
    from robot_skills.core.predicates import FactObserver
    from robot_skills.sim.replay import recorded_observations

    observer = FactObserver(scene.task, scene.objects)
    *_, sensed = recorded_observations(demonstration)
    ends = [observer.facts(o, kinematics.ee_pose(o.joint_position)) for o in (played, sensed)]
    differing = ends[0] ^ ends[1]
    return f"final facts differ in {format_facts(differing)}" if differing else "final facts agree"
