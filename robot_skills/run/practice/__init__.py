"""Skills carried out again and again from where they started: practice, and who did better."""
