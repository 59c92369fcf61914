"""All that stands between every policy and every arm: software, not a safety-rated function."""
