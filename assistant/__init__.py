"""The dialogue: a question and its history in, typed events out. Knows neither sound nor HTTP."""
