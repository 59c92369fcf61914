"""Tests draw off-screen where they can, as the command line does; never on a display."""

from robot_skills.cli.rendering import choose_back_end

choose_back_end()
