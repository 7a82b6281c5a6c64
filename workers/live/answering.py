"""The replies of a live conversation: to what was said, to what functions returned, to anything."""

import threading
import time
from collections.abc import Callable

from assistant.errors import AssistantError
from assistant.history import Exchange
from assistant.messages import Message
from speech.audio import wrap_wav
from workers import turn_control
from workers.live.calls import Calls, Round
from workers.live.events import LiveEvent
from workers.live.inputs import Input, as_input, recalled, unfinished
from workers.live.live_turn import LiveTurn
from workers.live.replies import Replies
from workers.live.requests import Requests
from workers.live.settings import LiveSettings
from workers.live.unanswered import Typed, Unanswered
from workers.services import Services
from workers.turn_start import start_turn
from workers.turn_store import TurnRequest

RATE_HZ = 16_000
"""Of what is heard."""
_MAX_TURNS = 1_000
"""Of which it is known what the user said in them; the oldest are forgotten then."""
_MAX_APART = 4
"""Replies that are made at once beside the conversation."""


class TurnInProgressError(AssistantError):
    code = "turn_in_progress"


class Answering:
    """Thread-safe. `emit` is called from several threads, one at a time and in order."""

    def __init__(
        self,
        services: Services,
        *,
        conversation_id: str,
        user_id: str,
        settings: LiveSettings,
        emit: Callable[[LiveEvent], None],
    ) -> None:
        self._services = services
        self._conversation_id = conversation_id
        self._user_id = user_id
        self._settings = settings
        self._emit_to = emit
        self._is_closed = False
        self._lock = threading.RLock()
        self._replies = Replies(
            services, self._lock, self._emit, self._know_words, self._begin_round, self._keep
        )
        self._replies.can_hold = settings.can_hold
        self._unanswered = Unanswered(services, self._replies, conversation_id, user_id, self._emit)
        self._calls = Calls(services, conversation_id, user_id)
        self._requests = Requests(conversation_id, user_id, self._calls)
        self._turns: dict[str, list[str]] = {}
        """By the item of the user that is their question."""
        self._language: str | None = None
        """Of what the user said last."""

    def respond(self, settings: LiveSettings | None = None) -> str:
        """Reply to what has no reply yet, or speak up where there is nothing; return the turn's id.

        `settings` are for this reply, in place of the session's. Raises TurnInProgressError while
        a reply is being made.
        """
        with self._lock:
            turn = self._replies.current
            if turn is not None and self._replies.is_making:
                if turn.is_replying or not self._unanswered:
                    raise TurnInProgressError(
                        "A reply is being made; wait for its end, or cancel it."
                    )
                self._replies.interrupt()  # Nothing of it is told: this reply is to both.
            settings = settings or self._settings
            if not self._unanswered and (round_ := self._calls.take()):
                return self._go_on(round_, settings)
            carried = self._calls.leave()
            return self._answer(
                self._unanswered.take() if self._unanswered else None, settings, carried
            )

    def respond_to(
        self, input_: Input | None, settings: LiveSettings, *, is_apart: bool = False
    ) -> str:
        """Reply to `input_` alone, or to the conversation as it is; return the turn's id.

        `is_apart`: nothing of it becomes part of the conversation, and it may be made beside the
        conversation's own reply. Raises TurnInProgressError where that is not so, or where there
        are as many as may be.
        """
        with self._lock:
            if self._replies.is_making if not is_apart else len(self._replies.apart) >= _MAX_APART:
                raise TurnInProgressError("Replies are being made; wait for their end.")
            if input_ is None:
                is_told_what = settings.instructions != self._settings.instructions
                messages = self._seen()
                input_ = Input(history=tuple(messages)) if is_told_what else as_input(messages)
            request = self._requests.apart(settings, input_, self._settings)
            sound = None if input_.pcm16 is None else wrap_wav(input_.pcm16, RATE_HZ)
            turn = LiveTurn(
                id=start_turn(self._services, request, sound),
                item_id="",
                request=request,
                is_confirmed=True,
                is_spoken=settings.speaks,
                has_own_input=not is_apart,
                is_apart=is_apart,
            )
            turn.spoke_until = time.time()
            if is_apart:
                self._replies.ask_apart(turn)
            else:
                self._replies.ask(turn)
            return turn.id

    def cancel(self) -> bool:
        """Stop the reply in progress; return False where there is none."""
        with self._lock:
            if not self._replies.is_open:
                return False
            self._replies.interrupt("cancelled")
            return True

    def cancel_apart(self, turn_id: str) -> bool:
        """Stop a reply that is apart from the conversation; return False where it is over."""
        with self._lock:
            return self._replies.cancel_apart(turn_id)

    def played(self, turn_id: str, audio_ms: int, is_playing: bool = True) -> None:
        """The client has played so much of the reply, and is still playing or is not."""
        with self._lock:
            turn = self._replies.find(turn_id)
            if turn is not None:
                turn.playback.report(audio_ms, is_playing and not self._replies.is_held)

    def truncate(self, turn_id: str, audio_ms: int) -> None:
        """The client played `audio_ms` of the reply and will play no more of it."""
        with self._lock:
            self._replies.truncate(turn_id, audio_ms)

    def close(self) -> None:
        """End the session; a reply in progress is written to its end, as in any turn."""
        with self._lock:
            self._is_closed = True
            self._leave()
            for turn_id in self._replies.apart:
                self._replies.cancel_apart(turn_id)
            self._replies.release()

    def _know_words(self, turn: LiveTurn) -> None:
        """Tell of the reply once it is known that something was said."""
        heard = turn.transcript
        assert heard is not None
        if turn is self._replies.current and turn.is_confirmed:
            self._language = heard.language or self._language
            self._replies.confirm(turn)
            if not (heard.no_speech or turn.is_told):
                self._replies.start(turn)

    def _answer(
        self,
        item: LiveTurn | Typed | None,
        settings: LiveSettings,
        carried: tuple[Message, ...] = (),
        *,
        is_asked: bool = True,
    ) -> str:
        """`carried`: what was called for an earlier question, and has returned. `is_asked`: by the
        client."""
        if isinstance(item, LiveTurn):
            turn = item
            turn.is_spoken = settings.speaks
            turn.request = self._requests.next(settings, carried=carried)
            self._services.turns.put_request(turn.id, turn.request)
            turn_control.begin_reply(self._services, turn.id)
            self._replies.ask(turn)
            return turn.id
        if item is None:
            cued = self._requests.cued(settings, self._settings)
            return self._ask(cued, settings, is_asked=is_asked)
        request = self._requests.next(settings, item.text, carried)
        return self._ask(request, settings, item.item_id)

    def _go_on(self, round_: Round, settings: LiveSettings) -> str:
        """Reply with what the functions have returned."""
        request = self._requests.continued(settings, round_)
        return self._ask(request, settings, round_.item_id, has_own_input=round_.has_own_input)

    def _ask(
        self,
        request: TurnRequest,
        settings: LiveSettings,
        item_id: str = "",
        *,
        has_own_input: bool = False,
        is_asked: bool = True,
    ) -> str:
        turn = LiveTurn(
            id=start_turn(self._services, request),
            item_id=item_id,
            request=request,
            is_confirmed=True,
            is_spoken=settings.speaks,
            has_own_input=has_own_input,
        )
        turn.spoke_until = time.time()
        self._note_turn(turn)
        self._replies.ask(turn, is_asked=is_asked)
        return turn.id

    def _begin_round(self, turn: LiveTurn) -> None:
        """The reply ended in calls of functions: it goes on when they have returned."""
        text = turn.written.text if turn.written else ""
        calls = Message(role="assistant", content=text, tool_calls=tuple(turn.calls))
        language = turn.transcript.language if turn.transcript else turn.request.language
        self._calls.begin(
            Round(
                turn_id=turn.id,
                item_id=turn.item_id,
                request=turn.request.model_copy(update={"question": turn.question}),
                said=[calls],
                has_own_input=turn.has_own_input,
                at=time.time(),
                language=language,
            )
        )

    def _keep(self, turn: LiveTurn, text: str) -> None:
        """Have the conversation know what was said in reply to something else."""
        said = Exchange("", text, turn_id=turn.id, at=time.time())
        if text:
            self._services.conversations.add(self._conversation_id, self._user_id, said)
        self._services.conversations.amend(self._conversation_id, turn.id, text)

    def _leave(self) -> None:
        """Make all that has no reply part of the conversation, for one that comes by itself."""
        self._calls.leave()
        self._unanswered.leave()

    def _seen(self) -> list[Message]:
        """Return the conversation as a model would be shown it now."""
        messages = [*self._requests.notes(), *recalled(self._services, self._conversation_id)]
        if self._replies.current is not None:
            messages += unfinished(self._services, self._replies.current)
        messages += self._calls.open_messages()
        asked = [Message(role="user", content=item.question) for item in self._unanswered]
        return [*messages, *asked]

    def _note_turn(self, turn: LiveTurn | Typed) -> None:
        if turn.item_id:
            self._turns.setdefault(turn.item_id, []).append(turn.id)
        if len(self._turns) > _MAX_TURNS:
            del self._turns[next(iter(self._turns))]

    def _emit(self, event: LiveEvent) -> None:
        if not self._is_closed:
            self._emit_to(event)
