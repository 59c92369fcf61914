"""The types every stage shares; NumPy and the standard library only."""
