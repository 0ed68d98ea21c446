"""Counts, and what can be said from them: rates, differences, drift and slices. Pure functions."""
