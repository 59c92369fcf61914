"""Refinement: residual reinforcement learning on frozen skills."""
