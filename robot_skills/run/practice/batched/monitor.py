"""How the runs of a skill in many worlds end: SkillMonitor and UndoneWatch with a first axis N."""

import torch

from robot_skills.core.skill import Skill
from robot_skills.nets.batched.steps import Steps
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.run.execute.skill_monitor import Outcome

OUTCOMES = tuple(Outcome)
GOES_ON = -1


class BatchMonitor:
    """Judges N runs, control step by control step, by numbers of `OUTCOMES`.

    Everything is of the type and device of `like` (N,).
    """

    def __init__(self, skill: Skill, config: ExecutorConfig, like: torch.Tensor) -> None:
        self._config = config
        self._late = round(config.late * skill.median_steps)
        self._limit = round(config.limit * skill.median_steps)
        nothing = torch.zeros_like(like, dtype=torch.long)
        self._steps = self._holds = self._lost = self._ended = nothing
        self._path = like.new_zeros((len(like), config.stuck_steps, 3))
        self._missing: torch.Tensor | None = None
        self._watched: torch.Tensor | None = None

    def reset(self, mask: torch.Tensor, steps: Steps, facts: torch.Tensor) -> None:
        """Judge new runs in the worlds of a mask (N,), where facts (N, P) hold at the start."""
        for name in ("_steps", "_holds", "_lost", "_ended"):
            setattr(self, name, torch.where(mask, 0, getattr(self, name)))
        if self._watched is None or self._missing is None:
            self._watched = torch.zeros_like(facts)
            self._missing = torch.zeros_like(facts, dtype=torch.long)
        self._watched = torch.where(mask[:, None], steps.needed & facts, self._watched)
        self._missing = torch.where(mask[:, None], 0, self._missing)

    def judge(
        self, facts: torch.Tensor, ee: torch.Tensor, done: torch.Tensor, steps: Steps
    ) -> torch.Tensor:
        """How each run ended (N,), or GOES_ON: from facts (N, P), hands (N, 7), done (N,)."""
        config = self._config
        self._steps = self._steps + 1
        self._path = torch.cat([self._path[:, 1:], ee[:, None, :3]], dim=1)
        has_ended = done > config.done_probability
        brought = (facts | ~steps.added).all(dim=1) & ~(facts & steps.deleted).any(dim=1)
        self._holds = torch.where(brought, self._holds + 1, 0)
        sure = self._holds >= config.confirm
        success = brought & sure & (has_ended | (self._holds > config.patience))
        kept = (facts | ~steps.kept).all(dim=1)
        self._lost = torch.where(brought, self._lost, torch.where(kept, 0, self._lost + 1))
        ended = torch.where(has_ended, self._ended + 1, 0)
        self._ended = torch.where(brought, self._ended, ended)
        trouble = self._trouble() & ~brought[:, None]
        undone = self._undone(facts)
        ends = [(success, Outcome.SUCCESS)]
        ends += zip(trouble.unbind(dim=1), _TROUBLE, strict=True)
        ends += [(undone, Outcome.UNDONE), (self._steps >= self._limit, Outcome.OUT_OF_TIME)]
        return _first(ends)

    def _trouble(self) -> torch.Tensor:
        """Which of `_TROUBLE` (N, 4) there is."""
        config = self._config
        extent = self._path.amax(dim=1) - self._path.amin(dim=1)
        still = torch.linalg.vector_norm(extent, dim=1) < config.stuck_m
        found = [
            self._lost > config.lost_steps,
            self._ended > config.lost_steps,
            self._steps > self._late,
            still & (self._steps >= config.stuck_steps),
        ]
        return torch.stack(found, dim=1)

    def _undone(self, facts: torch.Tensor) -> torch.Tensor:
        assert self._watched is not None
        assert self._missing is not None
        self._missing = torch.where(self._watched & ~facts, self._missing + 1, 0)
        return (self._missing >= self._config.undone_steps).any(dim=1)


_TROUBLE = (Outcome.LOST, Outcome.NO_EFFECT, Outcome.LATE, Outcome.STUCK)


def _first(ends: list[tuple[torch.Tensor, Outcome]]) -> torch.Tensor:
    """The first outcome (N,) in a list that holds, or GOES_ON."""
    found = torch.full_like(ends[0][0], GOES_ON, dtype=torch.long)
    for holds, outcome in reversed(ends):
        found = torch.where(holds, OUTCOMES.index(outcome), found)
    return found
