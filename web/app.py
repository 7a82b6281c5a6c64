"""The Flask application."""

from flask import Flask, Response, g, request
from flask_compress import Compress

from web import (
    api_docs,
    assets,
    audio,
    chat,
    conversations,
    errors,
    health,
    pages,
    profile,
    pwa,
    reminders,
    speech,
    transcripts,
    turns,
    usage,
    voice,
    voices,
)
from web.openai import calls, chat_completions, client_secrets, responses, transcriptions
from web.openai import models as openai_models
from web.openai import speech as openai_speech
from web.openai import voices as openai_voices
from web.realtime import endpoint as realtime
from web.strict_json import StrictJson
from workers.services import Services
from workers.settings import Settings, load_settings

# The multipart frame around an upload: boundaries, headers and the few text fields.
_FORM_OVERHEAD_BYTES = 256 * 1024

# 'self' of connect-src means the same host's WebSocket, too (Safari from 16 on), and that of
# script-src the worklets.
_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src {}; img-src {}; "
    "font-src 'self'; connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_PERMISSIONS = "microphone=(self), camera=(), geolocation=(), payment=(), usb=()"

# Text that is whole when it is sent. No stream of events is among it, since one that is compressed
# waits until there is enough to compress, and no sound, of which a client may ask for a part.
_COMPRESSION = {
    "COMPRESS_MIMETYPES": [
        "text/html",
        "text/javascript",
        "text/plain",
        "application/json",
        "application/manifest+json",
        "application/problem+json",
    ],
    "COMPRESS_ALGORITHM": ["br", "gzip"],
    "COMPRESS_BR_LEVEL": 5,
    "COMPRESS_STREAMS": False,
}


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application; it connects to Redis with the first request, and loads no model."""
    settings = settings or load_settings()
    app = Flask(__name__, static_folder=None)
    app.extensions["services"] = Services(settings)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_upload_bytes + _FORM_OVERHEAD_BYTES
    app.json = StrictJson(app)
    app.json.ensure_ascii = False
    app.config.update(_COMPRESSION)
    Compress(app)
    errors.register(app)
    for module in (
        assets,
        pages,
        pwa,
        chat,
        voice,
        turns,
        audio,
        conversations,
        profile,
        reminders,
        speech,
        transcriptions,
        transcripts,
        usage,
        voices,
        health,
        api_docs,
    ):
        app.register_blueprint(module.blueprint)
    app.register_blueprint(calls.blueprint)
    app.register_blueprint(client_secrets.blueprint)
    app.register_blueprint(chat_completions.blueprint)
    app.register_blueprint(openai_models.blueprint)
    app.register_blueprint(responses.blueprint)
    app.register_blueprint(openai_speech.blueprint)
    app.register_blueprint(openai_voices.blueprint)
    realtime.register(app)
    app.after_request(_secure)
    return app


def _secure(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    # The rest is for pages. On each of some fifty small files that a page consists of, it would be
    # 20 kB in all.
    if request.endpoint != "assets.asset":
        styles = " ".join(["'self'", *g.get("style_sources", [])])
        images = " ".join(["'self'", *g.get("image_sources", [])])
        response.headers["Content-Security-Policy"] = _POLICY.format(styles, images)
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Permissions-Policy"] = _PERMISSIONS
    return response
