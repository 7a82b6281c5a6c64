"""The functions that replies have called and the client runs, and what it says they returned."""

from collections.abc import Callable
from dataclasses import dataclass, field

from assistant.errors import AssistantError
from assistant.history import Exchange
from assistant.messages import FunctionCall, Message
from workers.services import Services
from workers.turn_store import TurnRequest

NO_RESULT = "No result yet."
"""What the model reads of a call where the client wants a reply before it has the result."""
_MAX_ROUNDS = 100
"""Of which results are still taken; the oldest are forgotten then."""


class UnknownCallError(AssistantError):
    code = "invalid_tool_call_id"


@dataclass
class Round:
    """One question, and what was called to answer it since the last reply to it."""

    turn_id: str
    """By which the conversation knows the question where nothing comes of the calls."""
    item_id: str
    """What the user said; empty where the assistant spoke up by itself."""
    request: TurnRequest
    """Its question is known; `steps` are those of the rounds before."""
    said: list[Message]
    """The assistant's, with its calls."""
    has_own_input: bool = False
    at: float = 0.0
    language: str | None = None
    results: dict[str, str] = field(default_factory=dict)
    """By the id of the call."""
    is_left: bool = False
    """Something else was answered meanwhile."""

    @property
    def calls(self) -> list[FunctionCall]:
        return [call for message in self.said for call in message.tool_calls]

    @property
    def text(self) -> str:
        return " ".join(message.content for message in self.said if message.content)

    def steps(self) -> tuple[Message, ...]:
        """Return all that followed the question, each call with its result."""
        steps = list(self.request.steps)
        for message in self.said:
            steps.append(message)
            steps += [
                Message(
                    role="tool",
                    content=self.results.get(call.id, NO_RESULT),
                    tool_call_id=call.id,
                )
                for call in message.tool_calls
            ]
        return tuple(steps)


class Calls:
    """All methods are called with the session's lock held."""

    def __init__(self, services: Services, conversation_id: str, user_id: str) -> None:
        self._services = services
        self._conversation_id = conversation_id
        self._user_id = user_id
        self._rounds: list[Round] = []
        self._current: Round | None = None
        """The last that was begun, or was given a result, and has no reply yet."""

    @property
    def is_open(self) -> bool:
        return self._current is not None

    def begin(self, round_: Round) -> None:
        self._rounds = [*self._rounds, round_][-_MAX_ROUNDS:]
        self._current = round_

    def bring(self, call: FunctionCall, make_round: Callable[[], Round]) -> None:
        """Take a call that the client says was made: of the round that is open, else of a new one.

        Raises UnknownCallError where there is a call of that id already.
        """
        if self._find(call.id):
            raise UnknownCallError(f"There is a call {call.id!r} already.")
        if self._current is None or self._current.is_left:
            self.begin(make_round())
        assert self._current is not None
        said = self._current.said
        if said and not any(each.id in self._current.results for each in said[-1].tool_calls):
            both = (*said[-1].tool_calls, call)
            said[-1] = said[-1].model_copy(update={"tool_calls": both})
        else:
            said.append(Message(role="assistant", content="", tool_calls=(call,)))

    def give(self, call_id: str, output: str) -> None:
        """Take what a call returned. Raises UnknownCallError."""
        round_ = self._find(call_id)
        if round_ is None:
            raise UnknownCallError(f"Tool call ID {call_id!r} is not one of this conversation.")
        round_.results[call_id] = output
        self._current = round_

    def take(self) -> Round | None:
        """Return the round that is to be answered now."""
        round_, self._current = self._current, None
        if round_ is not None and round_.is_left and not round_.has_own_input:
            # Its question would be there twice: from now on it is that of the turn that answers.
            self._services.conversations.set_aside(self._conversation_id, round_.turn_id)
        return round_

    def answer(self, text: str) -> str:
        """Have the open round's question be answered by what the client says was said; return the
        turn that the conversation knows it by."""
        assert self._current is not None
        round_, self._current = self._current, None
        self._keep(round_, text)
        return round_.turn_id

    def leave(self) -> tuple[Message, ...]:
        """Something else is answered now: the question is part of the conversation, unanswered.

        Return what a model that answers something else is to see of it.
        """
        carried = self.carried()
        round_, self._current = self._current, None
        if round_ is not None and not round_.is_left:
            round_.is_left = True
            self._keep(round_, round_.text)
            if carried:
                self._services.conversations.set_aside(self._conversation_id, round_.turn_id)
        return carried

    def carried(self) -> tuple[Message, ...]:
        """Return what was called and has returned, for a question that came in between."""
        round_ = self._current
        if round_ is None or not round_.results or round_.has_own_input:
            return ()
        return self.open_messages()

    def open_messages(self) -> tuple[Message, ...]:
        """Return the question that is open, and what was called for it."""
        if self._current is None:
            return ()
        question = Message(role="user", content=self._current.request.question or "")
        return (question, *self._current.steps())

    def forget(self, call_id: str) -> None:
        """Have no model know of that call."""
        for round_ in self._rounds:
            for place, message in enumerate(round_.said):
                rest = tuple(call for call in message.tool_calls if call.id != call_id)
                round_.said[place] = message.model_copy(update={"tool_calls": rest})
            round_.results.pop(call_id, None)
        if self._current is not None and not self._current.calls:
            self.leave()

    def forget_result(self, call_id: str) -> None:
        if round_ := self._find(call_id):
            round_.results.pop(call_id, None)

    def forget_question(self, item_id: str) -> None:
        """Have no model know of what was called for that question."""
        self._rounds = [each for each in self._rounds if each.item_id != item_id]
        if self._current is not None and self._current.item_id == item_id:
            self._current = None

    def _find(self, call_id: str) -> Round | None:
        return next(
            (
                round_
                for round_ in reversed(self._rounds)
                if any(call.id == call_id for call in round_.calls)
            ),
            None,
        )

    def _keep(self, round_: Round, text: str) -> None:
        question = "" if round_.has_own_input else round_.request.question or ""
        if not question and not text:
            return
        conversations = self._services.conversations
        exchange = Exchange(
            question, text, turn_id=round_.turn_id, at=round_.at, language=round_.language
        )
        conversations.add(self._conversation_id, self._user_id, exchange)
        conversations.amend(self._conversation_id, round_.turn_id, text)
