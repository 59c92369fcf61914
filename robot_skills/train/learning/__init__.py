"""A skill's policy and alarm, learned from its segments."""
