"""Carrying a plan out: control step by control step, noticing, trying again, re-planning."""
