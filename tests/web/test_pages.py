"""How the page reaches a browser: addresses, languages, headers, and as an installed app."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Request, Response

from assistant.events import ReplyDelta
from tests.web.browser import open_chromium
from tests.web.realtime.conftest import Web, run_web
from web.app import create_app
from web.assets import FOLDER, current_assets
from web.pages import LANGUAGES, read_texts
from workers.services import Services
from workers.settings import Settings

BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd"}


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    settings = Settings(
        data_dir=tmp_path,
        max_question_chars=99,
        max_upload_bytes=1000,
        max_audio_s=600,
        long_recording_s=30,
    )
    return create_app(settings).test_client()


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def web(data_dir: Path) -> Iterator[Web]:
    """The web process as it is run; nobody recognises, answers or speaks."""
    with run_web(data_dir, "web.app:create_app()") as running:
        yield running


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_chromium(microphone=tmp_path_factory.mktemp("microphone") / "none.wav") as chromium:
        yield chromium


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(locale="en-US") as context:
        context.set_default_timeout(20_000)
        yield context


def config_of(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="config">(.*?)</script>', html, re.S)
    assert found
    config: dict[str, Any] = json.loads(found[1])
    return config


def test_the_page_tells_its_script_what_it_needs(client: FlaskClient) -> None:
    config = config_of(client.get("/", headers={"Accept-Language": "zh-CN"}).text)
    assert config == {
        "language": "zh",
        "texts": {"zh": read_texts("zh")},
        "assets": current_assets().root,
        "limits": {
            "upload_bytes": 1000,
            "audio_s": 600.0,
            "long_recording_s": 30.0,
            "question_chars": 99,
        },
        "features": {"profile": True},
    }


def test_a_link_to_a_conversation_opens_the_page(client: FlaskClient) -> None:
    response = client.get("/c/2b1f0e6f5f1c4f0f9a4bb3a55c0f1a52")
    assert response.status_code == 200
    assert config_of(response.text)["assets"] == current_assets().root
    assert response.headers["Set-Cookie"].startswith("guest=")


@pytest.mark.parametrize("conversation_id", ["a.b", "a" * 65, "%E4%BD%A0"])
def test_what_cannot_be_a_conversation_is_a_page_that_says_so(
    client: FlaskClient, conversation_id: str
) -> None:
    response = client.get(f"/c/{conversation_id}", headers={"Accept-Language": "zh"})
    assert (response.status_code, response.mimetype) == (404, "text/html")
    assert read_texts("zh")["not_found"] in response.text


def test_the_page_is_for_one_browser_and_checked_at_each_visit(client: FlaskClient) -> None:
    first = client.get("/", headers=BROWSER)
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert {"Accept-Encoding", "Accept-Language", "Cookie"} <= set(first.vary)
    assert first.content_encoding == "br"
    again = client.get("/", headers=BROWSER | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    plain = client.get("/")
    assert client.get("/", headers={"If-None-Match": plain.headers["ETag"]}).status_code == 304


def test_the_chosen_language_and_theme_go_before_those_of_the_system(client: FlaskClient) -> None:
    client.set_cookie("language", "zh")
    client.set_cookie("theme", "dark")
    html = client.get("/", headers={"Accept-Language": "en"}).text
    assert config_of(html)["language"] == "zh"
    assert re.search(r'<html lang="zh"[^>]* data-theme="dark"', html)
    client.set_cookie("theme", '"><script>')
    assert not re.search(r"<html[^>]*data-theme", client.get("/").text)


def test_in_development_a_changed_file_is_there_when_the_page_is_loaded_again(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(FOLDER, tmp_path / "static")
    monkeypatch.setattr("web.assets.FOLDER", tmp_path / "static")
    client.application.debug = True
    try:
        before = config_of(client.get("/").text)["assets"]
        (tmp_path / "static" / "js" / "main.js").write_text("changed", encoding="utf-8")
        after = config_of(client.get("/").text)["assets"]
        assert before != after
        assert client.get(f"{after}js/main.js").text == "changed"
    finally:
        current_assets.cache_clear()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_manifest_is_in_the_language_of_the_page(client: FlaskClient, language: str) -> None:
    html = client.get("/", headers={"Accept-Language": language}).text
    found = re.search(r'<link rel="manifest" href="([^"]+)"', html)
    assert found
    response = client.get(found[1], headers={"Accept-Language": "fr"})
    assert response.mimetype == "application/manifest+json"
    manifest = response.get_json()
    assert (manifest["lang"], manifest["name"]) == (language, read_texts(language)["title"])
    assert (manifest["id"], manifest["start_url"]) == ("/", "/")
    colours = re.findall(r'<meta name="theme-color"[^>]* content="([^"]+)"', html)
    assert {manifest["theme_color"], manifest["background_color"]} == {colours[0]}
    for icon in manifest["icons"]:
        assert client.get(icon["src"]).mimetype == icon["type"]


def test_the_policy_allows_no_script_or_style_but_from_this_server(client: FlaskClient) -> None:
    for path in ("/", "/c/a.b", "/service-worker.js", "/api/voices"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; ")
        assert "unsafe" not in policy
        assert "*" not in policy


def test_json_is_compressed_and_an_event_stream_is_sent_event_by_event(
    web: Web, data_dir: Path
) -> None:
    with httpx.Client(base_url=web.url, headers=BROWSER, timeout=10) as client:
        client.get("/")  # Becomes a guest.
        voices = client.get("/api/voices")
        assert voices.headers["Content-Encoding"] == "br"
        asked = {"question": "Hello?", "speak": False}
        accept = {"Accept": "text/event-stream"}
        with client.stream("POST", "/api/chat", json=asked, headers=accept) as response:
            assert response.headers["Content-Type"].startswith("text/event-stream")
            assert "Content-Encoding" not in response.headers
            data = (line[6:] for line in response.iter_lines() if line.startswith("data: "))
            turn_id = json.loads(next(data))["turn_id"]
            bus = Services(Settings(data_dir=data_dir)).bus
            for word in ("one", "two", "three"):
                begin = time.monotonic()
                bus.append(ReplyDelta(turn_id=turn_id, text=word))
                assert json.loads(next(data))["text"] == word
                assert time.monotonic() - begin < 1


def requests_of(page: Page, url: str) -> list[Request]:
    """Load the page and return what it asked for until then: no module comes later."""
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    page.goto(url)
    return requests


def controlled(page: Page) -> None:
    """Wait until the service worker is there, and answers for the page."""
    page.evaluate(
        """async () => {
          const { serviceWorker } = navigator;
          await serviceWorker.ready;
          if (!serviceWorker.controller)
            await new Promise((resolve) => (serviceWorker.oncontrollerchange = resolve));
        }"""
    )


def devtools(page: Page) -> CDPSession:
    return page.context.new_cdp_session(page)


def test_every_module_is_asked_for_with_the_page_and_once(
    web: Web, context: BrowserContext
) -> None:
    page = context.new_page()
    asked = [
        request.url.removeprefix(web.url)
        for request in requests_of(page, web.url)
        if request.url.endswith(".js") and request.service_worker is None
    ]
    preloaded = page.eval_on_selector_all(
        "link[rel=modulepreload]", "links => links.map(link => link.getAttribute('href'))"
    )
    assert sorted(preloaded) == sorted(current_assets().modules)
    scripts = [url for url in asked if url.startswith("/assets/")]
    assert sorted(scripts) == sorted([*preloaded, current_assets().url("js/main.js")])


def test_the_page_can_be_installed(web: Web, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(web.url)
    controlled(page)
    protocol = devtools(page)
    manifest = protocol.send("Page.getAppManifest")
    assert manifest["url"] == f"{web.url}/manifest.en.webmanifest"
    assert manifest["errors"] == []
    errors = protocol.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A browser context of a test is an incognito window.
    assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == []


def test_a_second_visit_asks_the_server_for_the_page_alone(
    web: Web, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(web.url)
    controlled(page)
    page.goto("about:blank")
    responses: list[Response] = []
    page.on("response", lambda response: responses.append(response))
    page.goto(web.url)
    files = [response for response in responses if "/assets/" in response.url]
    assert files
    assert all(response.from_service_worker for response in files)


def test_without_a_network_the_page_opens_all_the_same(web: Web, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(web.url)
    controlled(page)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    context.set_offline(True)
    page.reload()
    question = page.get_by_role("textbox").first
    question.fill("Still here")
    assert question.input_value() == "Still here"
    page.goto(f"{web.url}/c/0123456789abcdef")
    page.get_by_role("textbox").first.wait_for()
    assert problems == []


def test_only_the_page_and_its_files_are_kept(web: Web, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(web.url)
    page.evaluate("caches.open('/assets/of-another-version/')")
    controlled(page)
    page.evaluate("fetch('/api/voices')")
    kept = page.evaluate(
        """async () => {
          const paths = [];
          for (const name of await caches.keys())
            for (const request of await (await caches.open(name)).keys())
              paths.push(new URL(request.url).pathname);
          return paths;
        }"""
    )
    root = current_assets().root
    assert "/" in kept
    assert current_assets().url("js/main.js") in kept
    assert all(path == "/" or path.startswith(root) for path in kept)
