"""What is kept of a conversation, as values, and where and how it is written down."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from assistant.history import SHOWN_SOURCES, Exchange

_TITLE_CHARS = 60


@dataclass(frozen=True, kw_only=True)
class Conversation:
    id: str
    title: str
    created_at: float
    updated_at: float
    """Seconds since 1970."""
    turns: int
    """Those that no other superseded."""


@dataclass(frozen=True, kw_only=True)
class Unsummarised:
    """What a summary is made from."""

    user_id: str
    summary: str
    summarised: int
    """How many of the oldest exchanges the summary stands for."""
    exchanges: tuple[Exchange, ...]
    """All that follow, those included that the model must not see."""
    hidden: frozenset[str]
    """Their turns' ids."""
    preamble: str | None
    version: str


def visible(known: Unsummarised, exchanges: Iterable[Exchange]) -> list[Exchange]:
    """Return those of the exchanges that a model may see."""
    return shown(exchanges, known.hidden)


def shown(exchanges: Iterable[Exchange], hidden: Iterable[str]) -> list[Exchange]:
    left_out = set(hidden)
    return [
        exchange
        for exchange in exchanges
        # A reminder is no part of what was talked about.
        if (exchange.question or exchange.source == "model")
        and exchange.source in SHOWN_SOURCES
        and exchange.turn_id not in left_out
    ]


def title_of(text: str) -> str:
    """Return the text's beginning, in one line."""
    title = " ".join(text.split())
    return title if len(title) <= _TITLE_CHARS else title[:_TITLE_CHARS].rstrip() + "…"


def encode_exchange(exchange: Exchange) -> str:
    return json.dumps(asdict(exchange), ensure_ascii=False)


def decode_exchange(entry: Any) -> Exchange:
    return Exchange(**json.loads(entry))


def conversation_key(conversation_id: str, name: str = "") -> str:
    # The braces keep all keys of a conversation on one node of a Redis Cluster.
    return f"conversation:{{{conversation_id}}}" + (f":{name}" if name else "")
