"""Fast Downward as an engine of unified-planning that leaves nothing in the working folder.

Imported by unified-planning's factory alone: importing it needs the planner's own package.
"""

from pathlib import Path
from typing import Any

from unified_planning.engines import PlanGenerationResultStatus
from up_fast_downward.fast_downward import FastDownwardOptimalPDDLPlanner

SOLVED = range(4)  # exit statuses after which there is a plan (fast-downward.org/ExitCodes)


class TidyFastDownward(FastDownwardOptimalPDDLPlanner):  # type: ignore[misc]  # has no types
    """A* with LM-cut (Helmert and Domshlak 2009), its intermediate file beside the plan file.

    The package's own engine writes `output.sas` into the working folder, where planners that run
    side by side would overwrite each other's.
    """

    def _base_cmd(self, plan_filename: str) -> list[str]:
        intermediate = Path(plan_filename).with_name("output.sas")
        command: list[str] = super()._base_cmd(plan_filename)
        return [*command, "--sas-file", str(intermediate)]

    def _result_status(
        self, problem: Any, plan: Any, retval: int | None = None, log_messages: Any = None
    ) -> Any:
        """The package's own reading would take a crash (status 1, no plan) for a proof."""
        if plan is None and retval in SOLVED:
            return PlanGenerationResultStatus.INTERNAL_ERROR
        return super()._result_status(problem, plan, retval, log_messages)
