"""Bare videos become demonstrations: what the pictures show, and how they move."""

from robot_skills.segment.video.clip import Clip, VideoConfig
from robot_skills.segment.video.embed import embed_video, embed_videos, watch_video
from robot_skills.segment.video.encoder import Encoder, fit_encoder

__all__ = [
    "Clip",
    "Encoder",
    "VideoConfig",
    "embed_video",
    "embed_videos",
    "fit_encoder",
    "watch_video",
]
