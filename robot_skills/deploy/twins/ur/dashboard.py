"""The dashboard server of a UR controller (TCP 29999): one line in, one line out.

Source: Universal Robots, "Dashboard Server e-Series".
"""

from robot_skills.deploy.twins.hub import Connection, Receive, line_receiver
from robot_skills.deploy.twins.ur.cabinet import (
    SAFETY_EMERGENCY,
    SAFETY_NORMAL,
    SAFETY_PROTECTIVE,
    UrCabinet,
)

PORT = 29999
GREETING = b"Connected: Universal Robots Dashboard Server\n"
_SAFETY_NAMES = {
    SAFETY_NORMAL: "NORMAL",
    SAFETY_PROTECTIVE: "PROTECTIVE_STOP",
    SAFETY_EMERGENCY: "ROBOT_EMERGENCY_STOP",
}


class UrDashboard:
    """Answers the questions and orders that clients of an arm in remote control send."""

    def __init__(self, cabinet: UrCabinet) -> None:
        self._cabinet = cabinet

    def greet(self, connection: Connection) -> Receive:
        """Take up a client."""
        connection.send(GREETING)
        return line_receiver(lambda line: connection.send(self.answer(line).encode() + b"\n"))

    def answer(self, line: str) -> str:
        """The controller's line for one order."""
        program = self._cabinet.program
        safety = _SAFETY_NAMES[self._cabinet.safety_mode]
        order = line.strip().lower()
        if order == "unlock protective stop":
            return self._unlock(SAFETY_PROTECTIVE, "Protective stop releasing")
        if order == "restart safety":
            return self._unlock(SAFETY_EMERGENCY, "Restarting safety")
        if order == "stop":
            program.end("dashboard")
        fixed = {
            "polyscopeversion": "URSoftware 5.15.0.0 (twin)",
            "is in remote control": "true",
            "get robot model": "UR5",
            "get serial number": "0",
            "robotmode": "Robotmode: RUNNING",
            "safetymode": f"Safetymode: {safety}",
            "safetystatus": f"Safetystatus: {safety}",
            "running": f"Program running: {str(program.running).lower()}",
            "programstate": "PLAYING twin" if program.running else "STOPPED twin",
            "stop": "Stopped",
            "close safety popup": "closing safety popup",
            "close popup": "closing popup",
            "power on": "Powering on",
            "power off": "Powering off",
            "brake release": "Brake releasing",
            "quit": "Disconnected",
        }
        return fixed.get(order, f"could not understand: {line}")

    def _unlock(self, mode: int, answer: str) -> str:
        if self._cabinet.safety_mode == mode:
            self._cabinet.unlock()
        return answer
