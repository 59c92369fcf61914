"""Whether readings are new, judged by the robot's own clock alone."""


class Freshness:
    """Adds up how long the robot's timestamp has stood still while the host was looking.

    A look counts for one period at most, however late it comes: a host that did not get the
    processor is not a frozen robot. So a bound of 50 ms takes six looks at 125 Hz.
    """

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._robot_time_s: float | None = None
        self._host_time_s = 0.0
        self.age_s = 0.0

    def update(self, robot_time_s: float, host_time_s: float) -> float:
        """Take in one reading; return the age in s of the newest timestamp."""
        if robot_time_s != self._robot_time_s:
            self.age_s = 0.0
        else:
            self.age_s += min(host_time_s - self._host_time_s, self._period_s)
        self._robot_time_s, self._host_time_s = robot_time_s, host_time_s
        return self.age_s
