"""Twins: processes that speak an arm's own protocol, with a simulated world behind them."""

TWINS = ("fr3", "so101", "ur5e", "xarm6")
