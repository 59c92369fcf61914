"""What the controller's error codes mean; source: the error tables of `xarm-python-sdk`."""

from robot_skills.deploy.driver import Fault, FaultKind

EMERGENCY_CODES = (1, 2, 3)
COLLISION_CODES = (22, 31)
ERRORS = {
    1: "the emergency button is pressed; release it",
    2: "the emergency input of the control box is open",
    3: "the three-position switch is pressed",
    19: "the tool does not answer",
    22: "the arm would have met itself",
    23: "a joint is outside its range",
    24: "a joint was asked to go faster than it may",
    30: "a joint went faster than it may",
    31: "a collision, or a wrong payload setting",
    35: "the arm reached its safety boundary",
}


def fault_of(error: int) -> Fault:
    """What a controller's error code means for whoever drives the arm."""
    kind = FaultKind.PROTECTIVE_STOP
    if error in EMERGENCY_CODES:
        kind = FaultKind.EMERGENCY_STOP
    elif error in COLLISION_CODES:
        kind = FaultKind.COLLISION
    meaning = ERRORS.get(error, "see UFACTORY Studio")
    return Fault(kind, f"controller error C{error}: {meaning}; free the arm, then clear")
