"""A reply in the making: what the stages of the pipeline hand on to each other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from assistant.cache.answer_cache import AnswerCache
from assistant.checks.content import ContentChecks, Verdict
from assistant.events import ReplyDelta, ReplyReady, ReplySource, TurnEvent
from assistant.generation import FunctionTool, Generation
from assistant.history import ConversationStore, Recollection
from assistant.llm.base import (
    Completion,
    GenerationOptions,
    LanguageModel,
)
from assistant.llm.router import Route, Router
from assistant.llm.usage import UsageStore
from assistant.manner import Manner
from assistant.memory.profile import Profile, ProfileStore
from assistant.messages import FunctionCall, Message
from assistant.plugins.toolbox import Toolbox
from assistant.prompts import REFUSAL, SYSTEM_PROMPT, append_sentence

StageEvents = Iterator[TurnEvent]


@dataclass(frozen=True, kw_only=True)
class ReplyRequest:
    turn_id: str
    conversation_id: str
    """Empty where nothing is recalled and nothing kept."""
    user_id: str
    question: str
    cue: str | None = None
    """Not None where the assistant speaks by itself, and `question` is empty: what it is to say, or
    nothing. The model reads it in place of the question, and the conversation does not keep it."""
    language: str | None = None
    """The user's, as an ISO 639-1 code; where None, the question's script decides."""
    manner: Manner | None = None
    """For this reply; where None, the user's own."""
    timezone: str | None = None
    """IANA name; where None, the server's."""
    history: tuple[Message, ...] = ()
    """What the client says was said before, beside what the conversation remembers."""
    written: str = ""
    """The deltas of a worker that was lost: the reply goes on from there."""
    written_source: ReplySource = "model"
    """Of the last of them."""
    fresh: bool = False
    """No remembered answer, and none that is being written for somebody else."""
    instructions: str | None = None
    """In place of the system prompt."""
    max_reply_tokens: int | None = None
    generation: Generation | None = None
    """In place of the settings."""
    functions: tuple[FunctionTool, ...] = ()
    """Which the client runs, when the model calls them."""
    tool_choice: str = "auto"
    """`auto`, `none`, `required`, or the name of the function that must be called."""
    steps: tuple[Message, ...] = ()
    """What followed the question in turns before this one: calls of functions, their results."""
    called: tuple[FunctionCall, ...] = ()
    """What a worker that was lost had called already."""
    is_cancelled: Callable[[], bool] | None = None
    """Asked several times a second; once it says so, the reply ends where it is."""
    on_written: Callable[[], None] = lambda: None
    """Called once, when all of the text is out and its last effects are still to come."""
    wait_until_confirmed: Callable[[], None] = lambda: None
    """Called before anything that outlasts the reply is done: the question may have been begun to
    be answered on suspicion. Raises GenerationCancelledError where it was not meant."""

    @property
    def offers_functions(self) -> bool:
        return bool(self.functions) and self.tool_choice != "none"

    @property
    def must_be_written(self) -> bool:
        """True where nothing but a model's own reply will do: JSON of a form, a call, or what
        follows from a call's result."""
        is_json = self.generation is not None and self.generation.json_schema is not None
        must_call = bool(self.functions) and self.tool_choice not in ("auto", "none")
        return bool(self.steps) or is_json or must_call


@dataclass(frozen=True, kw_only=True)
class ReplyOptions:
    system_prompt: str = SYSTEM_PROMPT
    max_question_chars: int = 4000
    max_prompt_tokens: int = 3000
    """About where the oldest messages are left out: the model's context less the reply."""
    generation: GenerationOptions = field(default_factory=GenerationOptions)


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """Everything that the stages use. A stage whose part is None is turned off."""

    model: LanguageModel
    conversations: ConversationStore
    options: ReplyOptions = field(default_factory=ReplyOptions)
    checks: ContentChecks | None = None
    profiles: ProfileStore | None = None
    tools: Toolbox | None = None
    cache: AnswerCache | None = None
    follow: Callable[[str], Iterator[ReplyDelta | ReplyReady]] | None = None
    """The reply of another turn, as it is written; ends early where that turn does."""
    router: Router | None = None
    models_for: Callable[[Route], LanguageModel] | None = None
    """The models of a route, as one that asks the next where the first fails."""
    usage: UsageStore | None = None
    load: Callable[[], int] = lambda: 0
    """How many replies are being written now."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The end of a reply: all of its text, and who wrote it."""

    text: str
    source: ReplySource
    finish_reason: Literal["stop", "length", "refused", "unavailable", "tool_calls"] = "stop"
    remembered: str | None = None
    """What of it the conversation keeps; None for all."""


@dataclass
class Draft:
    request: ReplyRequest
    question: str
    """Checked, and masked where a check says so."""
    language: Literal["en", "zh"]
    """Of prepared sentences."""
    recollection: Recollection
    profile: Profile = field(default_factory=Profile)
    manner: Manner | None = None
    tool_data: str = ""
    """What a tool returned, for the model to word."""
    completions: list[Completion] = field(default_factory=list)
    """One for each time that a model was asked."""
    classifier_verdict: Callable[[], Verdict] | None = None
    """Waits for it; asked before the first word goes out."""
    cache_as: str = ""
    """The variant under which the answer may be cached; empty where it may not."""
    said: str = ""
    """What the user has been given so far."""
    answer: Answered | None = None

    @property
    def turn_id(self) -> str:
        return self.request.turn_id

    def say(self, text: str, source: ReplySource) -> ReplyDelta:
        self.said += text
        return ReplyDelta(turn_id=self.turn_id, text=text, source=source)

    def give(self, text: str, source: ReplySource) -> Iterator[ReplyDelta]:
        """The whole reply at once."""
        yield self.say(text, source)
        self.answer = Answered(text=text, source=source)

    def refuse(self) -> Iterator[ReplyDelta]:
        yield self.say(append_sentence(self.said, REFUSAL[self.language]), "refusal")
        self.answer = Answered(text=self.said, source="refusal", finish_reason="refused")
