"""A skill's policy in torch for many worlds at once: what it sees, wants and is corrected by."""
