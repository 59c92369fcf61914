"""Residual learning in thousands of worlds at once, by rsl-rl-lib's PPO on one device."""
