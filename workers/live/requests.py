"""What each turn of a live session asks for: the session's settings, and what else it is to see."""

from dataclasses import replace

from assistant.generation import Generation
from assistant.messages import Message
from workers.live.calls import Calls, Round
from workers.live.inputs import Input
from workers.live.settings import LiveSettings
from workers.turn_store import TranscriptionWish, TurnRequest

MAX_NOTES_CHARS = 32_000
"""Of all together, as of instructions."""


class Requests:
    """All methods are called with the session's lock held."""

    def __init__(self, conversation_id: str, user_id: str, calls: Calls) -> None:
        self._conversation_id = conversation_id
        self._user_id = user_id
        self._calls = calls
        self._notes: dict[str, str] = {}
        """By item: what the client tells the model beside the conversation."""

    def note(self, item_id: str, text: str) -> bool:
        """Have the model know this from now on; return False where that were too much."""
        if len(text) + sum(map(len, self._notes.values())) > MAX_NOTES_CHARS:
            return False
        self._notes[item_id] = text
        return True

    def forget_note(self, item_id: str) -> bool:
        """Return False where there is none."""
        return self._notes.pop(item_id, None) is not None

    def next(
        self,
        settings: LiveSettings,
        question: str | None = None,
        carried: tuple[Message, ...] | None = None,
    ) -> TurnRequest:
        """Return the request for the conversation's next reply; to sound without a `question`.

        `carried`: what was called for an earlier question, where that is not as it is now.
        """
        carried = self._calls.carried() if carried is None else carried
        return self._request(
            settings,
            conversation_id=self._conversation_id,
            question=question,
            history=(*self.notes(), *carried),
        )

    def cued(self, settings: LiveSettings, usual: LiveSettings) -> TurnRequest:
        """Return the request for what the assistant says by itself.

        Instructions for it alone are its cue: small models follow them where they expect a
        question, and hardly where they stand in place of the system prompt.
        """
        is_own = settings.instructions != usual.instructions
        request = self.next(replace(settings, instructions=usual.instructions), "")
        return request.model_copy(update={"cue": (settings.instructions if is_own else "") or ""})

    def continued(self, settings: LiveSettings, round_: Round) -> TurnRequest:
        """Return the request for the reply that follows from what was called."""
        own = {"history": round_.request.history, "conversation_id": ""}
        usual = {"history": self.notes(), "conversation_id": self._conversation_id}
        request = self._request(
            replace(settings, language=round_.language or settings.language),
            question=round_.request.question or "",
            steps=round_.steps(),
            **(own if round_.has_own_input else usual),
        )
        return request.model_copy(update={"cue": round_.request.cue})

    def apart(self, settings: LiveSettings, input_: Input, usual: LiveSettings) -> TurnRequest:
        """Return the request for a reply to `input_` alone."""
        fields = {"conversation_id": "", "history": input_.history, "steps": input_.steps}
        if input_.question is not None or input_.pcm16 is not None:
            return self._request(settings, question=input_.question, **fields)
        cued = self.cued(settings, usual)
        return cued.model_copy(update=fields)

    def notes(self) -> tuple[Message, ...]:
        return tuple(Message(role="system", content=text) for text in self._notes.values())

    def _request(self, settings: LiveSettings, **fields: object) -> TurnRequest:
        if settings.only_transcribes:
            fields |= {"conversation_id": "", "answer": "never"}
        return TurnRequest.model_validate(
            {
                "user_id": self._user_id,
                "transcription": TranscriptionWish(prompt=settings.recognition_prompt),
                "language": settings.language,
                "speak": settings.speaks,
                "voice": settings.voice,
                "manner": settings.manner,
                "timezone": settings.timezone,
                "instructions": settings.instructions,
                "max_reply_tokens": settings.max_reply_tokens,
                "generation": (
                    None
                    if settings.temperature is None
                    else Generation(temperature=settings.temperature)
                ),
                "speed": settings.speed,
                "functions": settings.functions,
                "tool_choice": settings.tool_choice,
                **fields,
            }
        )
