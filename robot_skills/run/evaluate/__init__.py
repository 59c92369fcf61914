"""Many seeded episodes, what came of them, and how sure that is."""
