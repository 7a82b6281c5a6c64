"""What goes wrong: said in a sentence in both languages, with what to do, and nothing is lost."""

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, Route, expect

from tests.conftest import Server
from tests.web.page.driving import ask, open_page, wait_for
from tests.web.page.settings_page import LOCALES
from web.errors import STATUS
from web.pages import read_texts

QUESTION = "How high is Mount Everest?"
CHINESE_SENTENCE = re.compile(r"[^,.;:?!]*[\u4e00-\u9fff].*。")
TURN_FAILURES = ("language_model_failed", "turn_timeout", "turn_expired", "internal")


@pytest.fixture(params=LOCALES)
def page(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Page]:
    """In each language; no service worker answers what a test wants to fail."""
    options = {"base_url": server.url, "service_workers": "block"}
    yield from open_page(browser, server.url, LOCALES[request.param], **options)


@pytest.fixture
def english(browser: Browser, server: Server) -> Iterator[Page]:
    yield from open_page(browser, server.url, base_url=server.url, service_workers="block")


def answer(status: int, code: str = "", **headers: str) -> Callable[[Route], None]:
    """Answer as the server does; without a code as a proxy in front of it does."""
    if not code:
        return lambda route: route.fulfill(status=status, headers=headers, body="<h1>Sorry</h1>")
    body = json.dumps({"code": code, "detail": "In the server's words.", "status": status})
    kind = "application/problem+json"
    return lambda route: route.fulfill(status=status, headers=headers, content_type=kind, body=body)


def events(*several: dict[str, object], kind: str = "text") -> Callable[[Route], None]:
    """Answer with these events of a turn, after its beginning."""
    question = QUESTION if kind == "text" else None
    started = {"type": "turn_started", "kind": kind, "question": question}
    lines = [
        f"id: {number}-0\ndata: {json.dumps({'turn_id': 't', 'conversation_id': 'c', **event})}\n\n"
        for number, event in enumerate((started, *several))
    ]
    return lambda route: route.fulfill(content_type="text/event-stream", body="".join(lines))


def notice(page: Page) -> Locator:
    return page.locator("#notice p")


def says(page: Page, key: str, **values: object) -> str:
    language = page.evaluate("document.documentElement.lang")
    return read_texts(language)[key].format(**values)


def test_every_problem_has_a_sentence_in_chinese() -> None:
    texts = read_texts("zh")
    for code in (*STATUS, *TURN_FAILURES):
        assert CHINESE_SENTENCE.fullmatch(texts.get(f"problem_{code}", "")), code


def test_offline_says_so_and_goes_away_by_itself(page: Page) -> None:
    page.context.set_offline(True)
    expect(notice(page)).to_have_text(says(page, "page_offline"))
    wait_for(page, "away")
    page.fill("#question", QUESTION)
    page.context.set_offline(False)
    wait_for(page, "ready")
    expect(notice(page)).to_have_count(0)
    expect(page.locator("#question")).to_have_value(QUESTION)


def test_a_question_asked_offline_comes_back_and_is_sent_once(page: Page) -> None:
    page.context.set_offline(True)
    ask(page, QUESTION)
    expect(notice(page)).to_have_text(says(page, "question_offline"))
    expect(page.locator("#question")).to_have_value(QUESTION)
    page.context.set_offline(False)
    expect(notice(page)).to_have_text(says(page, "question_reachable_again"))
    page.locator("#notice .notice-action").click()
    expect(page.locator("#question")).to_have_value("")
    expect(page.locator(".question .text")).to_have_text([QUESTION])
    expect(page.locator(".reply .text")).to_contain_text(re.compile("[0-9]"))
    expect(notice(page)).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "code", "wait", "key"),
    [
        (429, "", "30", "server_busy_for"),
        (502, "", "", "question_unreachable"),
        (503, "store_unavailable", "2", "problem_store_unavailable"),
        (503, "engine_unavailable", "", "problem_engine_unavailable"),
        (413, "question_too_long", "", "problem_question_too_long"),
        (413, "", "", "request_too_large"),
        (500, "", "", "server_error"),
    ],
)
def test_a_question_that_is_not_taken_comes_back(
    page: Page, status: int, code: str, wait: str, key: str
) -> None:
    headers = {"Retry-After": wait} if wait else {}
    page.route("**/api/chat", answer(status, code, **headers))
    ask(page, QUESTION)
    expect(notice(page)).to_have_text(says(page, key, seconds=wait))
    expect(page.locator("#question")).to_have_value(QUESTION)
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator("#notice .notice-action")).to_have_count(0 if status == 413 else 1)
    page.locator("#notice .notice-close").click()
    expect(notice(page)).to_have_count(0)


def test_a_short_wait_is_waited_for(english: Page) -> None:
    english.route("**/api/chat", answer(429, "", **{"Retry-After": "1"}), times=1)
    ask(english, QUESTION)
    expect(english.locator(".reply .text")).to_contain_text(re.compile("[0-9]"))
    expect(notice(english)).to_have_count(0)


def test_a_question_that_is_too_long_is_not_sent(page: Page) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    limit = page.evaluate(
        "JSON.parse(document.getElementById('config').text).limits.question_chars"
    )
    ask(page, "长" * (limit + 7))
    expect(notice(page)).to_have_text(says(page, "question_too_long_by", excess=7, limit=limit))
    expect(page.locator("#question")).to_have_value("长" * (limit + 7))
    assert not any("/api/chat" in url for url in sent)


def test_a_turn_that_fails_is_tried_again_in_its_place(page: Page) -> None:
    failure = {"type": "turn_failed", "code": "language_model_unavailable", "message": "No."}
    failing = events({"type": "reply_delta", "text": "It is"}, {**failure, "is_retryable": True})
    page.route("**/api/chat", failing, times=1)
    ask(page, QUESTION)
    problem = page.locator(".reply-problem")
    expect(problem.locator("p")).to_have_text(says(page, "problem_language_model_unavailable"))
    expect(page.locator(".reply > .text")).to_have_text("It is")
    page.route(
        "**/api/chat",
        events(
            {"type": "reply_ready", "text": "8,849 m", "source": "model"},
            {"type": "turn_finished", "source": "model"},
        ),
        times=1,
    )
    with page.expect_request("**/api/chat") as asked:
        problem.get_by_role("button").click()
    assert (asked.value.post_data_json or {}).get("replaces") == "t"
    expect(page.locator("#messages > .turn > .reply > .text")).to_have_text(["8,849 m"])
    expect(problem).to_have_count(0)


def test_a_reply_that_fails_before_its_first_word_does_not_seem_to_go_on(english: Page) -> None:
    failure = {"type": "turn_failed", "code": "internal", "message": "No.", "is_retryable": False}
    english.route("**/api/chat", events(failure))
    ask(english, QUESTION)
    expect(english.locator(".try-again")).to_be_visible()
    expect(english.locator(".dots")).to_have_count(0)
    expect(english.locator(".actions")).to_have_count(0)
    wait_for(english, "ready")


def test_a_cookie_that_is_gone_is_replaced(english: Page) -> None:
    english.context.clear_cookies()
    with english.expect_response(lambda found: found.status == 401):
        english.get_by_role("button", name="Settings").click()
        english.get_by_role("tab", name="Memory").click()
    expect(english.get_by_role("switch", name="Remember things about me")).to_be_visible()
    assert "guest" in {cookie["name"] for cookie in english.context.cookies()}


def test_a_conversation_of_another_browser_goes_on_in_a_new_one(page: Page) -> None:
    ask(page, QUESTION)
    wait_for(page, "ready")
    before = page.url
    page.context.clear_cookies(name="guest")
    page.request.get("/")
    ask(page, "And K2?")
    expect(notice(page)).to_have_text(says(page, "problem_conversation_unknown"))
    expect(page.locator("#question")).to_have_value("And K2?")
    page.locator("#notice .notice-action").click()
    expect(page.locator(".question .text")).to_have_text(["And K2?"])
    expect(page.locator(".reply .text")).not_to_be_empty()
    assert page.url != before


def test_a_link_to_no_conversation_says_so(page: Page) -> None:
    page.goto("/c/0123456789abcdef")
    expect(notice(page)).to_have_text(says(page, "opening_conversation_unknown"))
    expect(page.locator(".greeting")).to_be_visible()
    assert page.url.endswith("/")


def test_a_conversation_that_cannot_be_loaded_opens_by_itself_later(english: Page) -> None:
    ask(english, QUESTION)
    wait_for(english, "ready")
    english.route("**/api/conversations/*", lambda route: route.abort())
    english.route("**/readyz", lambda route: route.abort())
    english.reload()
    expect(notice(english)).to_have_text(says(english, "opening_unreachable"))
    english.unroute_all()
    expect(english.locator(".question .text")).to_have_text([QUESTION])
    expect(notice(english)).to_have_count(0)


def test_a_page_older_than_its_server_offers_to_load_again(page: Page) -> None:
    gone = answer(404, "not_found")
    page.route("**/settings_dialog.js", gone)
    page.fill("#question", "Half a quest")
    page.click("#open-settings")
    expect(notice(page)).to_have_text(says(page, "page_outdated"))
    page.unroute_all()
    page.locator("#notice .notice-action").click()
    expect(notice(page)).to_have_count(0)
    expect(page.locator("#question")).to_have_value("Half a quest")
    page.click("#open-settings")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_part_that_is_gone_is_told_until_it_is_back(page: Page) -> None:
    missing = {"ready": False, "waiting_for": ["chat"]}
    page.route("**/readyz", lambda route: route.fulfill(status=503, json=missing))
    waiting: list[Route] = []
    page.route("**/api/chat", lambda route: waiting.append(route))
    ask(page, QUESTION)
    parts = says(page, "part_chat")
    expect(notice(page)).to_have_text(says(page, "part_missing", parts=parts))
    page.unroute("**/readyz")
    expect(notice(page)).to_have_count(0)
    waiting[0].continue_()
    expect(page.locator(".reply .text")).to_contain_text(re.compile("[0-9]"))


def test_files_that_are_no_sound_say_so(page: Page) -> None:
    name = says(page, "choose_file")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=name).click()
    chooser.value.set_files(
        [
            FilePayload(name="notes.pdf", mimeType="application/pdf", buffer=b"%PDF"),
            FilePayload(name="noise.wav", mimeType="audio/wav", buffer=b"RIFF????"),
        ]
    )
    states = page.locator(".upload-state")
    expect(states.nth(0)).to_have_text(says(page, "file_unsupported"))
    expect(states.nth(1)).to_have_text(re.compile("wav", re.IGNORECASE))


def test_no_room_for_a_hands_free_conversation_says_so(page: Page) -> None:
    page.route_web_socket("**/v1/realtime*", lambda socket: socket.close(code=1008))
    page.route("**/v1/realtime?*", answer(503, "sessions_full"))
    page.click("#talk")
    expect(notice(page)).to_have_text(says(page, "problem_sessions_full"))
    wait_for(page, "ready")


def test_a_notice_takes_no_focus_and_gives_it_back(english: Page) -> None:
    english.context.set_offline(True)
    expect(notice(english)).to_be_visible()
    expect(english.locator("#question")).to_be_focused()
    english.keyboard.press("Shift+Tab")
    english.keyboard.press("Shift+Tab")
    expect(english.locator("#notice .notice-close")).to_be_focused()
    english.keyboard.press("Enter")
    expect(notice(english)).to_have_count(0)
    assert english.evaluate("document.activeElement.tagName") != "BODY"


def test_a_recording_of_which_no_words_came_is_tried_again(english: Page) -> None:
    body = {"turn_id": "t", "conversation_id": "c", "events_url": "/api/turns/t/events"}
    english.route("**/api/voice", lambda route: route.fulfill(status=202, json=body), times=1)
    failure = {"type": "turn_failed", "code": "internal", "message": "No.", "is_retryable": False}
    english.route("**/api/turns/t/events", events(failure, kind="voice"))
    english.hover("#talk")
    english.mouse.down()
    wait_for(english, "recording")
    english.wait_for_timeout(4500)
    english.mouse.up()
    expect(english.locator(".try-again")).to_be_visible()
    english.reload()
    expect(english.locator(".unsent-item")).to_be_visible()
    english.locator(".unsent-item .primary").click()
    expect(english.locator(".question .text")).to_contain_text("days")


def test_a_question_that_failed_is_still_there_after_a_reload(page: Page) -> None:
    conversation = f"failed-{page.evaluate('crypto.randomUUID()')}"
    question = QUESTION + " Why?" * 1000  # Longer than the page would send.
    data = {"question": question, "conversation_id": conversation}
    assert page.request.post("/api/chat", data=data).status == 413
    page.goto(f"/c/{conversation}")
    expect(page.locator(".question .text")).to_have_text(question)
    expect(page.locator(".reply-problem")).to_have_text(says(page, "problem_question_too_long"))
    wait_for(page, "ready")
    ask(page, QUESTION)
    wait_for(page, "ready")
    page.reload()
    expect(page.locator(".question .text")).to_have_text([question, QUESTION])
