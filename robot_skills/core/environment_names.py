"""How an environment is called that is not a folder of ours."""

ROBOSUITE = "robosuite:"  # before the name of one of robosuite's
