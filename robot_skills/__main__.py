"""`python -m robot_skills` is the command `robot-skills`."""

import sys

from robot_skills.cli import main

sys.exit(main())
