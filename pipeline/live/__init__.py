"""A live call, its streams and what is kept of it; all live calls of one server, and who begins."""
