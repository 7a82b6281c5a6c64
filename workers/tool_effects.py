"""What a tool's answer leaves behind: `assistant.plugins.toolbox.ToolEffects` for real."""

import logging
from typing import Any

from redis import Redis

from assistant.plugins.base import Answer, Tool, ToolContext
from workers.reminders import RedisReminders
from workers.tool_store import ToolStore

log = logging.getLogger(__name__)


class RedisToolEffects:
    """Thread-safe."""

    def __init__(
        self, redis: Redis, store: ToolStore, reminders: RedisReminders, turn_retention_s: int
    ) -> None:
        self._redis = redis
        self._store = store
        self._reminders = reminders
        self._turn_retention_s = turn_retention_s

    def stored(self, user_id: str, tool: str) -> Any:
        return self._store.load(user_id, tool)

    def apply(self, turn_id: str, context: ToolContext, tool: Tool, answer: Answer) -> None:
        done = f"turn:{{{turn_id}}}:tool:{tool.name}"
        if self._redis.exists(done):
            return
        if answer.store is not None:
            try:
                self._store.save(context.user_id, tool.name, answer.store)
            except ValueError as error:
                log.error("%s", error)
        for reminder in answer.remind:
            self._reminders.schedule(
                reminder,
                user_id=context.user_id,
                conversation_id=context.conversation_id,
                language=context.language,
            )
        self._reminders.cancel(context.user_id, answer.cancel_reminders)
        # Last: a worker that is lost before here does it again rather than never.
        self._redis.set(done, 1, ex=self._turn_retention_s)

    def cancel_reminder(self, user_id: str, reminder_id: str) -> None:
        """Cancel it by hand; the reminders tool must not tell of it either."""
        self._reminders.cancel(user_id, [reminder_id])
        kept = self._store.load(user_id, "reminders") or []
        self._store.save(user_id, "reminders", [one for one in kept if one["id"] != reminder_id])
