"""Spoken secrets: made on purpose, to measure what the mask hides and what it hides in vain."""
