"""The report on reviews as one page: no network, no scripts, the same bytes for the same report."""
