"""Notes beside reference notes: baselines, ROUGE, and what the call says to them."""
