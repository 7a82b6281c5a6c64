"""Captions and reading ahead, with real Redis and real Whisper; only the model is scripted."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from assistant.history import Exchange
from speech.audio import Audio, encode_pcm16
from tests.speech.spoken import noise, say
from tests.workers.conftest import Build, Work, queues_in, start
from workers import hearing, turn
from workers.hearing import Caption
from workers.services import Services
from workers.turn_store import TurnRequest

SENTENCE = "How old is the Brooklyn Bridge, and who built it?"
REQUEST = TurnRequest(conversation_id="c", user_id="anna")


@pytest.fixture(autouse=True)
def _queues(redis_socket: Path) -> Iterator[None]:
    with queues_in(redis_socket):
        yield


@pytest.fixture
def utterance(models: Path) -> bytes:
    return encode_pcm16(Audio(say(models, SENTENCE), 16_000))


def kept(services: Services) -> list[Caption]:
    hearing.end_captions(services, "u")
    return list(hearing.captions(services, "u"))


def prompts(services: Services) -> list[list[str]]:
    (link,) = services.language_model._chain
    return [[message.content for message in prompt] for prompt in link.model.prompts]


def test_a_caption_has_the_words_so_far(build: Build, utterance: bytes) -> None:
    services = build()
    half = utterance[: len(utterance) // 4 * 2]
    hearing.request_caption(services, "u", half, None)
    hearing.caption(services, "u", 1)
    (caption,) = kept(services)
    assert caption.text.startswith("How old is the Brook")
    assert "built" not in caption.text
    assert (caption.language, caption.heard_ms) == ("en", round(len(half) / 32))


def test_the_newest_request_counts(build: Build, utterance: bytes) -> None:
    services = build()
    hearing.request_caption(services, "u", utterance[: len(utterance) // 4 * 2], None)
    hearing.request_caption(services, "u", utterance, None)
    hearing.caption(services, "u", 1)
    hearing.caption(services, "u", 2)
    (caption,) = kept(services)
    assert "built" in caption.text


def test_who_follows_gets_captions_as_they_are_made_and_is_let_go(
    build: Build, utterance: bytes
) -> None:
    services = build()
    seen: list[Caption] = []
    follower = threading.Thread(target=lambda: seen.extend(hearing.captions(services, "u")))
    follower.start()
    hearing.request_caption(services, "u", utterance, "en")
    hearing.caption(services, "u", 1)
    hearing.end_captions(services, "u")
    follower.join(5)
    assert not follower.is_alive()
    assert len(seen) == 1


def test_no_caption_is_made_while_somebody_waits(
    build: Build, utterance: bytes, redis: Redis
) -> None:
    services = build()
    services.foreground.enter("somebody")
    hearing.request_caption(services, "u", utterance, None)
    assert redis.llen("asr") == 0
    services.foreground.leave("somebody")
    hearing.request_caption(services, "u", utterance, None)
    assert redis.llen("asr") == 1
    services.foreground.enter("somebody")
    hearing.caption(services, "u", 1)
    assert kept(services) == []


def test_a_caption_that_comes_too_late_is_dropped(build: Build, utterance: bytes) -> None:
    services = build()
    hearing.request_caption(services, "u", utterance, None)
    hearing.end_captions(services, "u")
    hearing.caption(services, "u", 1)
    hearing.read_ahead(services, "u", 1)
    assert list(hearing.captions(services, "u")) == []


def test_captions_take_their_share_of_the_time_and_no_more(build: Build, utterance: bytes) -> None:
    services = build()
    services.recognizer  # noqa: B018, loaded here so that the time below is that of the caption
    hearing.request_caption(services, "u", utterance, None)
    began = time.time()
    hearing.caption(services, "u", 1)
    took_s = time.time() - began
    hearing.request_caption(services, "u", utterance, None)
    hearing.caption(services, "u", 2)
    time.sleep(took_s / hearing.MAX_SHARE)
    hearing.request_caption(services, "u", utterance, None)
    hearing.caption(services, "u", 3)
    assert len(kept(services)) == 2


def test_noise_and_endless_speech_give_no_caption(
    build: Build, utterance: bytes, redis: Redis
) -> None:
    services = build()
    rustling = encode_pcm16(Audio(noise(3, 0.05), 16_000))
    hearing.request_caption(services, "u", rustling, None)
    hearing.caption(services, "u", 1)
    redis.delete("asr")
    hearing.request_caption(services, "u", utterance * 8, None)
    assert redis.llen("asr") == 0
    assert kept(services) == []


def test_the_prompt_that_is_read_ahead_is_the_one_that_the_reply_will_send(
    build: Build, utterance: bytes, redis: Redis
) -> None:
    services = build(["x"], ["In 1883."])
    services.conversations.add("c", "anna", Exchange("Hello.", "Hi.", turn_id="before"))
    services.profiles.set_manner("anna", "concise")
    hearing.request_caption(services, "u", utterance, None, REQUEST)
    hearing.caption(services, "u", 1)
    assert redis.llen("chat") == 1
    hearing.read_ahead(services, "u", 1)
    (caption,) = kept(services)
    start(services, caption.text, speak=False)
    turn.reply(services, "t", lambda *_: None)
    read, asked = prompts(services)
    assert read == asked


def test_reading_ahead_remembers_nothing(build: Build, utterance: bytes) -> None:
    services = build(["x"])
    hearing.request_caption(services, "u", utterance, None, REQUEST)
    hearing.caption(services, "u", 1)
    hearing.read_ahead(services, "u", 1)
    assert prompts(services)
    assert services.conversations.recall("c").preamble is None
    assert services.conversations.owner("c") is None


def test_nothing_is_read_ahead_once_somebody_waits(build: Build, utterance: bytes) -> None:
    services = build(["x"])
    hearing.request_caption(services, "u", utterance, None, REQUEST)
    hearing.caption(services, "u", 1)
    services.foreground.enter("the turn itself")
    hearing.read_ahead(services, "u", 1)
    (link,) = services.language_model._chain
    assert link.model.closed == len(link.model.prompts), "what was begun is not gone on with"


def test_real_workers_caption_an_utterance_and_read_its_words(
    build: Build, work: Work, utterance: bytes
) -> None:
    services = build(["x"])
    with work(services):
        hearing.request_caption(services, "u", utterance, None, REQUEST)
        caption = next(hearing.captions(services, "u"))
        deadline = time.monotonic() + 10
        while not prompts(services) and time.monotonic() < deadline:
            time.sleep(0.02)
    assert prompts(services)[0][-1] == caption.text


def test_nothing_is_read_ahead_where_tokens_may_cost_money(build: Build, utterance: bytes) -> None:
    services = build(["x"], llm_base_url="http://model.test/v1")
    hearing.request_caption(services, "u", utterance, None, REQUEST)
    hearing.caption(services, "u", 1)
    hearing.read_ahead(services, "u", 1)
    assert prompts(services) == []
