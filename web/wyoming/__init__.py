"""Speech, text and dialogue for Home Assistant, by the Wyoming protocol: a process of its own.

A connection's events become requests, and each request is a turn like any other.
"""
