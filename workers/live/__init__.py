"""A conversation by voice, turn by turn, as long as it lasts."""
