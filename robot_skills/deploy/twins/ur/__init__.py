"""A Universal Robots twin: RTDE, script upload, dashboard, and the gripper's socket."""
