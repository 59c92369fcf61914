"""Twins: processes that speak an arm's own protocol, with a simulated world behind them."""

TWINS = ("ur5e",)
