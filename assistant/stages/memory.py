"""What is known of the user goes in; and the user's own say over what is known."""

from datetime import UTC, datetime
from typing import Literal

from assistant.draft import Dialogue, Draft, StageEvents
from assistant.events import MemoryChanged, ProfileRecalled
from assistant.manner import infer_manner
from assistant.memory.commands import (
    Forget,
    ForgetAll,
    MemoryCommand,
    Remember,
    answer_sentence,
    matching_facts,
    memory_command,
)
from assistant.memory.profile import Fact, ProfileStore


def recall_user(draft: Draft, dialogue: Dialogue) -> StageEvents:
    """Read the user's profile; answer what is said about the profile itself."""
    draft.manner = draft.request.manner
    if dialogue.profiles is None or not draft.request.conversation_id:
        return
    user_id = draft.request.user_id
    wished = command = None
    if not draft.request.must_be_written:
        wished, command = infer_manner(draft.question), memory_command(draft.question)
    if wished or command:
        draft.request.wait_until_confirmed()
    if wished:
        dialogue.profiles.set_manner(user_id, wished)
        yield MemoryChanged(turn_id=draft.turn_id, action="manner", facts=(wished,))
    if command:
        action, facts = _obey(command, draft.request.user_id, dialogue.profiles)
        texts = tuple(fact.text for fact in facts)
        yield MemoryChanged(turn_id=draft.turn_id, action=action, facts=texts)
        yield from draft.give(answer_sentence(command, facts, draft.language), "memory")
        return
    draft.profile = dialogue.profiles.get(user_id)
    draft.manner = draft.manner or draft.profile.manner
    known = len(draft.profile.facts) if draft.profile.is_enabled else 0
    if known or draft.manner:
        yield ProfileRecalled(turn_id=draft.turn_id, facts=known, manner=draft.manner)


def _obey(
    command: MemoryCommand, user_id: str, profiles: ProfileStore
) -> tuple[Literal["remembered", "forgotten", "recalled"], list[Fact]]:
    now = datetime.now(UTC)
    match command:
        case Remember():
            # Known by no turn: what is said about memory itself is never shown to a model.
            fact = profiles.add_fact(user_id, command.text, turn_id=None, at=now)
            return "remembered", [fact] if fact else []
        case Forget():
            meant = matching_facts(command.what, profiles.get(user_id).facts)
            ids = [fact.id for fact in meant]
            return "forgotten", profiles.forget(user_id, command.what, ids, at=now)
        case ForgetAll():
            return "forgotten", profiles.forget_everything(user_id, at=now)
        case _:
            return "recalled", list(profiles.get(user_id).facts)
