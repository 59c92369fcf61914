"""UFACTORY xArm through the vendor's Python client, `xarm-python-sdk`."""
