import asyncio

from wyoming.info import Describe, Info
from wyoming.ping import Ping

from speech.tts.voices import VOICES
from tests.web.wyoming.home import ask, connected, read_until, send


def info(uri: str) -> Info:
    return Info.from_event(ask(uri, Describe(), until="info")[0])


def test_home_assistant_finds_recognition_voices_and_dialogue(uri: str) -> None:
    described = info(uri)
    [recognition], [synthesis], [dialogue] = described.asr, described.tts, described.handle
    assert all(program.installed for program in (recognition, synthesis, dialogue))
    assert recognition.supports_transcript_streaming
    assert synthesis.supports_synthesize_streaming
    assert dialogue.supports_handled_streaming and not dialogue.supports_home_control
    # It would send to an intent service what is to be answered here.
    assert not (described.intent or described.wake or described.satellite)


def test_every_voice_is_listed_with_its_languages(uri: str) -> None:
    [synthesis] = info(uri).tts
    assert {voice.name: voice.languages for voice in synthesis.voices} == {
        voice.id: [*voice.languages] for voice in VOICES
    }


def test_english_and_chinese_are_offered_everywhere(uri: str) -> None:
    described = info(uri)
    models = [*described.asr[0].models, *described.handle[0].models]
    assert all({"en", "zh"} <= set(model.languages) for model in models)
    assert {"en", "zh"} <= {code for voice in described.tts[0].voices for code in voice.languages}


def test_a_ping_is_answered_with_its_text(uri: str) -> None:
    [pong] = ask(uri, Ping("still there?"), until="pong")
    assert pong.data == {"text": "still there?"}


def test_one_connection_serves_many_requests(uri: str) -> None:
    async def talk() -> list[str]:
        async with connected(uri) as client:
            answers = []
            for _ in range(3):
                await send(client, Describe(), Ping())
                answers += [event.type for event in await read_until(client, "pong")]
            return answers

    assert asyncio.run(talk()) == ["info", "pong"] * 3
