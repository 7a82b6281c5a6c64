import pytest

from assistant.checks.content import ContentChecks
from assistant.checks.terms import Terms, parse
from assistant.draft import Dialogue, ReplyOptions, ReplyRequest
from assistant.errors import (
    GenerationCancelledError,
    LanguageModelRejectedError,
    LanguageModelUnavailableError,
    QuestionEmptyError,
    QuestionTooLongError,
)
from assistant.events import ContentChecked, HistoryRecalled, ReplyDelta, ReplyReady
from assistant.history import Exchange
from assistant.llm.base import Completion
from assistant.llm.scripted import ScriptedModel
from assistant.messages import Message
from assistant.pipeline import reply
from assistant.prompts import FALLBACK, INTERRUPTED, REFUSAL, SYSTEM_PROMPT

LOST = LanguageModelUnavailableError("The connection to the language model failed.")
TERMS = Terms({"custom": parse(["bomb", "炸弹"])})
CHECKS = ContentChecks(lambda: TERMS)
OPTIONS = ReplyOptions(max_question_chars=50)
REFUSED = ContentChecked(turn_id="t1", where="question", action="refuse", categories=("custom",))


def request(question="What is up?", **more):
    return ReplyRequest(
        turn_id="t1", conversation_id="c1", user_id="anna", question=question, **more
    )


def delta(text, source="model"):
    return ReplyDelta(turn_id="t1", text=text, source=source)


def ready(text, **more):
    defaults = {"source": "model", "model": "scripted"}
    return ReplyReady(turn_id="t1", text=text, **(defaults | more))


def run(model, conversations, asked=None):
    """The events of a reply, but for what is told of the history."""
    dialogue = Dialogue(model=model, conversations=conversations, options=OPTIONS, checks=CHECKS)
    events = reply(asked or request(), dialogue)
    return [event for event in events if not isinstance(event, HistoryRecalled)]


def test_a_reply_comes_as_it_is_written_and_is_remembered(conversations):
    model = ScriptedModel(
        [["Not", " much.", Completion(finish_reason="stop", prompt_tokens=9, completion_tokens=3)]]
    )
    assert run(model, conversations) == [
        delta("Not"),
        delta(" much."),
        ready("Not much.", prompt_tokens=9, completion_tokens=3),
    ]
    assert model.prompts == [
        [
            Message(role="system", content=SYSTEM_PROMPT),
            Message(role="user", content="What is up?"),
        ]
    ]
    assert conversations.exchanges == {
        "c1": {"t1": Exchange("What is up?", "Not much.", turn_id="t1")}
    }


def test_what_was_said_before_is_shown_to_the_model(conversations):
    for turn in range(2):
        exchange = Exchange(f"question {turn}", f"answer {turn}", turn_id=f"old{turn}")
        conversations.add("c1", "anna", exchange)
    conversations.add("c2", "bob", Exchange("someone else's", "secret", turn_id="other"))
    conversations.summary = "The user counts."
    model = ScriptedModel([["Hi."]])
    run(model, conversations)
    first, *others = model.prompts[0]
    assert first.content.startswith(SYSTEM_PROMPT)
    assert first.content.endswith("What was said earlier in this conversation: The user counts.")
    assert [message.content for message in others] == [
        "question 0",
        "answer 0",
        "question 1",
        "answer 1",
        "What is up?",
    ]


def test_the_beginning_of_the_prompt_stays_the_same_from_turn_to_turn(conversations):
    model = ScriptedModel([["One."], ["Two."]])
    run(model, conversations)
    conversations.summary = "changed, and not yet read by the model's server"
    run(model, conversations)
    first, second = model.prompts
    assert second[: len(first)] == first


def test_the_request_s_history_is_shown_to_the_model(conversations):
    history = (Message(role="user", content="I am Ann."), Message(role="assistant", content="Hi!"))
    model = ScriptedModel([["Ann."]])
    run(model, conversations, request(history=history))
    assert model.prompts[0][1:3] == list(history)


def test_a_reply_cut_by_its_length_says_so(conversations):
    model = ScriptedModel([["Once upon", Completion(finish_reason="length")]])
    assert run(model, conversations)[-1] == ready("Once upon", finish_reason="length")


@pytest.mark.parametrize(
    ("question", "language", "sentence"),
    [
        ("What is up?", None, FALLBACK["en"]),
        ("你好吗？", None, FALLBACK["zh"]),
        ("42", "zh", FALLBACK["zh"]),
        ("Ça va ?", "fr", FALLBACK["en"]),
    ],
)
@pytest.mark.parametrize("failure", [LOST, LanguageModelRejectedError("Wrong key.")])
def test_a_model_that_is_down_gives_the_fallback_answer_in_the_user_s_language(
    conversations, question, language, sentence, failure
):
    assert run(ScriptedModel([[failure]]), conversations, request(question, language=language)) == [
        delta(sentence, "fallback"),
        ready(sentence, source="fallback", model=None, finish_reason="unavailable"),
    ]
    assert conversations.exchanges["c1"]["t1"].source == "fallback"


def test_a_model_lost_in_the_middle_is_apologised_for_and_its_words_stand(conversations):
    apology = "… " + INTERRUPTED["en"]
    assert run(ScriptedModel([["It is", " a fine", LOST]]), conversations) == [
        delta("It is"),
        delta(" a fine"),
        delta(apology, "fallback"),
        ready("It is a fine" + apology, finish_reason="unavailable"),
    ]
    assert conversations.exchanges["c1"]["t1"].answer == "It is a fine"


def test_a_model_that_only_reasons_gives_the_fallback_answer(conversations):
    model = ScriptedModel([["<think>Hm", "…", Completion(finish_reason="length")]])
    assert run(model, conversations) == [
        delta(FALLBACK["en"], "fallback"),
        ready(FALLBACK["en"], source="fallback", model=None, finish_reason="length"),
    ]


@pytest.mark.parametrize(
    ("question", "language"), [("How do I build a Bomb?", "en"), ("怎么做炸弹？", "zh")]
)
def test_a_question_with_a_blocked_term_is_refused_without_asking_the_model(
    conversations, question, language
):
    model = ScriptedModel([])
    assert run(model, conversations, request(question)) == [
        REFUSED,
        delta(REFUSAL[language], "refusal"),
        ready(REFUSAL[language], source="refusal", model=None, finish_reason="refused"),
    ]
    assert model.prompts == []
    assert conversations.exchanges["c1"]["t1"].source == "refusal"


def test_a_blocked_term_in_the_reply_stops_it_and_the_model(conversations):
    model = ScriptedModel([["You take. A ", "bo", "mb", " and", " more"]])
    refusal = "… " + REFUSAL["en"]
    assert run(model, conversations) == [
        delta("You take. A "),
        ContentChecked(turn_id="t1", where="reply", action="refuse", categories=("custom",)),
        delta(refusal, "refusal"),
        ready("You take. A " + refusal, source="refusal", model=None, finish_reason="refused"),
    ]
    assert model.closed == 1
    assert conversations.exchanges["c1"]["t1"].source == "refusal"


def test_reasoning_and_special_tokens_are_never_said(conversations):
    model = ScriptedModel([["<thi", "nk>Hm.</", "think>\n\n", "Yes", "<|im_", "end|>", "!"]])
    assert run(model, conversations) == [delta("Yes"), delta("!"), ready("Yes!")]


def test_a_reply_goes_on_from_what_a_lost_worker_had_written(conversations):
    model = ScriptedModel([[" blue."]])
    assert run(model, conversations, request(written="The sky is")) == [
        delta(" blue."),
        ready("The sky is blue."),
    ]
    assert model.prompts[0][-1] == Message(role="assistant", content="The sky is")


def test_a_reply_that_was_all_written_is_only_finished(conversations):
    assert run(ScriptedModel([[]]), conversations, request(written="Done.")) == [ready("Done.")]


def test_a_refusal_that_was_written_already_is_not_said_twice(conversations):
    asked = request("bomb", written=REFUSAL["en"], written_source="refusal")
    assert run(ScriptedModel([]), conversations, asked) == [
        ready(REFUSAL["en"], source="refusal", model=None, finish_reason="refused")
    ]


def test_a_turn_run_twice_is_remembered_once(conversations):
    model = ScriptedModel([["Yes."], ["Yes."]])
    run(model, conversations)
    run(model, conversations)
    assert list(conversations.exchanges["c1"].values()) == [
        Exchange("What is up?", "Yes.", turn_id="t1")
    ]


def test_a_question_that_cannot_be_asked_is_an_error(conversations):
    with pytest.raises(QuestionEmptyError):
        run(ScriptedModel([]), conversations, request(" "))
    with pytest.raises(QuestionTooLongError):
        run(ScriptedModel([]), conversations, request("x" * 51))


def test_closing_the_reply_stops_the_model(conversations):
    model = ScriptedModel([["One", " two", " three"]])
    events = reply(request(), Dialogue(model=model, conversations=conversations))
    assert isinstance(next(events), HistoryRecalled)
    assert next(events) == delta("One")
    events.close()
    assert model.closed == 1


def test_a_request_may_bring_its_own_instructions_and_length(conversations):
    model = ScriptedModel([["Arr."]])
    run(model, conversations, request(instructions="Talk like a pirate.", max_reply_tokens=7))
    assert model.prompts[0][0].content == "Talk like a pirate."
    assert model.options[0].max_tokens == 7


def test_a_reply_that_is_no_longer_wanted_stops_and_leaves_nothing(conversations):
    model = ScriptedModel([["Not ", "much ", 5.0, "at all."]])
    seen = []
    asked = request(is_cancelled=lambda: "much " in seen)
    dialogue = Dialogue(model=model, conversations=conversations, options=OPTIONS)
    with pytest.raises(GenerationCancelledError):
        for event in reply(asked, dialogue):
            seen.append(getattr(event, "text", ""))
    assert seen[-2:] == ["Not ", "much "], "and no apology"
    assert model.closed == 1
    assert conversations.exchanges == {}


def test_nothing_is_remembered_before_the_question_is_known_to_be_meant(conversations):
    happened = []

    def refuse():
        happened.append("asked")
        raise GenerationCancelledError("It was not meant.")

    asked = request(on_written=lambda: happened.append("written"), wait_until_confirmed=refuse)
    with pytest.raises(GenerationCancelledError):
        run(ScriptedModel([["Not much."]]), conversations, asked)
    assert happened == ["written", "asked"]
    assert conversations.exchanges == {}
