"""Speech synthesis engines behind one protocol."""
