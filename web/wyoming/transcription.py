"""Speech to text."""

from collections.abc import Sequence
from contextlib import aclosing
from functools import partial

from wyoming.asr import Transcribe, Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.event import Eventable

from assistant.events import TranscriptProgress, TranscriptReady
from speech.languages import join_texts, language_code, space_between
from web.wyoming.errors import RequestError
from web.wyoming.recording import Recording
from web.wyoming.request import Send
from web.wyoming.turn_events import follow
from workers.services import Services
from workers.turn_start import transcribe_upload
from workers.turn_store import TranscriptionWish


class Transcription:
    """A recording that is only written down; of a long one each window is sent when it is known."""

    def __init__(self, wish: Transcribe, recording: Recording) -> None:
        self._wish = wish
        self._recording = recording

    async def answer(self, services: Services, send: Send) -> None:
        language, wish = self._language(services), self._transcription_wish()
        wav = self._recording.wav()
        start = partial(transcribe_upload, services, wav, language, wish)
        transcript: TranscriptReady | None = None
        has_begun = False
        async with aclosing(follow(services, start)) as events:
            async for event in events:
                match event:
                    case TranscriptProgress(segments=[_, *_]):
                        text = join_texts((part.text for part in event.segments), event.language)
                        if has_begun:
                            text = space_between(event.language) + text
                        else:
                            await send(TranscriptStart(language=event.language))
                            has_begun = True
                        await send(TranscriptChunk(text))
                    case TranscriptReady():
                        transcript = event
        if transcript is None:
            raise RequestError("internal", "The turn ended without a transcript.")
        if not has_begun:
            await send(TranscriptStart(language=transcript.language))
            if transcript.text:
                await send(TranscriptChunk(transcript.text))
        await send(Transcript(transcript.text, language=transcript.language))
        await send(TranscriptStop())

    def closing(self, problem: str) -> Sequence[Eventable]:
        return Transcript(""), TranscriptStop()

    def _language(self, services: Services) -> str | None:
        """Raises RequestError for a language or a model that is not here."""
        known, wish = services.settings.asr_model, self._wish
        if wish.name and wish.name != known:
            raise RequestError(
                "model_not_found", f"There is no model {wish.name!r} here, but {known!r}."
            )
        language = None
        if wish.language and (language := language_code(wish.language)) is None:
            raise RequestError(
                "unknown_language", f"Whisper does not know the language {wish.language!r}."
            )
        return language

    def _transcription_wish(self) -> TranscriptionWish:
        hints = [*(self._wish.transcript_names or []), *(self._wish.transcript_terms or [])]
        return TranscriptionWish(prompt=", ".join(hints) or None)
