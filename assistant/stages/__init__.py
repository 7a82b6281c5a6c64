"""The stages of a reply, one a file, in the order in which `assistant.pipeline` runs them.

Each is a generator over the same draft. It yields its own event where it did something, and sets
`draft.answer` where the reply is known; then no later stage runs.
"""
