"""Sound to text and back. Knows no dialogue, no web server and no task queue."""
