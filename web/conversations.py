"""The user's conversations: listed, read, renamed, exported, deleted."""

from dataclasses import replace
from itertools import islice
from typing import Any, Literal, cast

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel

from assistant.events import TurnFailed
from web.answers import (
    ConversationAnswer,
    ConversationEntry,
    ConversationsAnswer,
    FailedTurn,
    Failure,
    FoundConversation,
    FoundTurn,
    KeptConversation,
    KeptTurn,
    time_of,
)
from web.context import services
from web.identity import guest, own, unknown_conversation
from web.openapi import operation
from web.payloads import PageArguments, TitlePayload, parse
from workers.conversation_records import Conversation, title_of
from workers.conversation_search import Hit, search
from workers.erasure import delete_conversation
from workers.turn_order import failed, running
from workers.turn_state import TurnState, load_state
from workers.turn_succession import BegunTurn

blueprint = Blueprint("conversations", __name__, url_prefix="/api/conversations")


class ExportArguments(BaseModel):
    format: Literal["json"] | None = None
    """Everything that is kept, rather than Markdown."""


@blueprint.get("")
@operation({200: ConversationsAnswer}, query=PageArguments, errors=("guest_unknown",))
def index() -> Response:
    """List the user's conversations, the last used first; of those where `search` is found."""
    page = parse(PageArguments, request.args.to_dict())
    if page.search:
        hits = search(services().conversations, guest(), page.search)
        found: list[FoundConversation | ConversationEntry] = [
            _found(hit) for hit in islice(hits, page.start, page.start + page.count)
        ]
    else:
        latest = services().conversations.latest(guest(), page.start, page.count)
        found = [ConversationEntry(**_entry(conversation)) for conversation in latest]
    return jsonify(ConversationsAnswer(conversations=found).model_dump())


@blueprint.get("/<conversation_id>")
@operation({200: ConversationAnswer}, errors=("conversation_unknown",))
def read(conversation_id: str) -> Response:
    """Return all that was said in a conversation.

    Also one in which nothing has been answered yet, where a turn of it runs or failed.
    """
    conversation = _get(conversation_id)
    answer = ConversationAnswer(
        **_entry(conversation),
        turns=_turns(conversation.id),
        running=running(services(), conversation_id),
        failed=[_failed(*each) for each in failed(services(), conversation_id)],
    )
    return jsonify(answer.model_dump())


@blueprint.patch("/<conversation_id>")
@operation({200: ConversationEntry}, body=TitlePayload, errors=("conversation_unknown",))
def rename(conversation_id: str) -> Response:
    """Give a conversation another title."""
    payload = parse(TitlePayload, request.get_json())
    conversation = _get(conversation_id)
    services().conversations.rename(conversation_id, payload.title)
    renamed = ConversationEntry(**_entry(replace(conversation, title=payload.title)))
    return jsonify(renamed.model_dump())


@blueprint.delete("/<conversation_id>")
@operation({204: None}, errors=("conversation_unknown",))
def delete(conversation_id: str) -> tuple[str, int]:
    """Erase a conversation: its text, sound, transcripts and ratings; what runs is cancelled."""
    delete_conversation(services(), own(conversation_id))
    return "", 204


@blueprint.get("/<conversation_id>/export")
@operation(
    {200: ("text/markdown", KeptConversation)},
    query=ExportArguments,
    errors=("conversation_unknown",),
)
def export(conversation_id: str) -> Response:
    """Return a conversation as a file: Markdown, or as JSON everything that is kept."""
    kind = parse(ExportArguments, request.args.to_dict()).format
    conversation = _get(conversation_id)
    whole = KeptConversation(**_entry(conversation), turns=_turns(conversation.id))
    if kind == "json":
        response = jsonify(whole.model_dump())
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


def _turns(conversation_id: str) -> list[KeptTurn]:
    conversations = services().conversations
    exchanges = conversations.exchanges(conversation_id)
    kinds = conversations.succession.kinds(conversation_id)
    superseded = conversations.succession.superseded(conversation_id)
    transcripts = services().transcripts.turn_ids(conversation_id)
    ratings = conversations.ratings.of(conversation_id)
    return [
        KeptTurn(
            turn_id=exchange.turn_id,
            at=time_of(exchange.at),
            question=exchange.question,
            answer=exchange.answer,
            source=exchange.source,
            kind=kinds.get(exchange.turn_id),
            language=exchange.language,
            rating=rating.rating if rating else None,
            rating_comment=rating.comment if rating else None,
            superseded_by=superseded.get(exchange.turn_id),
            has_transcript=exchange.turn_id in transcripts or None,
        )
        for exchange in exchanges
        for rating in [ratings.get(exchange.turn_id)]
    ]


def _entry(conversation: Conversation) -> dict[str, Any]:
    return {
        "conversation_id": conversation.id,
        "title": conversation.title,
        "created_at": time_of(conversation.created_at),
        "updated_at": time_of(conversation.updated_at),
        "turn_count": conversation.turns,
    }


def _found(hit: Hit) -> FoundConversation:
    match = FoundTurn(turn_id=hit.match.turn_id, text=hit.match.text) if hit.match else None
    return FoundConversation(**_entry(hit.conversation), match=match)


def _failed(turn: BegunTurn, state: TurnState) -> FailedTurn:
    failure = cast(TurnFailed, state.end)
    return FailedTurn(
        turn_id=turn.id,
        at=time_of(turn.at),
        question=state.question or "",
        answer=state.written,
        error=Failure(code=failure.code, detail=failure.message),
    )


def _markdown(whole: KeptConversation) -> str:
    lines = [f"# {whole.title}", ""]
    for turn in whole.turns:
        if turn.superseded_by is not None:
            continue
        question = turn.question.replace("\n", "\n> ")
        lines += [f"*{turn.at}*", "", f"> {question}", "", turn.answer, ""]
    return "\n".join(lines)
