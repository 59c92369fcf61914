"""A ros2_control arm: its topics, its controllers, its own stops."""
