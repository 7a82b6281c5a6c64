import uuid

from wyoming.asr import Transcript
from wyoming.event import Event
from wyoming.handle import Handled

from tests.web.wyoming.home import ask, kinds
from web.wyoming.handling import turn_request
from workers.services import Services

STREAM = ["handled-start", "handled-chunk", "handled", "handled-stop"]


def question(
    uri: str, text: str, conversation_id: str | None, language: str | None = None, **context: str
) -> str:
    """Ask as Home Assistant does, and return the reply."""
    if conversation_id is not None:
        context["conversation_id"] = conversation_id
    asked = Transcript(text, context=context or None, language=language)
    events = ask(uri, asked, until="handled-stop")
    assert kinds(events) == STREAM
    whole = Handled.from_event(next(event for event in events if event.type == "handled"))
    assert whole.context == asked.context
    assert whole.text == streamed(events)
    return str(whole.text)


def streamed(events: list[Event]) -> str:
    return "".join(event.data["text"] for event in events if event.type == "handled-chunk")


def test_a_question_is_answered_in_english(uri: str) -> None:
    assert "Paris" in question(uri, "What is the capital of France?", uuid.uuid4().hex, "en-US")


def test_a_question_is_answered_in_chinese(uri: str) -> None:
    assert "北京" in question(uri, "中国的首都是哪里？", uuid.uuid4().hex, "zh-CN")


def test_the_language_need_not_be_named(uri: str) -> None:
    assert "东京" in question(uri, "日本的首都是哪里？", uuid.uuid4().hex)


def test_a_conversation_remembers_what_was_said(uri: str) -> None:
    conversation_id = "01JAW5ZQ3T8M9XK2P4R6S8V0YB"
    question(uri, "The secret word is marmalade.", conversation_id)
    assert "marmalade" in question(uri, "What is the secret word?", conversation_id).lower()


def test_a_conversation_in_chinese_remembers_what_was_said(uri: str) -> None:
    conversation_id = uuid.uuid4().hex
    question(uri, "我的猫叫小花。", conversation_id, "zh")
    assert "小花" in question(uri, "我的猫叫什么名字？", conversation_id, "zh")


def test_another_conversation_does_not_know_it(uri: str) -> None:
    question(uri, "The secret word is marmalade.", uuid.uuid4().hex)
    assert "marmalade" not in question(uri, "What is the secret word?", uuid.uuid4().hex).lower()


def test_a_tool_answers_as_it_does_elsewhere(uri: str) -> None:
    assert "391" in question(uri, "What is 17 times 23?", uuid.uuid4().hex, "en")


def test_without_a_conversation_nothing_is_kept(uri: str, services: Services) -> None:
    before = set(services.redis.scan_iter("conversation:*"))
    question(uri, "What is the capital of Italy?", None)
    assert set(services.redis.scan_iter("conversation:*")) <= before


def test_satellites_are_users_of_their_own() -> None:
    def asked(**context: str) -> tuple[str, str]:
        request = turn_request(Transcript("Hi", context=context))
        return request.user_id, request.conversation_id

    kitchen = asked(conversation_id="a", satellite_id="kitchen")
    bedroom = asked(conversation_id="a", satellite_id="bedroom")
    nobody, someone = asked(conversation_id="a"), asked(conversation_id="b")
    assert len({*kitchen, *bedroom, *nobody, *someone}) == 8
    assert asked(conversation_id="b", satellite_id="kitchen")[0] == kitchen[0]
    assert asked() == asked(satellite_id="kitchen") == ("", "")


def test_an_empty_question_is_not_handled(uri: str) -> None:
    events = ask(uri, Transcript(""), until="handled-stop")
    assert kinds(events) == ["error", "not-handled", "handled-stop"]
    assert events[0].data["code"] == "question_empty"
    assert events[0].data["text"] == events[1].data["text"]
