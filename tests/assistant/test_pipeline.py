import pytest

from assistant.checks import BlockedTerms
from assistant.errors import (
    LanguageModelRejectedError,
    LanguageModelUnavailableError,
    QuestionEmptyError,
    QuestionTooLongError,
)
from assistant.events import ReplyDelta, ReplyReady
from assistant.history import Exchange
from assistant.llm.base import Completion
from assistant.llm.scripted import ScriptedModel
from assistant.messages import Message
from assistant.pipeline import ReplyOptions, ReplyRequest, reply
from assistant.prompts import FALLBACK, INTERRUPTED, REFUSAL, SYSTEM_PROMPT

LOST = LanguageModelUnavailableError("The connection to the language model failed.")
OPTIONS = ReplyOptions(blocked_terms=BlockedTerms(["bomb", "炸弹"]), max_question_chars=50)


def request(question="What is up?", **more):
    return ReplyRequest(turn_id="t1", conversation_id="c1", question=question, **more)


def delta(text):
    return ReplyDelta(turn_id="t1", text=text)


def ready(text, **more):
    defaults = {"source": "model", "model": "scripted"}
    return ReplyReady(turn_id="t1", text=text, **(defaults | more))


def run(model, conversations, asked=None, options=OPTIONS):
    asked = asked or request()
    return list(reply(asked, model=model, conversations=conversations, options=options))


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
    assert conversations.exchanges == {"c1": {"t1": Exchange("What is up?", "Not much.")}}


def test_the_last_turns_are_shown_to_the_model(conversations):
    for turn in range(7):
        conversations.add("c1", f"old{turn}", Exchange(f"question {turn}", f"answer {turn}"))
    conversations.add("c2", "other", Exchange("someone else's", "secret"))
    model = ScriptedModel([["Hi."]])
    run(model, conversations)
    assert [message.content for message in model.prompts[0] if message.role == "user"] == [
        *(f"question {turn}" for turn in range(2, 7)),
        "What is up?",
    ]


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
        delta(sentence),
        ready(sentence, source="fallback", model=None, finish_reason="unavailable"),
    ]
    assert conversations.exchanges == {}


def test_a_model_lost_in_the_middle_is_apologised_for_and_its_words_stand(conversations):
    apology = "… " + INTERRUPTED["en"]
    assert run(ScriptedModel([["It is", " a fine", LOST]]), conversations) == [
        delta("It is"),
        delta(" a fine"),
        delta(apology),
        ready("It is a fine" + apology, finish_reason="unavailable"),
    ]
    assert conversations.exchanges["c1"]["t1"].answer == "It is a fine"


def test_a_model_that_only_reasons_gives_the_fallback_answer(conversations):
    model = ScriptedModel([["<think>Hm", "…", Completion(finish_reason="length")]])
    assert run(model, conversations) == [
        delta(FALLBACK["en"]),
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
        delta(REFUSAL[language]),
        ready(REFUSAL[language], source="refusal", model=None, finish_reason="refused"),
    ]
    assert model.prompts == [] and conversations.exchanges == {}


def test_a_blocked_term_in_the_reply_stops_it_and_the_model(conversations):
    model = ScriptedModel([["You take. A ", "bo", "mb", " and", " more"]])
    refusal = "… " + REFUSAL["en"]
    assert run(model, conversations) == [
        delta("You take. A "),
        delta(refusal),
        ready("You take. A " + refusal, source="refusal", model=None, finish_reason="refused"),
    ]
    assert model.closed == 1 and conversations.exchanges == {}


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
    asked = request("bomb", written=REFUSAL["en"])
    assert run(ScriptedModel([]), conversations, asked) == [
        ready(REFUSAL["en"], source="refusal", model=None, finish_reason="refused")
    ]


def test_a_turn_run_twice_is_remembered_once(conversations):
    model = ScriptedModel([["Yes."], ["Yes."]])
    run(model, conversations)
    run(model, conversations)
    assert conversations.recent("c1", 5) == [Exchange("What is up?", "Yes.")]


def test_a_question_that_cannot_be_asked_is_an_error(conversations):
    with pytest.raises(QuestionEmptyError):
        run(ScriptedModel([]), conversations, request(" "))
    with pytest.raises(QuestionTooLongError):
        run(ScriptedModel([]), conversations, request("x" * 51))


def test_closing_the_reply_stops_the_model(conversations):
    model = ScriptedModel([["One", " two", " three"]])
    events = reply(request(), model=model, conversations=conversations, options=OPTIONS)
    assert next(events) == delta("One")
    events.close()
    assert model.closed == 1
