"""Whether readings are new, judged by the robot's own clock alone."""


class Freshness:
    """Adds up how long the robot's timestamp has stood still while the host was looking.

    Time in which the host itself did not look counts for no more than two periods: a late loop is
    not a frozen link.
    """

    def __init__(self, period_s: float) -> None:
        self._longest_look_s = 2 * period_s
        self._robot_time_s: float | None = None
        self._host_time_s = 0.0
        self.age_s = 0.0

    def update(self, robot_time_s: float, host_time_s: float) -> float:
        """Take in one reading; return the age in s of the newest timestamp."""
        if robot_time_s != self._robot_time_s:
            self.age_s = 0.0
        else:
            self.age_s += min(host_time_s - self._host_time_s, self._longest_look_s)
        self._robot_time_s, self._host_time_s = robot_time_s, host_time_s
        return self.age_s
