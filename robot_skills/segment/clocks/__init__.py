"""A video and a log on one clock."""
