"""One arm's control: its own process at the arm's rate, shared memory to it, and its watchdog."""
