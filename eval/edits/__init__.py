"""What became of a draft: the edit ladder. Pure functions of draft and final."""
