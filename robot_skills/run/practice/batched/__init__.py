"""Practice in thousands of worlds at once: the executor's law for one skill, on a device."""
