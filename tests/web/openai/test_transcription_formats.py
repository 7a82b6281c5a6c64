"""What was heard, in the words of OpenAI's API."""

from assistant.events import DetailedSegment, TranscriptWord
from web.openai.transcription_formats import verbose
from workers.turn_state import TurnState


def test_words_come_without_marks_in_every_language_and_keep_what_is_theirs() -> None:
    spoken = ["¿Qué", "„Ja“", "كيف؟", "नमस्ते।", "♪", "50%", "don't"]
    segment = DetailedSegment(
        start_s=0.0,
        end_s=1.0,
        text=" ".join(spoken),
        words=tuple(TranscriptWord(text=text, start_s=0.0, end_s=1.0) for text in spoken),
        tokens=(),
        window_s=0.0,
        temperature=0.0,
        avg_logprob=0.0,
        compression_ratio=1.0,
        no_speech_prob=0.0,
    )
    words = verbose(TurnState(segments=[segment]), "transcribe", ["word"]).words
    assert words is not None
    assert [word.word for word in words] == ["Qué", "Ja", "كيف", "नमस्ते", "50%", "don't"]
