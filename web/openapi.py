"""What each view takes and answers, for the description of the API."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel


@dataclass(frozen=True)
class Events:
    """Server-sent events; the data of each is JSON of this type."""

    of: type[BaseModel]
    last: str | None = None
    """What the last one's data is instead, as OpenAI's `[DONE]`."""


Answer = type[BaseModel] | Events | str | None
"""A JSON object of this type, events, sound or text of this media type, or nothing."""
View = TypeVar("View", bound=Callable[..., object])


@dataclass(frozen=True, kw_only=True)
class Operation:
    answers: Mapping[int, Answer | Sequence[Answer]]
    """By HTTP status, errors aside; several where the request chooses among them."""
    body: type[BaseModel] | None = None
    form: type[BaseModel] | None = None
    """Of multipart/form-data, its files among the fields as `bytes`."""
    query: type[BaseModel] | None = None
    headers: type[BaseModel] | None = None
    errors: Sequence[str] = field(default=())
    """Codes of `web.errors.STATUS`; what any request can meet is left out."""


def operation(
    answers: Mapping[int, Answer | Sequence[Answer]],
    *,
    body: type[BaseModel] | None = None,
    form: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    headers: type[BaseModel] | None = None,
    errors: Sequence[str] = (),
) -> Callable[[View], View]:
    """Describe a view; stands below the route. Its docstring is the summary and description.

    A header's name is its field's alias, or follows from the field: `x_conversation_id` is
    X-Conversation-Id. `errors` with `guest_unknown` says that the view wants to know who asks.
    """

    def describe(view: View) -> View:
        view.__operation__ = Operation(  # type: ignore[attr-defined]
            answers=answers, body=body, form=form, query=query, headers=headers, errors=errors
        )
        return view

    return describe
