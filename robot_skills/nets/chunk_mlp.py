"""Names that moved: nets/mlp.py, nets/runner.py, nets/learning.py."""

from robot_skills.nets.learning import Weights
from robot_skills.nets.mlp import Mlp as ChunkShape
from robot_skills.nets.network import POSE_SIZE
from robot_skills.nets.runner import Chunk, ChunkRunner

__all__ = ["POSE_SIZE", "Chunk", "ChunkRunner", "ChunkShape", "Weights"]
