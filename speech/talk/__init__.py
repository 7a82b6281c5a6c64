"""A conversation at the command line, over the socket of docs/realtime.md."""
