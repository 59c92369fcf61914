"""Real arms and their twins: drivers, limits, the control process and perception."""
