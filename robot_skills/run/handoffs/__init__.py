"""How well skills start where others end, and what would mend a weak pair."""
