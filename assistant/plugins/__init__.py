"""Tools that answer what a language model cannot know: the time, the weather, exact sums."""
