"""What every driver promises, with its vendor's real client against its family's twin.

Times are the robot's own; the motion that counts is the one in the twin's log.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import pytest
from numpy.typing import NDArray
from twin_robots import free_address

from robot_skills import paths
from robot_skills.core.arm import ArmProfile, load_arm
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.driver import ArmDriver, ArmState, Fault, StopKind
from robot_skills.deploy.drivers import make_driver
from robot_skills.deploy.settings import ControlSettings
from robot_skills.deploy.twins.process import TwinProcess
from robot_skills.deploy.twins.settings import TwinSettings

pytestmark = pytest.mark.real_time

Floats = NDArray[np.float64]

CONNECT_TIMEOUT_S = 3.0
SETTLED_RAD = 0.02  # a servo's own error at rest
STILL_RAD_S = 0.02
STANDSTILL_S = 0.7  # braking from 0.2 rad/s, a servo's lag and a late tick
PATIENCE_S = 20.0  # of wall time, on a busy machine


@dataclass(frozen=True)
class Family:
    """One arm with the client that its driver needs."""

    arm: str
    client: str

    def __str__(self) -> str:
        return self.arm


FAMILIES = (
    Family("ur5e", "rtde_control"),
    Family("so101", "scservo_sdk"),
    Family("fr3", "pylibfranka"),
    Family("xarm6", "xarm"),
)


@dataclass
class Bench:
    """One driver at one twin."""

    driver: ArmDriver
    twin: TwinProcess
    arm: ArmProfile

    def read_new(self) -> ArmState:
        """The next reading with a later robot time."""
        before = self.driver.read().robot_time_s
        deadline_s = time.monotonic() + PATIENCE_S
        while (state := self.driver.read()).robot_time_s <= before:
            assert time.monotonic() < deadline_s, "the robot's clock stands still"
            time.sleep(0.5 / self.driver.info.rate_hz)
        return state

    def follow(self, goal: Floats, duration_s: float, width_m: float | None = None) -> ArmState:
        """Go to joints `goal` on a straight line that takes `duration_s` of robot time."""
        state = self.driver.read()
        first, start_s = state.joint_position_rad, state.robot_time_s
        while True:
            share = min((state.robot_time_s - start_s) / duration_s, 1.0)
            eased = share * share * (3 - 2 * share)
            self.driver.command(first + eased * (goal - first), width_m)
            if share >= 1.0:
                return state
            state = self.read_new()

    def hold(self, duration_s: float, width_m: float | None = None) -> ArmState:
        """Ask for the present joints for a while."""
        return self.follow(self.driver.read().joint_position_rad, duration_s, width_m)

    def moved(self, joint: int, by_rad: float) -> Floats:
        goal = self.driver.read().joint_position_rad.copy()
        goal[joint] += by_rad
        return goal


@pytest.fixture(params=FAMILIES, ids=str)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    family = request.param
    if find_spec(family.client) is None:
        pytest.skip(f"{family.client} is not installed")
    arm = load_arm(paths.find("assets/arms", family.arm))
    assert arm.deploy is not None
    settings = TwinSettings(host=free_address(), arm=family.arm, gap=0.0)
    with TwinProcess(settings) as twin:
        control = ControlSettings(rate_hz=arm.deploy.rate_hz)
        driver = make_driver(arm.deploy.driver, twin.address, arm, control)
        driver.connect(CONNECT_TIMEOUT_S)
        try:
            yield Bench(driver, twin, arm)
        finally:
            driver.close()


def test_connecting_and_reading_move_nothing(bench: Bench) -> None:
    state = bench.read_new()
    later = bench.read_new()
    assert bench.driver.info.joints == bench.arm.joints
    assert state.joint_position_rad == pytest.approx(bench.arm.home, abs=SETTLED_RAD)
    assert np.abs(state.joint_velocity_rad_s).max() < STILL_RAD_S
    assert state.fault is None and state.link_errors == 0
    assert later.robot_time_s > state.robot_time_s
    excursion = bench.twin.stats()["largest_joint_excursion_rad"]
    assert max(excursion) < SETTLED_RAD


def test_starting_and_holding_keep_the_arm_where_it_is(bench: Bench) -> None:
    bench.driver.start()
    bench.hold(0.5)
    assert max(bench.twin.stats()["largest_joint_excursion_rad"]) < SETTLED_RAD


@pytest.mark.parametrize("joint", [0, -1], ids=["first joint", "last joint"])
def test_a_joint_goes_where_it_is_told_and_only_that_one(bench: Bench, joint: int) -> None:
    bench.driver.start()
    goal = bench.moved(joint, 0.2)
    bench.follow(goal, 1.5)
    reached = bench.follow(goal, 0.7)
    assert reached.joint_position_rad == pytest.approx(goal, abs=SETTLED_RAD)
    excursion = np.array(bench.twin.stats()["largest_joint_excursion_rad"])
    assert excursion[joint] == pytest.approx(0.2, abs=SETTLED_RAD)
    assert np.delete(excursion, joint).max() < SETTLED_RAD


def test_a_command_returns_what_was_sent(bench: Bench) -> None:
    bench.driver.start()
    goal = bench.moved(0, 0.001)
    sent = bench.driver.command(goal, None)
    assert sent == pytest.approx(goal, abs=2 * np.pi / 4096)  # the coarsest encoder's step


def test_the_gripper_goes_to_a_width(bench: Bench) -> None:
    bench.driver.start()
    half_m = bench.arm.gripper.width_max_m / 2
    bench.hold(2.5, half_m)
    seen = bench.read_new().gripper_width_m
    assert seen == pytest.approx(half_m, abs=0.004)


@pytest.mark.parametrize("kind", [StopKind.SMOOTH, StopKind.HOLD])
def test_a_stop_in_motion_brings_the_arm_to_rest_for_good(bench: Bench, kind: StopKind) -> None:
    bench.driver.start()
    bench.follow(bench.moved(0, 0.1), 0.5)
    stopped_s = bench.driver.read().robot_time_s
    bench.driver.stop(kind)
    bench.driver.stop(kind)
    wait(bench, STANDSTILL_S)
    assert bench.twin.stats()["last_motion_s"] - stopped_s < STANDSTILL_S
    assert np.abs(bench.driver.read().joint_velocity_rad_s).max() < STILL_RAD_S


def test_a_stop_comes_from_another_thread_too(bench: Bench) -> None:
    bench.driver.start()
    bench.follow(bench.moved(0, 0.05), 0.5)
    thread = threading.Thread(target=bench.driver.stop, args=(StopKind.SMOOTH,))
    thread.start()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    stopped_s = bench.driver.read().robot_time_s
    wait(bench, STANDSTILL_S)
    assert bench.twin.stats()["last_motion_s"] - stopped_s < STANDSTILL_S


def test_the_arms_own_stop_is_told_and_only_clearing_it_lets_the_arm_move(bench: Bench) -> None:
    bench.driver.start()
    bench.hold(0.2)
    bench.twin.tell(fault="pstop")
    fault = wait_for_fault(bench)
    assert fault.detail
    with pytest.raises(RobotFault):
        bench.driver.start()
    bench.driver.clear_fault()
    bench.driver.start()
    goal = bench.moved(0, 0.1)
    bench.follow(goal, 1.0)
    assert bench.follow(goal, 0.7).joint_position_rad == pytest.approx(goal, abs=SETTLED_RAD)


def test_on_a_frozen_link_reading_returns_and_the_clock_stands(bench: Bench) -> None:
    bench.read_new()
    bench.twin.tell(fault="freeze")
    time.sleep(0.3)
    seen = []
    for _ in range(5):
        began_s = time.monotonic()
        seen.append(bench.driver.read())
        assert time.monotonic() - began_s < 0.5
        time.sleep(0.05)
    stands = seen[0].robot_time_s == seen[-1].robot_time_s
    assert stands or seen[-1].link_errors >= 3 or seen[-1].fault is not None
    bench.twin.tell(fault="thaw")
    time.sleep(0.2)


def test_closing_twice_is_harmless_and_another_driver_may_follow(bench: Bench) -> None:
    bench.driver.close()
    bench.driver.close()
    assert bench.arm.deploy is not None
    control = ControlSettings(rate_hz=bench.arm.deploy.rate_hz)
    again = make_driver(bench.arm.deploy.driver, bench.twin.address, bench.arm, control)
    again.connect(CONNECT_TIMEOUT_S)
    try:
        assert again.read().fault is None
    finally:
        again.close()


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_an_address_where_nothing_answers_is_named_at_once(family: Family) -> None:
    if find_spec(family.client) is None:
        pytest.skip(f"{family.client} is not installed")
    arm = load_arm(paths.find("assets/arms", family.arm))
    assert arm.deploy is not None
    address = "/dev/nothing_here" if family.arm == "so101" else free_address()
    driver = make_driver(arm.deploy.driver, address, arm, ControlSettings())
    began_s = time.monotonic()
    with pytest.raises(InputError, match=address):
        driver.connect(CONNECT_TIMEOUT_S)
    assert time.monotonic() - began_s < 2 * CONNECT_TIMEOUT_S


def wait(bench: Bench, duration_s: float) -> None:
    """Let robot time pass without commanding."""
    end_s = bench.driver.read().robot_time_s + duration_s
    deadline_s = time.monotonic() + PATIENCE_S
    while bench.driver.read().robot_time_s < end_s and time.monotonic() < deadline_s:
        time.sleep(0.01)


def wait_for_fault(bench: Bench) -> Fault:
    deadline_s = time.monotonic() + PATIENCE_S
    while (fault := bench.driver.read().fault) is None:
        assert time.monotonic() < deadline_s, "no fault is told"
        time.sleep(0.01)
    return fault
