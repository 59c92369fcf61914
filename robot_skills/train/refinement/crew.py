"""Many environments on few processes, each process stepping its share one after the other."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from robot_skills.core.worker import Worker, stop

MakeEnvironment = Callable[[int], gymnasium.Env]  # from its number, picklable
Vector = NDArray[np.float32]


class Crew(VecEnv):  # type: ignore[misc]  # its types are left out
    """Implements stable-baselines3's VecEnv; the results do not depend on how many processes.

    Environments are reset as they end; the last observation is then in `terminal_observation`.
    With one worker all are stepped in this process.
    """

    def __init__(self, make: MakeEnvironment, environments: int, workers: int) -> None:
        shares = [range(environments)[i::workers] for i in range(min(workers, environments))]
        alone = len(shares) == 1
        self._shares = shares
        self._team = [_Here(make, s) if alone else _Process(make, s) for s in shares]
        observation, action = self._team[0].call("spaces")
        super().__init__(environments, observation, action)

    def reset(self) -> Vector:
        """Observations (N, F) of fresh starts."""
        return np.stack(self._gather("reset", [None] * len(self._team)))

    def step_async(self, actions: Vector) -> None:
        """Begin a step of every environment with actions (N, A)."""
        for member, share in zip(self._team, self._shares, strict=True):
            member.send("step", actions[list(share)])

    def step_wait(self) -> tuple[Vector, Vector, NDArray[np.bool_], list[dict[str, Any]]]:
        """Observations (N, F), rewards (N,), ends (N,) and infos of the step begun."""
        steps = self._in_order([member.receive() for member in self._team])
        observations, rewards, ends, infos = zip(*steps, strict=True)
        return np.stack(observations), np.array(rewards, np.float32), np.array(ends), list(infos)

    def close(self) -> None:
        """End the processes; may be called twice."""
        with ExitStack() as ending:  # all of them, also where one is interrupted in ending
            for member in self._team:
                ending.callback(member.close)
        self._team = []

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The same attribute of every environment; none of them renders."""
        return [None] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Not possible: an environment is what it was made as."""
        raise NotImplementedError

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> Any:
        """Not possible: an environment only resets and steps."""
        raise NotImplementedError

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """Whether each environment is wrapped: none is."""
        return [False] * self.num_envs

    def _gather(self, order: str, what: Sequence[Any]) -> list[Any]:
        for member, one in zip(self._team, what, strict=True):
            member.send(order, one)
        return self._in_order([member.receive() for member in self._team])

    def _in_order(self, answers: Sequence[Sequence[Any]]) -> list[Any]:
        ordered: list[Any] = [None] * self.num_envs
        for share, answer in zip(self._shares, answers, strict=True):
            for number, one in zip(share, answer, strict=True):
                ordered[number] = one
        return ordered


class _Share:
    """Some of the environments, by number."""

    def __init__(self, make: MakeEnvironment, numbers: Sequence[int]) -> None:
        self._environments = [make(number) for number in numbers]

    def answer(self, order: str, what: Any) -> Any:
        """Carry an order out."""
        if order == "step":
            return [self._step(e, a) for e, a in zip(self._environments, what, strict=True)]
        if order == "reset":
            return [environment.reset()[0] for environment in self._environments]
        return self._environments[0].observation_space, self._environments[0].action_space

    def close(self) -> None:
        for environment in self._environments:
            environment.close()

    @staticmethod
    def _step(
        environment: gymnasium.Env, action: Vector
    ) -> tuple[Any, float, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = environment.step(action)
        ended = terminated or truncated
        if ended:
            info = {**info, "terminal_observation": observation, "TimeLimit.truncated": truncated}
            observation = environment.reset()[0]
        return observation, float(reward), ended, info


class _Here:
    """A share in this process."""

    def __init__(self, make: MakeEnvironment, numbers: Sequence[int]) -> None:
        self._share = _Share(make, numbers)

    def send(self, order: str, what: Any = None) -> None:
        self._answer = self._share.answer(order, what)

    def receive(self) -> Any:
        return self._answer

    def call(self, order: str) -> Any:
        return self._share.answer(order, None)

    def close(self) -> None:
        self._share.close()


class _Process:
    """A share in a process of its own."""

    def __init__(self, make: MakeEnvironment, numbers: Sequence[int]) -> None:
        self._worker: Worker[tuple[str, Any], Any] = Worker(partial(_serving, make, numbers))
        self._worker.start()

    def send(self, order: str, what: Any = None) -> None:
        self._worker.send((order, what))

    def receive(self) -> Any:
        return self._worker.receive().get()

    def call(self, order: str) -> Any:
        self.send(order)
        return self.receive()

    def close(self) -> None:
        stop([self._worker])


def _serving(
    make: MakeEnvironment, numbers: Sequence[int]
) -> Callable[[tuple[str, Any]], list[Any]]:
    share = _Share(make, numbers)
    return lambda order: share.answer(*order)
