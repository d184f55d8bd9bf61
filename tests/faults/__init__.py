"""Faults, tried on real processes; `make faults` prints what became of each."""

LEASES = {"PROCESS_LEASE_SECONDS": 3, "PUBLISH_LEASE_SECONDS": 5}
"""Short, for who waits until they lapse and for who mends what holds one."""
