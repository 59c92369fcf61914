"""What the chain is compared with: policies without skills, choices without a planner."""
