"""UFACTORY xArm controllers: TCP 502 and the reports of 30000 to 30003."""
