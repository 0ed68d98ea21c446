"""What associates did with drafts: where reviews come from, how they are kept, clocks and cohorts."""
