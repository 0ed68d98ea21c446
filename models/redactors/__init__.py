"""Engines that find secrets in written text, beside the mask of the core."""
