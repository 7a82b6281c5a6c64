"""What each view takes and answers, for the description of the API."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel

Answer = type[BaseModel] | str | None
"""A JSON object of this type, sound or text of this media type, or nothing."""
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
    """Describe a view; stands below the route. Its docstring is the summary and description."""

    def describe(view: View) -> View:
        view.__operation__ = Operation(  # type: ignore[attr-defined]
            answers=answers, body=body, form=form, query=query, headers=headers, errors=errors
        )
        return view

    return describe
