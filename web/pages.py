"""The one page. Its text comes from `static/text`, in the language that the browser prefers."""

import json
from pathlib import Path

from flask import Blueprint, Response, current_app, make_response, render_template, request

from web.identity import introduce

LANGUAGES = ("en", "zh")
LANGUAGE_COOKIE = "language"
"""Set by the page's own language button; goes before the browser's preference."""


def read_texts(language: str) -> dict[str, str]:
    """Return the page's words in one of LANGUAGES, by key."""
    path = Path(__file__).parent / "static" / "text" / f"{language}.json"
    texts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return texts


blueprint = Blueprint("pages", __name__)
_TEXTS = {language: read_texts(language) for language in LANGUAGES}


@blueprint.get("/")
def index() -> Response:
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    language = (
        chosen
        if chosen in LANGUAGES
        else request.accept_languages.best_match(LANGUAGES, default="en")
    )
    page = render_template(
        "index.html",
        language=language,
        text=_TEXTS[language],
        texts=_TEXTS,
        max_upload_bytes=current_app.config["MAX_CONTENT_LENGTH"],
    )
    response = make_response(page)
    response.headers["Content-Language"] = language
    response.vary.update(("Accept-Language", "Cookie"))
    return introduce(response)
