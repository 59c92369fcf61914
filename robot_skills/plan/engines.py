"""Fast Downward as an engine of unified-planning that leaves nothing in the working folder.

Imported by unified-planning's factory alone: importing it needs the planner's own package.
"""

from pathlib import Path

from up_fast_downward.fast_downward import FastDownwardOptimalPDDLPlanner


class TidyFastDownward(FastDownwardOptimalPDDLPlanner):  # type: ignore[misc]  # has no types
    """A* with LM-cut (Helmert and Domshlak 2009), its intermediate file beside the plan file.

    The package's own engine writes `output.sas` into the working folder, where planners that run
    side by side would overwrite each other's.
    """

    def _base_cmd(self, plan_filename: str) -> list[str]:
        intermediate = Path(plan_filename).with_name("output.sas")
        command: list[str] = super()._base_cmd(plan_filename)
        return [*command, "--sas-file", str(intermediate)]
