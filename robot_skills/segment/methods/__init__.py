"""Ways to cut that others published, and chance: what the default is held against."""
