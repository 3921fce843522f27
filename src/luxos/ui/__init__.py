"""Where people meet LuxOS."""
