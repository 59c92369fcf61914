"""LeRobot, both ways, from an environment of its own: nothing here imports it but `package`."""
