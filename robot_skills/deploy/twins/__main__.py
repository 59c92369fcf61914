"""A twin in its own process: an arm's protocols on one address, a simulated world behind them.

    python -m robot_skills.deploy.twins --arm ur5e --host 127.0.0.2 --task blocks --goal tower

prints {"ready": {"host", "address", "pid"}} as a JSON line, then answers JSON lines on stdin:
{"fault": "freeze"}, {"fault": "block", "value": {"joint": 2}}, {"delay_ms": 30}, {"stats": true},
{"stop": true}. No twin was ever compared with a real controller.
"""

import argparse
import sys
from dataclasses import fields

from robot_skills.core.errors import InputError
from robot_skills.deploy.twins.settings import TwinSettings
from robot_skills.deploy.twins.twin import Twin, say


def _settings() -> TwinSettings:
    parser = argparse.ArgumentParser(
        prog="python -m robot_skills.deploy.twins",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for setting in fields(TwinSettings):
        kind = type(setting.default)
        parser.add_argument(f"--{setting.name}", type=kind, default=setting.default)
    return TwinSettings(**vars(parser.parse_args()))


def main() -> None:
    """Run a twin as the command line says."""
    try:
        Twin(_settings()).run()
    except (InputError, OSError) as error:
        say({"error": str(error)})
        sys.exit(1)


if __name__ == "__main__":
    main()
