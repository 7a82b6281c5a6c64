"""What a user deletes is gone: from the conversation, and from the turns that made it."""

from workers.services import Services
from workers.turn_control import cancel
from workers.turn_state import load_state


def delete_conversation(services: Services, conversation_id: str) -> None:
    """Cancel the turns that still run, and erase all that was said, heard and thought of it."""
    conversations = services.conversations
    turn_ids = [turn.id for turn in conversations.succession.begun(conversation_id)]
    turn_ids += [exchange.turn_id for exchange in conversations.exchanges(conversation_id)]
    running = services.bus.unfinished(turn_ids)
    # The last first: as one ends, the next would begin.
    for turn_id in reversed(running):
        cancel(services, turn_id, "cancelled")
    conversations.delete(conversation_id, running)
    conversations.succession.erase(turn_ids)
    for turn_id in dict.fromkeys(turn_ids):
        services.turns.erase(turn_id, load_state(services.bus, turn_id).queued)
        services.bus.erase(turn_id)
