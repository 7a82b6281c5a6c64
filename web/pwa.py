"""What makes the page an app that can be installed: its manifest and its service worker."""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, request, url_for

from web.assets import current_assets
from web.pages import LANGUAGES, preferred_language, read_texts

BACKGROUND = "#f6f4ef"
"""The page's in the light; a manifest knows only one."""

# What the page may ask for while it is offline. An icon belongs to the system once it is installed.
_KEPT_SUFFIXES = (".css", ".js", ".json", ".svg", ".woff2")
_NOT_KEPT = ("vendor/swagger-ui/", "js/docs.js")
"""Of another page."""

blueprint = Blueprint("pwa", __name__)


@blueprint.get(f"/manifest.<any({','.join(LANGUAGES)}):language>.webmanifest")
def manifest(language: str) -> Response:
    """Named by language: browsers ask for it without the cookie that says which was chosen."""
    texts = read_texts(language)
    response = jsonify(_manifest(language, texts))
    response.mimetype = "application/manifest+json"
    response.cache_control.no_cache = True
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.app_url_defaults
def _in_language_of_the_page(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "pwa.manifest":
        values.setdefault("language", preferred_language())


def _manifest(language: str, texts: dict[str, str]) -> dict[str, Any]:
    url = current_assets().url
    return {
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "lang": language,
        "name": texts["title"],
        "short_name": texts["short_title"],
        "description": texts["description"],
        "display": "standalone",
        "background_color": BACKGROUND,
        "theme_color": BACKGROUND,
        "icons": [
            {"src": url("icons/icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            {"src": url("icons/icon-192.png"), "sizes": "192x192", "type": "image/png"},
            {"src": url("icons/icon-512.png"), "sizes": "512x512", "type": "image/png"},
            {
                "src": url("icons/maskable-512.png"),
                "sizes": "512x512",
                "type": "image/png",
                "purpose": "maskable",
            },
        ],
        "shortcuts": [
            {
                "name": texts["new_conversation"],
                "url": url_for("pages.index"),
                "icons": [{"src": url("icons/icon-192.png"), "sizes": "192x192"}],
            }
        ],
    }


@blueprint.get("/service-worker.js")
def service_worker() -> Response:
    if current_app.debug:
        current_assets.cache_clear()
    assets = current_assets()
    kept = [
        assets.url(name)
        for name in sorted(assets.files)
        if name.endswith(_KEPT_SUFFIXES) and not name.startswith(_NOT_KEPT)
    ]
    script = render_template("service_worker.js", root=assets.root, kept=kept)
    response = Response(script, mimetype="text/javascript")
    response.cache_control.no_cache = True
    response.add_etag()
    response.make_conditional(request)
    return response
