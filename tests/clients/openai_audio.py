"""Speech to text and text to speech by the openai package."""

import base64
import json
import time
from typing import Any

import openai

from tests.clients import either, sounds
from tests.clients.calls import Calls
from tests.clients.either import each, opened, result
from tests.clients.sounds import TEXTS, assert_says, recognise

WORDS = "The quick brown fox jumps over the lazy dog."
TALE = (
    "The harbour was quiet that morning. A fisherman mended his nets beside the old boat. "
    "His daughter brought him bread, and a letter from the city. "
    "He read it twice before he smiled. Then he put it away and went back to work."
)
calls = Calls()


async def _transcribe(client: Any, name: str = "statement.en", **fields: Any) -> Any:
    return await result(
        client().audio.transcriptions.create(
            **{"file": sounds.path(name), "model": "whisper-1"} | fields
        )
    )


async def _speak(client: Any, **fields: Any) -> bytes:
    given = {"model": "gpt-4o-mini-tts", "voice": "alloy", "input": WORDS} | fields
    answer = await result(client().audio.speech.create(**given))
    return answer.content


@calls("audio.transcriptions.create(), in English and Chinese")
async def _(client: Any) -> None:
    for language in ("en", "zh"):
        answer = await _transcribe(client, f"statement.{language}", language=language)
        assert_says(answer.text, TEXTS[f"statement.{language}"])


@calls("audio.transcriptions.create(model=…), each of OpenAI's names")
async def _(client: Any) -> None:
    for model in ("gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-transcribe"):
        answer = await _transcribe(client, model=model)
        assert_says(answer.text, TEXTS["statement.en"])


@calls('audio.transcriptions.create(response_format="text"), and "srt", "vtt"')
async def _(client: Any) -> None:
    for form, sign in (("text", ""), ("srt", "00:00:00,"), ("vtt", "WEBVTT")):
        text = await _transcribe(client, response_format=form)
        assert sign in text, text
        words = " ".join(
            line for line in text.splitlines() if "-->" not in line and not line.isdigit()
        )
        assert_says(words.removeprefix("WEBVTT"), TEXTS["statement.en"])


@calls('audio.transcriptions.create(response_format="verbose_json"), words and segments')
async def _(client: Any) -> None:
    answer = await _transcribe(
        client, response_format="verbose_json", timestamp_granularities=["word", "segment"]
    )
    duration_s = len(sounds.pcm("statement.en")) / 2 / sounds.RATE_HZ
    assert abs(answer.duration - duration_s) < 0.1, (answer.duration, duration_s)
    assert_says(" ".join(word.word for word in answer.words), TEXTS["statement.en"])
    assert_says(" ".join(each.text for each in answer.segments), TEXTS["statement.en"])
    times = [time for word in answer.words for time in (word.start, word.end)]
    assert times == sorted(times) and times[-1] <= duration_s, times


@calls("audio.transcriptions.create(stream=True)")
async def _(client: Any) -> None:
    stream = await _transcribe(client, model="gpt-4o-transcribe", stream=True)
    events = [event async for event in each(stream)]
    text = "".join(each.delta for each in events if each.type == "transcript.text.delta")
    assert events[-1].type == "transcript.text.done" and events[-1].text.strip() == text.strip()
    assert_says(text, TEXTS["statement.en"])


@calls("audio.transcriptions.create(prompt=…, temperature=…)")
async def _(client: Any) -> None:
    answer = await _transcribe(client, prompt="A reading.", temperature=0.0)
    assert_says(answer.text, TEXTS["statement.en"])


@calls(
    'audio.transcriptions.create(include=["logprobs"])',
    gap="Whisper's engines tell the probability of a segment, not of a token",
    refusal="log probabilities",
)
async def _(client: Any) -> None:
    await _transcribe(client, model="gpt-4o-transcribe", include=["logprobs"])


@calls(
    'audio.transcriptions.create(model="gpt-4o-transcribe-diarize")',
    gap="speakers are not told apart",
    refusal="response_format",
)
async def _(client: Any) -> None:
    await _transcribe(client, model="gpt-4o-transcribe-diarize", response_format="diarized_json")


@calls("audio.translations.create(), Chinese into English")
async def _(client: Any) -> None:
    for form in ("json", "verbose_json", "text", "srt"):
        answer = await result(
            client().audio.translations.create(
                model="whisper-1", file=sounds.path("question.zh"), response_format=form
            )
        )
        text = answer if isinstance(answer, str) else answer.text
        assert "capital" in text and "China" in text, text


@calls("audio.speech.create(response_format=…): mp3, opus, aac, flac, wav, pcm")
async def _(client: Any) -> None:
    for form in ("mp3", "opus", "aac", "flac", "wav", "pcm"):
        sound = await _speak(client, response_format=form)
        if form == "pcm":
            sound = sounds.wav(sound)
        assert_says(recognise(sound, f"reply.{form}"), WORDS)


@calls("audio.speech.create(voice=…), each of OpenAI's voices, and Chinese")
async def _(client: Any) -> None:
    for voice in ("ash", "coral", "echo", "fable", "marin", "nova", "onyx", "shimmer"):
        sound = await _speak(client, voice=voice, input="Yes.", response_format="pcm")
        assert len(sound) > 4800, voice
    words = "今天的天气非常好，我们去公园吧。"
    sound = await _speak(client, input=words, response_format="wav")
    assert_says(recognise(sound, language="zh"), words)


@calls("audio.speech.create(speed=1.5)")
async def _(client: Any) -> None:
    usual = await _speak(client, response_format="pcm")
    fast = await _speak(client, response_format="pcm", speed=1.5)
    assert 0.55 < len(fast) / len(usual) < 0.8, (len(fast), len(usual))


@calls("audio.speech.with_streaming_response.create(), before all is spoken")
async def _(client: Any) -> None:
    # Of its own, or the second client would be given what was spoken for the first.
    speed = 0.99 if client is openai.AsyncOpenAI else 1.0
    first, begun, samples = 0.0, time.monotonic(), b""
    async with opened(
        client().audio.speech.with_streaming_response.create(
            model="tts-1", voice="alloy", input=TALE, response_format="pcm", speed=speed
        )
    ) as answer:
        async for chunk in each(answer.iter_bytes()):
            samples += chunk
            first = first or time.monotonic() - begun
    whole = time.monotonic() - begun
    assert first < 0.7 * whole, (first, whole)
    assert_says(recognise(sounds.wav(samples)), TALE)


@calls('audio.speech.create(stream_format="sse")')
async def _(client: Any) -> None:
    text = (await _speak(client, response_format="pcm", stream_format="sse")).decode()
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data:")]
    events = [json.loads(line) for line in lines if line != "[DONE]"]
    samples = b"".join(base64.b64decode(each["audio"]) for each in events if "audio" in each)
    assert events[-1]["type"] == "speech.audio.done" and events[-1]["usage"]
    assert_says(recognise(sounds.wav(samples)), WORDS)


@calls("what is refused raises BadRequestError and NotFoundError")
async def _(client: Any) -> None:
    for fields, error in (
        ({"file": b"not a sound"}, openai.BadRequestError),
        ({"temperature": 7}, openai.BadRequestError),
        ({"model": "no-such-model"}, openai.NotFoundError),
    ):
        try:
            await _transcribe(client, **fields)
        except error as refusal:
            assert refusal.body["message"]
        else:
            raise AssertionError(f"{fields} was taken")


if __name__ == "__main__":
    either.run(calls)
