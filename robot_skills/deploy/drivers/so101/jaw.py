"""How far the SO-101's one moving jaw is open, as a width between the pads.

The width is measured along the closing axis, where the moving pad swings about the jaw's pivot:
width = PIVOT + SWING sin(angle - PHASE). Source: pads and pivot of the SO-101's MuJoCo model.
"""

import math

PIVOT_M = 0.0271
SWING_M = 0.07595
PHASE_RAD = 0.1493
CLOSED_RAD, OPEN_RAD = -0.17453, 1.74533  # the jaw's range, where servo 6 stops
WIDEST_RAD = PHASE_RAD + math.pi / 2


def jaw_angle(width_m: float) -> float:
    """Angle in rad at which the pads stand `width_m` apart, within the jaw's range."""
    sine = min(max((width_m - PIVOT_M) / SWING_M, -1.0), 1.0)
    return max(PHASE_RAD + math.asin(sine), CLOSED_RAD)


def jaw_width(angle_rad: float) -> float:
    """Width in m at an angle; beyond where the jaw is widest it counts as widest."""
    return PIVOT_M + SWING_M * math.sin(min(angle_rad, WIDEST_RAD) - PHASE_RAD)
