"""The one page. Its text comes from `static/text`, in the language that the browser prefers."""

import json
import re
from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template, request

from web.assets import current_assets
from web.context import services
from web.identity import introduce

LANGUAGES = ("en", "zh")
LANGUAGE_COOKIE = "language"
"""Set by the page when its user chooses one; goes before the browser's preference."""
THEMES = ("light", "dark")
THEME_COOKIE = "theme"
"""Likewise; without it the page looks as the system is set."""

_CONVERSATION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

blueprint = Blueprint("pages", __name__)


def read_texts(language: str) -> dict[str, str]:
    """Return the page's words in one of LANGUAGES, by key."""
    texts: dict[str, str] = json.loads(current_assets().files[f"text/{language}.json"])
    return texts


@blueprint.get("/")
def index() -> Response:
    return _page(is_new=True)


@blueprint.get("/c/<conversation_id>")
def conversation(conversation_id: str) -> Response:
    """The same page; its script opens the conversation, or says that there is none."""
    if _CONVERSATION_ID.fullmatch(conversation_id):
        return _page(is_new=False)
    language = preferred_language()
    page = render_template(
        "not_found.html",
        language=language,
        theme=preferred_theme(),
        text=read_texts(language),
    )
    response = _in_language(make_response(page), language)
    response.status_code = 404
    return response


def _page(*, is_new: bool) -> Response:
    if current_app.debug:
        current_assets.cache_clear()
    language = preferred_language()
    texts = read_texts(language)
    page = render_template(
        "index.html",
        language=language,
        theme=preferred_theme(),
        is_new=is_new,
        text=texts,
        config=_config(language, texts),
    )
    return introduce(_in_language(make_response(page), language))


def preferred_language() -> str:
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(LANGUAGES, default="en")


def preferred_theme() -> str | None:
    chosen = request.cookies.get(THEME_COOKIE)
    return chosen if chosen in THEMES else None


def _config(language: str, texts: dict[str, str]) -> dict[str, Any]:
    """What the page's script is told; it fetches the other language when that is chosen."""
    settings = services().settings
    return {
        "language": language,
        "texts": {language: texts},
        "assets": current_assets().root,
        "limits": {
            "upload_bytes": settings.max_upload_bytes,
            "audio_s": settings.max_audio_s,
            "long_recording_s": settings.long_recording_s,
            "question_chars": settings.max_question_chars,
        },
        "features": {"profile": settings.profile},
    }


def _in_language(response: Response, language: str) -> Response:
    """For this browser alone, since it carries the guest's cookie, and asked for anew each time."""
    response.content_language.add(language)
    response.vary.update(("Accept-Language", "Cookie"))
    response.cache_control.private = True
    response.cache_control.no_cache = True
    response.add_etag()
    response.make_conditional(request)
    return response
