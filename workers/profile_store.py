"""Profiles in Redis: `assistant.memory.profile.ProfileStore` for real."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter
from redis import Redis
from redis.client import Pipeline

from assistant.manner import Manner
from assistant.memory.fact_terms import replaces
from assistant.memory.profile import (
    MAX_FACTS,
    Fact,
    Forgotten,
    Profile,
    clean_fact,
    is_forgotten,
)

_PROFILE: TypeAdapter[Profile] = TypeAdapter(Profile)
_MAX_FORGOTTEN = 100

Result = TypeVar("Result")


class RedisProfiles:
    """Thread-safe. One JSON value a user, changed under optimistic locking.

    `retention_s`: after its last use a profile expires; so long, too, is known what was forgotten,
    which must not be less than turns wait to be read for facts.
    """

    def __init__(self, redis: Redis, retention_s: int) -> None:
        self._redis = redis
        self._retention_s = retention_s
        self._forgotten_for = timedelta(seconds=retention_s)

    def get(self, user_id: str) -> Profile:
        data = self._redis.getex(_key(user_id), ex=self._retention_s)
        return Profile() if data is None else _PROFILE.validate_json(data)

    def add_fact(
        self, user_id: str, text: str, *, turn_id: str | None, at: datetime
    ) -> Fact | None:
        text = clean_fact(text)
        new = Fact(id=uuid.uuid4().hex, text=text, turn_id=turn_id, at=at)

        def change(profile: Profile) -> tuple[Profile, Fact | None]:
            if not text or not profile.is_enabled or is_forgotten(text, at, profile.forgotten):
                return profile, None
            for fact in profile.facts:
                if fact.text.casefold() == text.casefold():
                    return profile, fact
            # Turns may be read out of their order: what was told last stands.
            if any(fact.at >= at and replaces(text, fact.text) for fact in profile.facts):
                return profile, None
            kept = [fact for fact in profile.facts if not replaces(text, fact.text)]
            return replace(profile, facts=(*kept, new)[-MAX_FACTS:]), new

        return self._change(user_id, change)

    def edit_fact(self, user_id: str, fact_id: str, text: str) -> Fact | None:
        text = clean_fact(text)

        def change(profile: Profile) -> tuple[Profile, Fact | None]:
            edited = [replace(fact, text=text) for fact in profile.facts if fact.id == fact_id]
            if not edited or not text:
                return profile, None
            facts = [edited[0] if fact.id == fact_id else fact for fact in profile.facts]
            # The turn that told it must not tell it again as it was.
            gone = [
                Forgotten(text=fact.text, at=fact.at)
                for fact in profile.facts
                if fact.id == fact_id
            ]
            return replace(
                profile, facts=tuple(facts), forgotten=(*profile.forgotten, *gone)
            ), edited[0]

        return self._change(user_id, change)

    def delete_fact(self, user_id: str, fact_id: str, *, at: datetime) -> Fact | None:
        deleted = self.forget(user_id, "", [fact_id], at=at)
        return deleted[0] if deleted else None

    def forget(
        self, user_id: str, what: str, fact_ids: Sequence[str], *, at: datetime
    ) -> list[Fact]:
        def change(profile: Profile) -> tuple[Profile, list[Fact]]:
            gone = [fact for fact in profile.facts if fact.id in fact_ids]
            texts = [text for text in (what, *(fact.text for fact in gone)) if text]
            forgotten = [
                *(old for old in profile.forgotten if old.at > at - self._forgotten_for),
                *(Forgotten(text=text, at=at) for text in texts),
            ]
            return replace(
                profile,
                facts=tuple(fact for fact in profile.facts if fact not in gone),
                forgotten=tuple(forgotten[-_MAX_FORGOTTEN:]),
            ), gone

        return self._change(user_id, change)

    def set_manner(self, user_id: str, manner: Manner | None) -> None:
        self._change(user_id, lambda profile: (replace(profile, manner=manner), None))

    def set_enabled(self, user_id: str, is_enabled: bool) -> None:
        self._change(user_id, lambda profile: (replace(profile, is_enabled=is_enabled), None))

    def forget_everything(self, user_id: str, *, at: datetime) -> list[Fact]:
        # An empty text stands for all that was said; it makes every older entry superfluous.
        return self._change(
            user_id,
            lambda profile: (
                Profile(is_enabled=profile.is_enabled, forgotten=(Forgotten(text="", at=at),)),
                list(profile.facts),
            ),
        )

    def _change(self, user_id: str, change: Callable[[Profile], tuple[Profile, Result]]) -> Result:
        key = _key(user_id)

        def attempt(pipe: Pipeline) -> Result:
            data = pipe.get(key)
            before = Profile() if data is None else _PROFILE.validate_json(data)
            after, result = change(before)
            pipe.multi()
            if after != before:
                pipe.set(key, _PROFILE.dump_json(after), ex=self._retention_s)
            return result

        # redis-py types neither what the callable returns nor that it is returned.
        result = self._redis.transaction(cast("Any", attempt), key, value_from_callable=True)
        return cast("Result", result)


def _key(user_id: str) -> str:
    return f"profile:{user_id}"
