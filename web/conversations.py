"""The user's conversations: listed, read, renamed, exported, deleted."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from web.context import services
from web.identity import guest, own, unknown_conversation
from web.payloads import PageArguments, TitlePayload, parse
from workers.conversation_store import Conversation

blueprint = Blueprint("conversations", __name__, url_prefix="/api/conversations")


@blueprint.get("")
def index() -> Response:
    """The last used first; `start` and `count` page through them."""
    page = parse(PageArguments, request.args.to_dict())
    found = services().conversations.latest(guest(), page.start, page.count)
    return jsonify(conversations=[_describe(conversation) for conversation in found])


@blueprint.get("/<conversation_id>")
def read(conversation_id: str) -> Response:
    return jsonify(_whole(conversation_id))


@blueprint.patch("/<conversation_id>")
def rename(conversation_id: str) -> Response:
    payload = parse(TitlePayload, request.get_json())
    services().conversations.rename(own(conversation_id), payload.title)
    return jsonify(_describe(_get(conversation_id)))


@blueprint.delete("/<conversation_id>")
def delete(conversation_id: str) -> tuple[str, int]:
    services().conversations.delete(own(conversation_id))
    return "", 204


@blueprint.get("/<conversation_id>/export")
def export(conversation_id: str) -> Response:
    """As a file: Markdown, or with `?format=json` everything that is kept."""
    whole = _whole(conversation_id)
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
        raise unknown_conversation()
    return conversation


def _whole(conversation_id: str) -> dict[str, Any]:
    described = _describe(_get(conversation_id))
    described["turns"] = [
        {
            "turn_id": exchange.turn_id,
            "at": _time(exchange.at),
            "question": exchange.question,
            "answer": exchange.answer,
            "source": exchange.source,
        }
        for exchange in services().conversations.exchanges(conversation_id)
    ]
    return described


def _describe(conversation: Conversation) -> dict[str, Any]:
    return {
        "conversation_id": conversation.id,
        "title": conversation.title,
        "created_at": _time(conversation.created_at),
        "updated_at": _time(conversation.updated_at),
        "turn_count": conversation.turns,
    }


def _markdown(whole: dict[str, Any]) -> str:
    lines = [f"# {whole['title']}", ""]
    for turn in whole["turns"]:
        question = turn["question"].replace("\n", "\n> ")
        lines += [f"*{turn['at']}*", "", f"> {question}", "", turn["answer"], ""]
    return "\n".join(lines)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
