"""Pages that commands leave: their common dress, their charts, and how a template becomes one."""
