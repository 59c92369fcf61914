"""Franka Research 3 through the vendor's own client, pylibfranka (TCP 1337, UDP at 1 kHz).

pylibfranka keeps Python's global lock while it waits for a packet: a thread beside it stands still
for a millisecond a cycle, for a second on a frozen link, and for as long as the hand moves. So
libfranka runs in processes of its own, one for the arm and one for the hand, and the driver shares
memory with them. That serves the interface's law of one command per state as well: the arm's
process answers every state in time, whenever the control process comes by.

An arm asks for more of the host than a twin does: a cable straight to its control box, a kernel
with PREEMPT_RT or at least a real-time priority for the control process, which the link's process
inherits, and FCI activated in Desk. Without them the arm stops for commands that it missed.
"""
