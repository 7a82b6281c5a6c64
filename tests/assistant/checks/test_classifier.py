import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai
import pytest

from assistant.checks.classifier import OpenAIModeration
from assistant.checks.content import ContentChecks
from assistant.checks.terms import Terms

RESULT = {"flagged": True, "category_scores": {"violence": 0.9, "hate": 0.1, "illicit": None}}
GOOD = json.dumps({"id": "1", "model": "m", "results": [RESULT]})


class Server(ThreadingHTTPServer):
    """Answers every request with `status` and `body`, after `wait_s`."""

    daemon_threads = True

    def __init__(self, body, status=200, wait_s=0.0):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.body, self.status, self.wait_s = body, status, wait_s
        self.requests = []

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def moderation(self, timeout_s=5.0):
        return OpenAIModeration(
            base_url=f"http://127.0.0.1:{self.server_port}/v1",
            model="omni",
            api_key="secret",
            timeout_s=timeout_s,
        )


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, self.headers["Authorization"], json.loads(body)))
        time.sleep(self.server.wait_s)
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # Who waited too long has left.
            self.wfile.write(self.server.body.encode())

    def log_message(self, *_):
        pass


def test_a_server_is_asked_as_openai_s_is():
    with Server(GOOD) as server:
        assert server.moderation().classify("I hate you") == {"violence": 0.9, "hate": 0.1}
    assert server.requests == [
        ("/v1/moderations", "Bearer secret", {"model": "omni", "input": "I hate you"})
    ]


@pytest.mark.parametrize("body", ["{}", '{"results": []}', "[1]", "nonsense", '{"results": "x"}'])
def test_an_answer_that_is_no_moderation_is_an_error(body):
    with Server(body) as server, pytest.raises(ValueError):
        server.moderation().classify("hm")


def test_a_server_that_fails_is_asked_once():
    with Server("{}", status=500) as server, pytest.raises(openai.OpenAIError):
        server.moderation().classify("hm")
    assert len(server.requests) == 1


@pytest.mark.parametrize("trouble", [{"status": 500}, {"body": "nonsense"}, {"wait_s": 0.6}])
def test_a_classifier_in_trouble_never_blocks_a_turn(trouble, caplog):
    with Server(**({"body": GOOD} | trouble)) as server:
        checks = ContentChecks(lambda: Terms({}), classifier=server.moderation(timeout_s=0.2))
        assert checks.classify("hm")().action == "allow"
    assert "no opinion" in caplog.text


def test_a_classifier_that_answers_is_believed():
    with Server(GOOD) as server:
        checks = ContentChecks(lambda: Terms({}), classifier=server.moderation())
        assert checks.classify("hm")().categories == ("violence",)
