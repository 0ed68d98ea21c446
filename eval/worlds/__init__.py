"""Reviews made up by a cause that is known, and the proof that the harness finds that cause."""
