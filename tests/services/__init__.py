"""Tests with real brokers and databases, and what starts these."""
