"""What the chain is compared with: no plan, or no planner."""
