"""Any arm behind ros2_control: joint states in, joint trajectories out."""
