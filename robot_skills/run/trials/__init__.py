"""Single skills inside episodes: kept with their starts, and repeated from there."""
