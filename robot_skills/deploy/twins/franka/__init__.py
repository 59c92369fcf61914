"""A Franka twin: libfranka's protocol v10 (TCP 1337, UDP at 1 kHz) and its hand (TCP 1338)."""
