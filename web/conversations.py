"""The user's conversations: listed, read, renamed, exported, deleted."""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, cast

from flask import Blueprint, Response, jsonify, request

from assistant.events import TurnFailed
from web.context import services
from web.identity import guest, own, unknown_conversation
from web.payloads import PageArguments, TitlePayload, parse
from workers.conversation_records import Conversation, title_of
from workers.conversation_search import search
from workers.erasure import delete_conversation
from workers.turn_order import failed, running
from workers.turn_state import TurnState, load_state
from workers.turn_succession import BegunTurn

blueprint = Blueprint("conversations", __name__, url_prefix="/api/conversations")


@blueprint.get("")
def index() -> Response:
    """The last used first, of those where `search` is found; `start` and `count` page."""
    page = parse(PageArguments, request.args.to_dict())
    if page.search:
        hits = search(services().conversations, guest(), page.search)
        found = [
            _describe(hit.conversation) | {"match": asdict(hit.match) if hit.match else None}
            for hit in islice(hits, page.start, page.start + page.count)
        ]
    else:
        latest = services().conversations.latest(guest(), page.start, page.count)
        found = [_describe(conversation) for conversation in latest]
    return jsonify(conversations=found)


@blueprint.get("/<conversation_id>")
def read(conversation_id: str) -> Response:
    """Also one in which nothing has been answered yet, where a turn of it runs or failed."""
    conversation = _get(conversation_id)
    unanswered = {
        "running": running(services(), conversation_id),
        "failed": [_describe_failed(*each) for each in failed(services(), conversation_id)],
    }
    return jsonify(_whole(conversation) | unanswered)


@blueprint.patch("/<conversation_id>")
def rename(conversation_id: str) -> Response:
    payload = parse(TitlePayload, request.get_json())
    conversation = _get(conversation_id)
    services().conversations.rename(conversation_id, payload.title)
    return jsonify(_describe(replace(conversation, title=payload.title)))


@blueprint.delete("/<conversation_id>")
def delete(conversation_id: str) -> tuple[str, int]:
    delete_conversation(services(), own(conversation_id))
    return "", 204


@blueprint.get("/<conversation_id>/export")
def export(conversation_id: str) -> Response:
    """As a file: Markdown, or with `?format=json` everything that is kept."""
    whole = _whole(_get(conversation_id))
    if request.args.get("format") == "json":
        response = jsonify(whole)
        suffix = "json"
    else:
        response = Response(_markdown(whole), mimetype="text/markdown")
        suffix = "md"
    response.headers["Content-Disposition"] = (
        f'attachment; filename="conversation-{conversation_id}.{suffix}"'
    )
    return response


def _get(conversation_id: str) -> Conversation:
    conversation = services().conversations.get(own(conversation_id))
    if conversation is None:
        conversation = _begun(conversation_id)
    if conversation is None:
        raise unknown_conversation()
    return conversation


def _begun(conversation_id: str) -> Conversation | None:
    """Return the conversation where its first turn still runs, or failed."""
    unanswered = [turn.id for turn, _ in failed(services(), conversation_id)]
    unanswered = unanswered or running(services(), conversation_id)
    if not unanswered:
        return None
    question = load_state(services().bus, unanswered[0]).question
    began = services().conversations.succession.begun(conversation_id)[0].at
    return Conversation(
        id=conversation_id,
        title=title_of(question or ""),
        created_at=began,
        updated_at=began,
        turns=0,
    )


def _whole(conversation: Conversation) -> dict[str, Any]:
    conversations = services().conversations
    exchanges = conversations.exchanges(conversation.id)
    kinds = conversations.succession.kinds(conversation.id)
    superseded = conversations.succession.superseded(conversation.id)
    transcripts = services().transcripts.turn_ids(conversation.id)
    ratings = conversations.ratings.of(conversation.id)
    turns = []
    for exchange in exchanges:
        turn_id = exchange.turn_id
        rating = ratings.get(turn_id)
        known: dict[str, object] = {
            "kind": kinds.get(turn_id),
            "language": exchange.language,
            "rating": rating.rating if rating else None,
            "rating_comment": rating.comment if rating else None,
            "superseded_by": superseded.get(turn_id),
            "has_transcript": turn_id in transcripts or None,
        }
        turns.append(
            {
                "turn_id": turn_id,
                "at": _time(exchange.at),
                "question": exchange.question,
                "answer": exchange.answer,
                "source": exchange.source,
            }
            | {name: value for name, value in known.items() if value is not None}
        )
    return _describe(conversation) | {"turns": turns}


def _describe(conversation: Conversation) -> dict[str, Any]:
    return {
        "conversation_id": conversation.id,
        "title": conversation.title,
        "created_at": _time(conversation.created_at),
        "updated_at": _time(conversation.updated_at),
        "turn_count": conversation.turns,
    }


def _describe_failed(turn: BegunTurn, state: TurnState) -> dict[str, Any]:
    failure = cast(TurnFailed, state.end)
    return {
        "turn_id": turn.id,
        "at": _time(turn.at),
        "question": state.question,
        "answer": state.written,
        "error": {"code": failure.code, "detail": failure.message},
    }


def _markdown(whole: dict[str, Any]) -> str:
    lines = [f"# {whole['title']}", ""]
    for turn in whole["turns"]:
        if "superseded_by" in turn:
            continue
        question = turn["question"].replace("\n", "\n> ")
        lines += [f"*{turn['at']}*", "", f"> {question}", "", turn["answer"], ""]
    return "\n".join(lines)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
