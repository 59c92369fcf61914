"""Many recordings: read one at a time, on workers or a cluster, kept as they are done."""
