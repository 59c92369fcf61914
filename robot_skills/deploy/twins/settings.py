"""What a twin is started with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TwinSettings:
    """One twin: its address, its arm, and the world around it; task "none" is the bare arm."""

    host: str = "127.0.0.2"
    """Loopback address of everything that it serves over TCP; two twins need two."""
    arm: str = "ur5e"
    """Profile of the arm: a name in assets/arms/ or a folder."""
    driver: str = ""
    """Driver that it is to answer: the profile's own by default, or ros2."""
    task: str = "none"
    goal: str = ""
    seed: int = 0
    gap: float = 1.0
    """How much it differs from training: 0 not at all, 1 as an arm may, 2 twice that."""
    log: str = ""
    """File for its own log."""
    clock: str = ""
    """What drives its time: wall, or sim: as wall, but it waits for each command.

    Empty is the family's own: sim where each state asks for one command (franka), else wall."""
