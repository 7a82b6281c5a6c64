"""From a recording to what was said in it: the order in which recognition goes about it."""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from speech.asr.base import (
    SAMPLE_RATE_HZ,
    WINDOW_S,
    DecodingOptions,
    Hypothesis,
    RecognitionEngine,
    RecognitionOptions,
    Segment,
    Transcript,
)
from speech.audio import Audio, Samples
from speech.languages import join_texts
from speech.segmentation import Passage, segment, whole_words
from speech.vad import Span, find_speech
from speech.word_places import place_words

MAX_PAUSE_S = 3.0
"""Longer silence is not given to Whisper, which tends to fill it with words."""

# The short window: the words and `MARGIN_S` of silence, but at least `MIN_CONTEXT_S` in all.
# Measured with faster-whisper and a beam of 5 on 36 clips under 16 s in ten languages, each as it
# is, fainter, and with noise; 1518 words, and processor time by that of the full window, median:
#   full window                                    10.7 % wrong
#   short window                                   12.5 %, 0.44
#   the same, the full one where less sure         10.7 %, 0.46 (20 of 108 clips went on to it)
# With a least of 5 s and a margin of 1 s, 8 of 72 texts came twice.
MIN_CONTEXT_S = 8.0
MARGIN_S = 2.0
MIN_AVG_LOGPROB_IN_SHORT_WINDOW = -0.35

MAX_TOKENS_PER_S = 25.0
"""Fast English has 6, Mandarin 15; scripts that Whisper spells byte by byte have more."""

# Whisper's own limits (arXiv:2212.04356, section 4.5).
MAX_TOKENS = 224
MAX_COMPRESSION_RATIO = 2.4
MIN_AVG_LOGPROB = -1.0
MAX_NO_SPEECH_PROB = 0.6
TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)

# Short windows make Whisper say everything twice, which hardly compresses.
_REPETITION = re.compile(r"(.{6,}?)\W*\1", re.DOTALL | re.IGNORECASE)

MAX_PROMPT_CHARS = 4_000
"""Of its end, which is more than Whisper reads of any text: the tokens of 440,000 took 0.9 s, with
every attempt at every window again, while nobody else was heard."""

# Written into a prompt, they would be taken for Whisper's own marks.
_SPECIAL_TOKEN = re.compile(r"<\|[^|]*\|>")


@dataclass(frozen=True, kw_only=True)
class HeardWindow:
    end_s: float
    """Where it ends in the recording."""
    segments: tuple[Segment, ...]
    """None where nobody spoke."""
    language: str | None
    language_probability: float = 0.0


def transcribe(audio: Audio, engine: RecognitionEngine, options: RecognitionOptions) -> Transcript:
    """Return what is said in `audio`, which is mono at 16 kHz and of any length.

    Silence, noise and music give an empty transcript. The language is that of the first words.
    Raises UnknownLanguageError.
    """
    return join(list(hear_windows(audio, engine, options)), options)


def hear_windows(
    audio: Audio, engine: RecognitionEngine, options: RecognitionOptions, after_s: float = 0.0
) -> Iterator[HeardWindow]:
    """Yield what is said in each window of `audio`, as `transcribe` hears it.

    The windows are the same each time: with the `end_s` of one as `after_s`, and the language of
    the first one with words as that of `options`, it goes on with the next one.
    """
    language = options.language
    for span in cut_pieces(find_speech(audio.samples, WINDOW_S)):
        if span.end_s <= after_s:
            continue
        samples = audio.samples[
            round(span.start_s * SAMPLE_RATE_HZ) : round(span.end_s * SAMPLE_RATE_HZ)
        ]
        heard, temperature = hear(samples, engine, replace(options, language=language))
        if is_invented(heard):
            yield HeardWindow(end_s=span.end_s, segments=(), language=None)
            continue
        language = heard.language
        yield HeardWindow(
            end_s=span.end_s,
            segments=tuple(_segments(span, samples, heard, temperature)),
            language=language,
            language_probability=heard.language_probability,
        )


def join(windows: Sequence[HeardWindow], options: RecognitionOptions) -> Transcript:
    spoken = [window for window in windows if window.segments]
    if not spoken:
        return Transcript(
            text="", language=None, language_probability=0.0, no_speech=True, segments=()
        )
    segments = tuple(segment for window in spoken for segment in window.segments)
    language = spoken[0].language
    return Transcript(
        text=join_texts((segment.text for segment in segments), options.written_language(language)),
        language=language,
        language_probability=spoken[0].language_probability,
        no_speech=False,
        segments=segments,
    )


def _segments(
    span: Span, samples: Samples, heard: Hypothesis, temperature: float
) -> Iterator[Segment]:
    passages = [Passage(start_s=0.0, end_s=span.duration_s, text=heard.text)]
    if heard.words:
        passages = segment(place_words(whole_words(heard.words), samples))
    for passage in passages:
        yield Segment(
            start_s=span.start_s + passage.start_s,
            end_s=span.start_s + passage.end_s,
            text=passage.text,
            temperature=temperature,
            avg_logprob=heard.avg_logprob,
            no_speech_prob=heard.no_speech_prob,
            compression_ratio=compression_ratio(heard.text),
            window_s=span.start_s,
            words=tuple(
                replace(word, start_s=span.start_s + word.start_s, end_s=span.start_s + word.end_s)
                for word in passage.words
            ),
        )


def cut_pieces(spans: list[Span]) -> list[Span]:
    """Join neighbours as long as they fit in Whisper's window and no long pause parts them."""
    pieces: list[Span] = []
    for span in spans:
        if (
            pieces
            and span.start_s - pieces[-1].end_s <= MAX_PAUSE_S
            and span.end_s - pieces[-1].start_s <= WINDOW_S
        ):
            pieces[-1] = Span(pieces[-1].start_s, span.end_s)
        else:
            pieces.append(span)
    return pieces


def hear(
    samples: Samples, engine: RecognitionEngine, options: RecognitionOptions
) -> tuple[Hypothesis, float]:
    """Return the first hypothesis that can be trusted, and its temperature.

    The short window goes first; where its text is doubtful, the full one at rising temperatures.
    Of a part that was asked for, the first hypothesis is returned, without its text where it is
    not to be trusted.
    """
    duration_s = len(samples) / SAMPLE_RATE_HZ
    short_s = max(MIN_CONTEXT_S, duration_s + MARGIN_S)
    prompt = _SPECIAL_TOKEN.sub(" ", options.prompt or "").strip()[-MAX_PROMPT_CHARS:] or None

    def recognize(context_s: float, temperature: float) -> Hypothesis:
        decoding = DecodingOptions(
            language=options.language,
            prompt=prompt,
            translates=options.translates,
            beam_size=options.beam_size,
            temperature=temperature,
            max_tokens=min(MAX_TOKENS, 20 + round(MAX_TOKENS_PER_S * duration_s)),
            aligned_s=duration_s if options.has_times else None,
        )
        return engine.recognize(_fit(samples, context_s), decoding)

    if options.window == "short" and short_s < WINDOW_S:
        heard = recognize(short_s, options.temperature)
        is_plain = is_trusted(heard) and not _REPETITION.search(heard.text)
        if options.is_part:
            return heard if is_plain else replace(heard, text=""), options.temperature
        if is_plain and heard.avg_logprob >= MIN_AVG_LOGPROB_IN_SHORT_WINDOW:
            return heard, options.temperature
    doubtful = []
    higher = (temperature for temperature in TEMPERATURES if temperature > options.temperature)
    for temperature in (options.temperature, *higher):
        heard = recognize(WINDOW_S, temperature)
        if is_trusted(heard) or is_invented(heard) or options.is_part:
            return heard, temperature
        doubtful.append((heard, temperature))
    return max(doubtful, key=lambda each: each[0].avg_logprob)


def is_trusted(heard: Hypothesis) -> bool:
    return (
        heard.is_complete
        and heard.avg_logprob >= MIN_AVG_LOGPROB
        and compression_ratio(heard.text) <= MAX_COMPRESSION_RATIO
    )


def is_invented(heard: Hypothesis) -> bool:
    """True where Whisper itself doubts that anyone spoke, or wrote no word."""
    return not re.search(r"\w", heard.text) or (
        heard.no_speech_prob > MAX_NO_SPEECH_PROB and heard.avg_logprob < MIN_AVG_LOGPROB
    )


def compression_ratio(text: str) -> float:
    data = text.encode()
    return len(data) / len(zlib.compress(data))


def warm_up(engine: RecognitionEngine) -> None:
    """Do once what makes the first recognition slow, and load the speech detector."""
    silence = np.zeros(round(MIN_CONTEXT_S * SAMPLE_RATE_HZ), np.float32)
    find_speech(silence, WINDOW_S)
    engine.recognize(
        silence,
        DecodingOptions(language=None, prompt=None, beam_size=1, temperature=0.0, max_tokens=5),
    )


def _fit(samples: Samples, context_s: float) -> Samples:
    """Return the samples followed by silence, `context_s` long in all, in steps of 20 ms."""
    n_samples = round(context_s * 50) * (SAMPLE_RATE_HZ // 50)
    return np.pad(samples[:n_samples], (0, max(0, n_samples - len(samples))))
