"""What is remembered of a user, and what must follow when they change it.

The profile alone is `workers.profile_store`. What is forgotten must not come back from anywhere:
old exchanges that mention it are hidden from the model, summaries are made anew, and cached
answers that mention it go.
"""

from collections.abc import Sequence
from datetime import datetime

from assistant.manner import Manner
from assistant.memory.fact_terms import mentions, terms
from assistant.memory.profile import Fact, Profile
from workers.answer_store import RedisAnswers
from workers.conversation_store import RedisConversations
from workers.profile_store import RedisProfiles


class Memory:
    """`assistant.memory.profile.ProfileStore` with all that follows. Thread-safe."""

    def __init__(
        self, profiles: RedisProfiles, conversations: RedisConversations, answers: RedisAnswers
    ) -> None:
        self._profiles = profiles
        self._conversations = conversations
        self._answers = answers

    def get(self, user_id: str) -> Profile:
        return self._profiles.get(user_id)

    def add_fact(
        self, user_id: str, text: str, *, turn_id: str | None, at: datetime
    ) -> Fact | None:
        """See `ProfileStore.add_fact`. Running conversations have heard it; others read it anew."""
        fact = self._profiles.add_fact(user_id, text, turn_id=turn_id, at=at)
        if fact is not None and turn_id is None:
            self._conversations.renew_preambles(user_id)
        return fact

    def edit_fact(self, user_id: str, fact_id: str, text: str) -> Fact | None:
        fact = self._profiles.edit_fact(user_id, fact_id, text)
        if fact is not None:
            self._conversations.renew_preambles(user_id)
        return fact

    def delete_fact(self, user_id: str, fact_id: str, *, at: datetime) -> Fact | None:
        fact = self._profiles.delete_fact(user_id, fact_id, at=at)
        if fact is not None:
            self._erase(user_id, [fact.text])
        return fact

    def forget(
        self, user_id: str, what: str, fact_ids: Sequence[str], *, at: datetime
    ) -> list[Fact]:
        facts = self._profiles.forget(user_id, what, fact_ids, at=at)
        self._erase(user_id, [what, *(fact.text for fact in facts)])
        return facts

    def set_manner(self, user_id: str, manner: Manner | None) -> None:
        self._profiles.set_manner(user_id, manner)

    def set_enabled(self, user_id: str, is_enabled: bool) -> None:
        self._profiles.set_enabled(user_id, is_enabled)
        self._conversations.renew_preambles(user_id)

    def forget_everything(self, user_id: str, *, at: datetime) -> list[Fact]:
        facts = self._profiles.forget_everything(user_id, at=at)
        self._conversations.forget(user_id, lambda text: True)
        return facts

    def _erase(self, user_id: str, texts: Sequence[str]) -> None:
        self._conversations.forget(
            user_id, lambda said: any(mentions(said, text) for text in texts)
        )
        self._answers.forget([term for text in texts for term in terms(text)])
