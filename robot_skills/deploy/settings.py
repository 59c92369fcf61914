"""What a deployment is run with; configs/deploy/*.toml hold only named differences."""

from dataclasses import dataclass, replace

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError


@dataclass(frozen=True)
class ControlSettings:
    """The control process: how often it commands, and how it is scheduled."""

    rate_hz: float = 0.0
    """Joint targets sent per second; 0 takes the arm's own rate. Policies give 20, say."""
    priority: int = 0
    """SCHED_FIFO priority of the control loop, 1 to 99; 0 leaves it an ordinary process."""
    cores: tuple[int, ...] = ()
    """Processor cores that the control loop keeps to; empty leaves the choice to the system."""
    lock_memory: bool = False
    """Keep all of the control process in memory (mlockall)."""
    think_max_s: float = 30.0
    """How long a caller that lives may go without a command while the arm holds; then it stops.

    A planner thinks for seconds; a process that hangs or is gone is stopped as the limits say."""
    watchdog_silence_s: float = 0.1
    """The watchdog process stops the arm when the control loop is silent for longer."""
    watchdog_hz: float = 5.0
    """The arm's own watchdog, where it has one: it ends the program when commands come rarer.

    At 5 Hz a link that is 80 ms late each way still gets through the handshake that arms it."""
    servo_lookahead_s: float = 0.1
    """servoJ's lookahead of a UR (0.03 to 0.2)."""
    servo_gain: float = 300.0
    """servoJ's gain of a UR (100 to 2000)."""

    def for_arm(self, arm: ArmProfile) -> "ControlSettings":
        """The same with the arm's own rate where none is given; InputError where it has none."""
        if self.rate_hz > 0.0:
            return self
        if arm.deploy is None:
            raise InputError(
                f"the profile of {arm.name} has no [deploy]: it does not say how the arm is driven"
            )
        return replace(self, rate_hz=arm.deploy.rate_hz)
