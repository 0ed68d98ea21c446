"""The whole system in one thread, by a seed: real calls, partitions and ledgers, and faults at every step."""
