"""Other people's programs, unchanged, with this server's address in them."""
