"""The tools that come with the assistant, and their words for sums, dates and places."""
