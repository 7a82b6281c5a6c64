from assistant.errors import AssistantError
from speech.errors import SpeechError
from web.errors import STATUS


def subclasses(kind: type[Exception]) -> set[type[Exception]]:
    children = set(kind.__subclasses__())
    return children.union(*(subclasses(child) for child in children))


def test_every_error_that_can_end_a_turn_has_a_status() -> None:
    never_ends_a_turn = {
        "language_model_failed",  # A base class.
        "unknown_language_model",  # A wrong setting, met at the start.
        "unknown_engine",
        "generation_cancelled",  # Nobody waits any more, or it is done again.
        "synthesis_cancelled",
        "turn_in_progress",  # Of a live session, as the next three.
        "invalid_tool_call_id",
        "mcp_server_failed",
        "mcp_server_not_allowed",
        "tool_failed",  # Is told as the reply.
        "synthesis_failed",  # Ends in `speech_failed`, and the turn goes on.
    }
    codes = {kind.code for base in (AssistantError, SpeechError) for kind in subclasses(base)}
    assert codes - never_ends_a_turn <= STATUS.keys()
