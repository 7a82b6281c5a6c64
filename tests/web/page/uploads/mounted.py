"""Files and transcripts on a page of their own, served by the real server under its own policy."""

import base64
import contextlib
import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, Route

from tests.web.browser import TIMEOUT_MS
from tests.web.page.driving import wav

PAGE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Uploads</title>
<link rel="stylesheet" href="{assets}css/base.css">
<link rel="stylesheet" href="{assets}css/uploads.css">
<link rel="stylesheet" href="/mounted.css">
<script type="application/json" id="config">{config}</script>
<script type="module" src="/mounted.js"></script>
<main id="app"></main>
</html>"""

STYLE = """
body { padding: 1rem; overflow-y: scroll; }
#app { display: grid; gap: 1rem; max-width: 46rem; margin: 0 auto; }
.turns { display: grid; gap: 1rem; }
"""

SCRIPT = """
import {{ createApp }} from "{assets}vendor/vue.runtime.esm-browser.prod.js";
import * as recorded from "{assets}js/audio/recorded_sound.js";
import {{ chooseFiles, takeFiles }} from "{assets}js/client/file_intake.js";
import {{ html }} from "{assets}js/html.js";
import {{ explain, t }} from "{assets}js/i18n.js";
import * as asking from "{assets}js/state/asking.js";
import {{ conversation }} from "{assets}js/state/conversation.js";
import {{ openConversation }} from "{assets}js/state/opening.js";
import {{ preferences }} from "{assets}js/state/preferences.js";
import {{ isWrittenDown }} from "{assets}js/state/turns.js";
import * as unsent from "{assets}js/state/unsent.js";
import {{ upload }} from "{assets}js/state/uploads.js";
import {{ DropTarget }} from "{assets}js/views/drop_target.js";
import {{ Transcript }} from "{assets}js/views/transcript.js";
import {{ UnsentOffer }} from "{assets}js/views/unsent_offer.js";
import {{ UploadStatus }} from "{assets}js/views/upload_status.js";

preferences.isSpeaking = false;
takeFiles(upload);

const Turn = ({{ turn }}) => html`
  <li class="turn" data-turn-id=${{turn.id}} data-stage=${{turn.stage}}>
    ${{turn.kind === "upload" && html`<${{UploadStatus}} turn=${{turn}} />`}}
    ${{isWrittenDown(turn)
      ? html`<${{Transcript}} turn=${{turn}} />`
      : html`<p class="question">${{turn.question}}</p>`}}
    ${{turn.reply && html`<p class="reply">${{turn.reply.text}}</p>`}}
  </li>`;
Turn.props = ["turn"];

const choose = async () => upload(await chooseFiles());
createApp({{
  render: () => html`
    <h1 class="unseen">Uploads</h1>
    <${{UnsentOffer}} />
    <ol class="turns">
      ${{conversation.turns.map((turn) => html`<${{Turn}} key=${{turn.key}} turn=${{turn}} />`)}}
    </ol>
    <button type="button" class="plain" onClick=${{choose}}>${{t("choose_file")}}</button>
    <textarea aria-label=${{t("question")}} />
    <${{DropTarget}} />`,
}}).mount("#app");
Object.assign(window, {{ asking, openConversation, conversation, unsent, upload, recorded }});
"""


class UploadsPage:
    """The views of uploads, which stand where the whole page has them."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open(self) -> None:
        self.page.goto(f"{self.url}/mounted")
        self.page.wait_for_function("() => window.unsent")

    def choose(self, *files: tuple[str, bytes]) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.page.locator("#app > button").click()
        payloads: list[FilePayload] = [
            {"name": name, "mimeType": _type(name), "buffer": data} for name, data in files
        ]
        chooser.value.set_files(payloads)

    def drag(self, event: str, *files: tuple[str, bytes]) -> None:
        """`event`: dragenter, dragleave or drop; or paste."""
        self.page.evaluate(
            """([event, files]) => {
                const transfer = new DataTransfer();
                for (const [name, type, encoded] of files) {
                    const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
                    transfer.items.add(new File([bytes], name, { type }));
                }
                const fields = { bubbles: true, cancelable: true };
                document.body.dispatchEvent(
                    event === "paste"
                        ? new ClipboardEvent(event, { ...fields, clipboardData: transfer })
                        : new DragEvent(event, { ...fields, dataTransfer: transfer }),
                );
            }""",
            [event, [[n, _type(n), base64.b64encode(d).decode()] for n, d in files]],
        )

    def throttle(self, bytes_per_s: float) -> None:
        """Slow the way up; -1 for as fast as can be."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": 0,
                "downloadThroughput": -1,
                "uploadThroughput": bytes_per_s,
            },
        )


@contextlib.contextmanager
def open_uploads(
    browser: Browser,
    url: str,
    locale: str = "en-US",
    scheme: str = "light",
    width: int = 900,
    limits: dict[str, int] | None = None,
) -> Iterator[UploadsPage]:
    """Yield the page; a script error or a breach of the server's policy fails the test.

    `limits`: of which the page is told in place of the server's own.
    """
    context = browser.new_context(
        locale=locale,
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 800},
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Policy" in said.text else None)
    _mount(context, url, locale, limits or {})
    uploads = UploadsPage(page, url)
    uploads.open()
    yield uploads
    context.close()
    assert errors == [], errors


def _mount(context: BrowserContext, url: str, locale: str, limits: dict[str, int]) -> None:
    # By the browser, whose cookie it is.
    index = context.request.get(url, headers={"Accept-Language": locale})
    found = re.search(r'id="config">(.*?)</script>', index.text(), re.DOTALL)
    assert found is not None
    config = json.loads(found[1])
    config["limits"] |= limits
    places = {
        "assets": config["assets"],
        "config": json.dumps(config).replace("<", "\\u003c"),
        "language": config["language"],
    }
    policy = {"Content-Security-Policy": index.headers["content-security-policy"]}
    for name, body, content_type in (
        ("mounted", PAGE.format(**places), "text/html"),
        ("mounted.js", SCRIPT.format(**places), "text/javascript"),
        ("mounted.css", STYLE, "text/css"),
    ):
        answer = {"body": body, "content_type": content_type, "headers": policy}
        context.route(f"{url}/{name}", partial(_fulfill, answer))


def _fulfill(answer: dict[str, Any], route: Route) -> None:
    route.fulfill(**answer)


def _type(name: str) -> str:
    return {".wav": "audio/wav", ".txt": "text/plain", ".flac": "audio/flac"}.get(
        Path(name).suffix, ""
    )


def quiet(duration_s: int) -> bytes:
    return wav(np.zeros(duration_s * 4000, np.float32), 4000)


def ask_by_voice(page: Page, sound: bytes) -> None:
    page.evaluate(
        """bytes => {
            const sound = new Blob([new Uint8Array(bytes)], { type: "audio/wav" });
            asking.askBySound(sound, { filename: "recording.wav", kind: "voice" });
        }""",
        list(sound),
    )


def open_stored(page: Page, n_segments: int, sound: bytes | None = None) -> None:
    """Open a conversation of one recording, of which the server knows only what is said here."""
    segments = [
        {"start_s": 2.0 * n, "end_s": 2.0 * n + 1.9, "text": f"This is sentence number {n}."}
        for n in range(n_segments)
    ]
    text = " ".join(str(segment["text"]) for segment in segments)
    transcript = {
        "text": text,
        "language": "en",
        "duration_s": 2 * n_segments,
        "segments": segments,
    }
    turn = {
        "turn_id": "t",
        "kind": "voice",
        "question": text,
        "answer": "",
        "source": "transcript",
        "has_transcript": True,
    }
    conversation = {"title": "Lecture", "running": [], "failed": [], "turns": [turn]}
    page.route(
        "**/api/turns/t/transcript", lambda route: route.fulfill(body=json.dumps(transcript))
    )
    page.route("**/api/conversations/c", lambda route: route.fulfill(body=json.dumps(conversation)))
    page.evaluate(
        """async (encoded) => {
            if (encoded) {
                const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
                await recorded.keepRecorded("t", { sound: new Blob([bytes]), filename: "lecture" });
            }
            await openConversation("c");
        }""",
        sound and base64.b64encode(sound).decode(),
    )
    page.get_by_role("button", name="Show all").click()
