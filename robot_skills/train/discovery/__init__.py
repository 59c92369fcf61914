"""From segments to skills: what changed, what recurs, and what moves alike."""
