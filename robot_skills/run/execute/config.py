"""When the executor counts a skill as done, stuck or late, and how often it tries again."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ExecutorConfig:
    """When a skill counts as done, stuck or late, in control steps and metres.

    Effects must hold `confirm` steps running; then the policy's own opinion ends the skill, or
    `patience` further steps. A skill may take `late` times the demonstrations' median; the
    episode `limit` times the plan's, and with the plans that take its place at most `longer` times
    that.

    What is still needed counts as undone when it has not held for `undone_steps`, and what is
    carried as lost after `lost_steps`; for `alarm_lasts` after an alarm, after `alarmed_steps`.
    Where there is no plan the arm waits `settle_steps` and looks again. Things not seen for
    `unseen_s` make the arm hold still, for `blind_steps` at most. A subgoal is bound anew when
    its place has moved by `rebind_m`.

    Before a step is tried again the hand rises by `withdraw_m`; after `home_after` failures, where
    it holds nothing, the joints go home as well, in `home_steps` at most: the arm may be folded the
    other way, or somewhere that the skill has never begun.
    After `switch_after` failures a step is planned around where that can be done, and a skill
    with `barred_steps` such steps as well; a step may fail `attempts` times, a plan `failures`.
    """

    replan_every: int = 6
    confirm: int = 3
    patience: int = 60
    done_probability: float = 0.5
    late: float = 2.5
    limit: float = 3.0
    longer: float = 3.0
    stuck_steps: int = 25
    stuck_m: float = 0.004
    lost_steps: int = 10
    undone_steps: int = 5
    alarmed_steps: int = 2
    alarm_lasts: int = 20
    settle_steps: int = 20
    unseen_s: float = 0.2
    blind_steps: int = 100
    rebind_m: float = 0.02
    withdraw_m: float = 0.08
    withdraw_steps: int = 16
    home_after: int = 2
    home_steps: int = 120
    attempts: int = 4
    switch_after: int = 2
    barred_steps: int = 2
    failures: int = 12
