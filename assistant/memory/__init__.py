"""What is remembered: facts that users tell about themselves, and summaries of what was said."""
