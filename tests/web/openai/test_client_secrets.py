"""Client secrets: made over HTTP by a program, opened with over the WebSocket by its client."""

import functools
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from openai.types.beta.realtime import TranscriptionSession
from openai.types.realtime import ClientSecretCreateResponse
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.web.client import openai_error
from tests.web.realtime.conftest import Client, Web, run_web
from tests.web.realtime.test_connections import refusal

KEY = "sk-of-the-whole-house"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    keys = json.dumps({"house": KEY, "garden": "sk-of-the-whole-garden"})
    with run_web(tmp_path_factory.mktemp("guarded"), API_KEYS=keys) as web:
        yield web


@pytest.fixture
def api(guarded: Web) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{guarded.url}/v1", api_key=KEY, max_retries=0)


def opened(web: Web, secret: str, **options: Any) -> dict[str, Any]:
    """Return the session that is created for that secret."""
    options = options or {"additional_headers": {"Authorization": f"Bearer {secret}"}}
    with connect(web.socket_url, **options) as connection:
        session: dict[str, Any] = Client(connection).until("session.created")[-1]["session"]
        return session


def nested(depth: int) -> Any:
    return functools.reduce(lambda inner, _: {"a": inner}, range(depth), {})


def test_a_session_has_what_its_secret_was_made_with(guarded: Web, api: openai.OpenAI) -> None:
    before = time.time()
    made = api.realtime.client_secrets.create(
        expires_after={"anchor": "created_at", "seconds": 60},
        session={
            "type": "realtime",
            "model": "gpt-realtime",
            "instructions": "Answer in rhymes.",
            "audio": {"output": {"voice": "marin", "format": {"type": "audio/pcmu"}}},
        },
    )
    assert made.value.startswith("ek_")
    assert before + 58 < made.expires_at < time.time() + 61
    parsed = ClientSecretCreateResponse.model_validate_json(made.model_dump_json(), strict=True)
    assert parsed.session.type == "realtime"
    assert parsed.session.instructions == "Answer in rhymes."
    for options in (
        {"additional_headers": {"Authorization": f"Bearer {made.value}"}},
        {
            "subprotocols": [
                Subprotocol("realtime"),
                Subprotocol(f"openai-insecure-api-key.{made.value}"),
            ],
            "origin": "https://elsewhere.example",
        },
    ):
        session = opened(guarded, made.value, **options)
        assert session["instructions"] == "Answer in rhymes."
        assert session["model"] == "gpt-realtime"
        assert session["audio"]["output"]["format"] == {"type": "audio/pcmu"}


def test_a_session_that_only_transcribes_can_have_a_secret(
    guarded: Web, api: openai.OpenAI
) -> None:
    made = api.realtime.client_secrets.create(
        session={
            "type": "transcription",
            "audio": {"input": {"transcription": {"model": "whisper-1", "language": "de"}}},
        },
    )
    assert made.expires_at > time.time() + 590
    session = opened(guarded, made.value)
    assert session["type"] == "transcription"
    assert session["audio"]["input"]["transcription"]["language"] == "de"


def test_the_users_of_secrets_are_those_whom_their_makers_name(guarded: Web) -> None:
    keys = KEY, KEY, KEY, KEY, "sk-of-the-whole-garden"
    users = "alice", "alice", "bob", None, "alice"
    secrets = [
        openai.OpenAI(base_url=f"{guarded.url}/v1", api_key=key)
        .realtime.client_secrets.create(extra_body={"user": user} if user else None)
        .value
        for key, user in zip(keys, users, strict=True)
    ]
    address = f"{guarded.socket_url}?extensions=captions&conversation_id=a_house"
    mine, again, *others = ({"Authorization": f"Bearer {secret}"} for secret in secrets)
    with connect(address, additional_headers=mine), connect(address, additional_headers=again):
        assert guarded.sessions()[-1]["user_id"] == "key-house/alice"
        for other in (*others, {"Authorization": f"Bearer {KEY}"}):
            refused = refusal(guarded, "?conversation_id=a_house", additional_headers=other)
            openai_error(refused, 404, "conversation_unknown")


def test_the_beta_makes_sessions_with_secrets(guarded: Web, api: openai.OpenAI) -> None:
    made = api.beta.realtime.sessions.create(
        model="gpt-4o-realtime-preview",
        modalities=["text"],
        input_audio_format="g711_ulaw",
        client_secret={"expires_after": {"anchor": "created_at", "seconds": 30}},
    )
    assert (made.modalities, made.input_audio_format) == (["text"], "g711_ulaw")
    assert made.client_secret.expires_at < time.time() + 31
    session = opened(guarded, made.client_secret.value)
    assert session["output_modalities"] == ["text"]
    written = api.beta.realtime.transcription_sessions.create(
        input_audio_transcription={"model": "whisper-1", "language": "zh"}
    )
    TranscriptionSession.model_validate_json(written.model_dump_json(), strict=True)
    session = opened(guarded, written.client_secret.value)
    assert session["audio"]["input"]["transcription"]["language"] == "zh"


@pytest.mark.parametrize(
    ("path", "body", "code", "param"),
    [
        ("client_secrets", {"expires_after": {"seconds": 9}}, "request_invalid", "expires_after"),
        (
            "client_secrets",
            {"expires_after": {"seconds": 7201}},
            "request_invalid",
            "expires_after",
        ),
        ("client_secrets", {"session": {"colour": 1}}, "invalid_session", "session.colour"),
        ("client_secrets", {"session": {"model": 1}}, "invalid_session", "session.model"),
        ("client_secrets", {"session": {"type": "song"}}, "invalid_session", "session.type"),
        (
            "client_secrets",
            {"session": {"audio": {"output": {"voice": "nobody"}}}},
            "invalid_session",
            "session.audio.output.voice",
        ),
        (
            "client_secrets",
            {"session": {"prompt": 500_000 * "a"}},
            "invalid_session",
            "session",
        ),
        ("client_secrets", {"session": {"prompt": nested(220)}}, "invalid_session", "session"),
        ("client_secrets", {"session": {"prompt": nested(400)}}, "invalid_session", "session"),
        (
            "client_secrets",
            {
                "session": {
                    "tools": [
                        {"type": "mcp", "server_label": "a", "server_url": "http://inner.invalid"}
                    ]
                }
            },
            "invalid_session",
            "session.tools",
        ),
        ("sessions", {"voice": "nobody"}, "invalid_session", "voice"),
        ("sessions", {"audio": {}}, "invalid_session", "audio"),
        ("transcription_sessions", {"voice": "alloy"}, "invalid_session", "audio"),
        ("calls", {"sdp": "v=0"}, "webrtc_unsupported", None),
    ],
)
def test_a_session_that_cannot_be_gets_no_secret(
    guarded: Web, path: str, body: dict[str, Any], code: str, param: str | None
) -> None:
    address = f"{guarded.url}/v1/realtime/{path}"
    answer = httpx.post(address, json=body, headers={"Authorization": f"Bearer {KEY}"})
    openai_error(answer, 400, code, param)


def test_a_secret_is_made_for_who_has_a_key_and_opens_nothing_once_it_has_expired(
    guarded: Web, api: openai.OpenAI
) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = httpx.post(f"{guarded.url}/v1/realtime/client_secrets", json={}, headers=headers)
        openai_error(answer, 401, "invalid_api_key")
    made = api.realtime.client_secrets.create(expires_after={"anchor": "created_at", "seconds": 10})
    # A secret is no key.
    answer = httpx.post(
        f"{guarded.url}/v1/realtime/client_secrets",
        json={},
        headers={"Authorization": f"Bearer {made.value}"},
    )
    openai_error(answer, 401, "invalid_api_key")
    time.sleep(10.5)
    for secret in (made.value, "ek_never"):
        refused = refusal(guarded, additional_headers={"Authorization": f"Bearer {secret}"})
        openai_error(refused, 401, "invalid_client_secret")


def test_with_keys_a_socket_needs_one_or_the_page(guarded: Web) -> None:
    openai_error(refusal(guarded), 401, "invalid_api_key")
    wrong = {"Authorization": "Bearer wrong"}
    openai_error(refusal(guarded, additional_headers=wrong), 401, "invalid_api_key")
    with httpx.Client(base_url=guarded.url) as browser:
        browser.get("/")
        cookie = {"Cookie": f"guest={browser.cookies['guest']}"}
    openai_error(refusal(guarded, additional_headers=cookie), 401, "invalid_api_key")
    elsewhere = "https://elsewhere.example"
    refused = refusal(guarded, additional_headers=cookie, origin=elsewhere)
    openai_error(refused, 403, "origin_refused")
    key = [Subprotocol(f"openai-insecure-api-key.{KEY}")]
    for options in (
        {"additional_headers": {"Authorization": f"Bearer {KEY}"}},
        {"additional_headers": {"Authorization": f"Bearer {KEY}"}, "origin": elsewhere},
        {"additional_headers": cookie, "origin": guarded.url},
        {"subprotocols": [Subprotocol("realtime"), *key], "origin": elsewhere},
    ):
        assert opened(guarded, "", **options)["type"] == "realtime"


def test_calls_over_webrtc_are_refused_in_plain_words(guarded: Web) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    refused = refusal(guarded, "?call_id=rtc_1", additional_headers=headers)
    openai_error(refused, 400, "webrtc_unsupported")
