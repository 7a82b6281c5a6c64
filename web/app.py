"""The Flask application."""

from flask import Flask, Response

from web import (
    audio,
    chat,
    conversations,
    errors,
    health,
    pages,
    profile,
    reminders,
    speech,
    transcripts,
    turns,
    usage,
    voice,
    voices,
)
from web.realtime import endpoint as realtime
from workers.services import Services
from workers.settings import Settings, load_settings

# The multipart frame around an upload: boundaries, headers and the few text fields.
_FORM_OVERHEAD_BYTES = 256 * 1024

_POLICY = (
    "default-src 'self'; media-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application; it connects to Redis with the first request, and loads no model."""
    settings = settings or load_settings()
    app = Flask(__name__)
    app.extensions["services"] = Services(settings)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_upload_bytes + _FORM_OVERHEAD_BYTES
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    errors.register(app)
    for module in (
        pages,
        chat,
        voice,
        turns,
        audio,
        conversations,
        profile,
        reminders,
        speech,
        transcripts,
        usage,
        voices,
        health,
    ):
        app.register_blueprint(module.blueprint)
    realtime.register(app)
    app.after_request(_secure)
    return app


def _secure(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
