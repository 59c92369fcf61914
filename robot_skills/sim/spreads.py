"""How much a real arm, its things and its sensors usually differ from their models.

One scale for twins that stand in for real arms and for worlds that policies practise in.
"""

import numpy as np

RELATIVE_SPREAD = 0.2  # friction, mass and servo gain
SIZE_SPREAD = 0.02  # of a thing's size
DELAY_S = (0.010, 0.040)  # of the link, one way
POSITION_NOISE_M = 0.002
ROTATION_NOISE_RAD = np.deg2rad(1.0)
LARGEST_SCALE = 4.0  # times as much: beyond, masses could turn negative
