"""Policy networks: one formula each for torch, which learns, and NumPy, which runs."""
