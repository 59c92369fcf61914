"""Long unlabelled demonstrations in, an arm doing long tasks nobody showed it out.

    record   an expert performs whole tasks; joints, gripper, objects and video are kept
    segment  the recordings are cut where prediction fails
    train    pieces that recur become skills: a policy each, what it needs, what it brings about
    plan     skills are chained towards facts that should hold
    run      the chain is carried out, watched, retried and re-planned, in simulation
    deploy   the same executor drives a real arm

Each verb is a sub-package and a command of `robot-skills`.
"""

__version__ = "0.1.0"
