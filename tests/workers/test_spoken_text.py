from assistant.events import AudioReady, SpeechQueued, TurnFinished
from tests.workers.conftest import Build, Work
from workers.services import Services
from workers.spoken_text import SpokenText
from workers.turn_start import speak_text
from workers.turn_store import TurnRequest

TEXT = "The kitchen light is on. 今天天气很好，我们去散步吧。 Is there anything else?"
REQUEST = TurnRequest(conversation_id="", user_id="")


def pieces(services: Services, turn_id: str) -> list[SpeechQueued]:
    events = [stored.event for stored in services.bus.events(turn_id)]
    return [event for event in events if isinstance(event, SpeechQueued)]


def test_text_in_bits_has_the_pieces_of_the_whole(build: Build, work: Work) -> None:
    services = build()
    spoken = SpokenText(services, REQUEST)
    spoken.begin()
    for character in TEXT:
        spoken.add(character)
    spoken.end()
    in_bits = pieces(services, spoken.turn_id)
    whole = pieces(services, speak_text(services, TEXT, REQUEST))
    assert [(piece.index, piece.text, piece.language) for piece in in_bits] == [
        (piece.index, piece.text, piece.language) for piece in whole
    ]
    assert {piece.language for piece in whole} == {"en", "zh"}


def test_a_sentence_is_spoken_before_the_text_ends(build: Build, work: Work) -> None:
    services = build()
    spoken = SpokenText(services, REQUEST)
    with work(services):
        spoken.begin()
        spoken.add("The kitchen light is on. ")
        followed = services.bus.follow(spoken.turn_id, timeout_s=60)
        assert any(stored and isinstance(stored.event, AudioReady) for stored in followed)
        assert len(pieces(services, spoken.turn_id)) == 1
        spoken.end()  # No task is left that could end the turn.
        last = [stored for stored in services.bus.follow(spoken.turn_id, timeout_s=60) if stored][
            -1
        ]
    assert last.event == TurnFinished(
        turn_id=spoken.turn_id,
        answer="The kitchen light is on. ",
        source="given",
        has_audio=True,
    )


def test_a_text_without_words_ends_at_once(build: Build, work: Work) -> None:
    services = build()
    turn_id = speak_text(services, " … ", REQUEST)
    end = services.bus.events(turn_id)[-1].event
    assert end == TurnFinished(turn_id=turn_id, answer=" … ", source="given", has_audio=False)
    assert not services.foreground.is_busy()


def test_a_voice_says_what_language_letters_do_not_tell(build: Build, work: Work) -> None:
    services = build()

    def languages(text: str, voice: str, language: str | None = None) -> list[str]:
        request = REQUEST.model_copy(update={"voice": voice, "language": language})
        turn_id = speak_text(services, text, request)
        return [piece.language for piece in pieces(services, turn_id)]

    assert languages("Bonjour, comment allez-vous ?", "kokoro:ff_siwis") == ["fr"]
    assert languages("2024", "kokoro:zf_xiaobei") == ["zh"]
    assert languages("Good morning.", "kokoro:zf_xiaobei") == ["en"]
    assert languages("Guten Morgen.", "kokoro:ff_siwis", "de") == ["de"]
    assert languages("Good morning.", "alloy") == ["en"]
