"""Whose turn it is to speak: what is heard and played becomes the events of a conversation."""
