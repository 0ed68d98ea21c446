"""Clients of each protocol: what they say to send a recording as a live call."""
