"""Against a real HTTP server with Open-Meteo's documented answers, well and badly behaved."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from assistant.errors import ToolError
from assistant.plugins.base import ToolContext
from assistant.plugins.built_in.weather import weather, will_it_rain

DATA = Path(__file__).parent / "data"
PLACES = {
    "berlin": "geocoding_berlin.json",
    "北京": "geocoding_beijing_zh.json",
    "boston": "geocoding_boston.json",
}


class OpenMeteo(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, str]] = []
        self.trouble = ""


class _Handler(BaseHTTPRequestHandler):
    server: OpenMeteo

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.server.asked.append(asked)
        if url.path == "/v1/search":
            name = PLACES.get(asked["name"].casefold(), "geocoding_nothing.json")
            self._answer(200, (DATA / name).read_bytes())
            return
        body = (DATA / "forecast.json").read_bytes()
        match self.server.trouble:
            case "500":
                self._answer(500, b'{"error": true, "reason": "Internal"}')
            case "429":
                self._answer(429, b'{"error": true, "reason": "Too many requests"}')
            case "broken":
                self._answer(200, body[:200])
            case "not a forecast":
                self._answer(200, b'{"current": {"temperature_2m": "mild"}, "daily": {}}')
            case "short":
                forecast = json.loads(body)
                forecast["daily"]["weather_code"].pop()
                self._answer(200, json.dumps(forecast).encode())
            case "giant":
                self._answer(200, body + b" " * 20_000_000)
            case "hangs":
                time.sleep(3)
            case "drips":
                self.send_response(200)
                self.end_headers()
                for _ in range(30):
                    self.wfile.write(b" ")
                    time.sleep(0.1)
            case _:
                self._answer(200, body)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # The client had enough.
            super().handle()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenMeteo]:
    with OpenMeteo() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        monkeypatch.setenv("WEATHER_FORECAST_URL", f"{url}/forecast")
        monkeypatch.setenv("WEATHER_GEOCODING_URL", f"{url}/search")
        yield server
        server.shutdown()


def context(language: str = "en") -> ToolContext:
    return ToolContext(
        user_id="user",
        conversation_id="conversation",
        language=language,
        now=datetime(2026, 11, 22, 16, 34, tzinfo=ZoneInfo("Europe/Berlin")),
    )


@pytest.mark.parametrize(
    ("language", "place", "day", "expected"),
    [
        (
            "en",
            "Berlin",
            None,
            "In Berlin it's 4 degrees now, overcast; today minus 2 to 5 degrees, "
            "chance of rain 8%.",
        ),
        (
            "en",
            "berlin",
            "tomorrow",
            "Tomorrow in Berlin: light rain, 2 to 7 degrees, chance of rain 83%.",
        ),
        ("en", "Berlin", "on Saturday", "On Saturday in Berlin: showers, 4 to 8 degrees."),
        ("zh", "北京", None, "北京现在4度，今天阴，零下2到5度，降水概率 8%。"),
        ("zh", "北京", "后天", "北京后天小雪，零下5到0度，降水概率 35%。"),
        ("zh", "北京", "星期六", "北京星期六阵雨，4到8度。"),
    ],
)
def test_the_forecast_becomes_a_sentence(service, language, place, day, expected):
    assert weather.run(context(language), place, day) == expected


@pytest.mark.parametrize(
    ("language", "place", "day", "expected"),
    [
        ("en", "Berlin", None, "Probably not: the chance of rain in Berlin today is 8%."),
        (
            "en",
            "Berlin",
            "tomorrow",
            "Yes, probably: the chance of rain in Berlin tomorrow is 83%.",
        ),
        ("zh", "北京", "明天", "北京明天很可能会下雨，降水概率 83%。"),
        ("zh", "北京", "后天", "北京后天可能会下雨，降水概率 35%。"),
        ("zh", "北京", "星期六", "北京星期六阵雨。"),
    ],
)
def test_whether_it_will_rain_is_answered_first(service, language, place, day, expected):
    assert will_it_rain.run(context(language), place, day) == expected


def test_the_service_is_asked_for_the_place_that_it_found(service):
    weather.run(context("en"), "Boston", None)
    place, forecast = service.asked
    assert place == {"name": "Boston", "count": "1", "language": "en", "format": "json"}
    assert (forecast["latitude"], forecast["longitude"]) == ("42.35843", "-71.05977")
    assert forecast["timezone"] == "auto"


def test_english_speakers_hear_fahrenheit_of_american_places_only(service):
    assert "degrees Fahrenheit" in weather.run(context("en"), "Boston", None)
    assert service.asked[1]["temperature_unit"] == "fahrenheit"
    assert "Fahrenheit" not in weather.run(context("en"), "Berlin", None)
    assert service.asked[3]["temperature_unit"] == "celsius"


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "For which city would you like to know?"), ("zh", "请问是哪个城市的天气？")],
)
def test_without_a_place_the_user_is_asked_for_one(language, expected):
    with pytest.raises(ToolError, match=expected.replace("?", r"\?")):
        weather.run(context(language), None, None)


def test_an_unknown_place_and_a_day_too_far_ahead_are_named(service):
    with pytest.raises(ToolError, match="I can't find a place called Atlantis"):
        weather.run(context(), "Atlantis", None)
    with pytest.raises(ToolError, match="a week ahead"):
        weather.run(context(), "Berlin", "Christmas")
    with pytest.raises(ToolError, match="a week ahead"):
        weather.run(context(), "Berlin", "yesterday")


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        ("500", "has a problem"),
        ("429", "has a problem"),
        ("broken", "can't read"),
        ("not a forecast", "can't read"),
        ("short", "can't read"),
        ("giant", "can't read"),
        ("hangs", "can't reach"),
        ("drips", "can't read"),
    ],
)
def test_a_service_that_misbehaves_costs_little_time_and_gives_a_clear_answer(
    service, monkeypatch, trouble, expected
):
    monkeypatch.setattr("assistant.plugins.built_in.open_meteo._TIMEOUT_S", 1.0)
    service.trouble = trouble
    started = time.monotonic()
    with pytest.raises(ToolError, match=expected):
        weather.run(context(), "Berlin", None)
    assert time.monotonic() - started < 3


def test_offline_the_user_hears_that_the_service_is_out_of_reach(service):
    service.server_close()
    with pytest.raises(ToolError, match="can't reach the weather service"):
        weather.run(context(), "Berlin", None)
    with pytest.raises(ToolError, match="连不上天气服务"):
        will_it_rain.run(context("zh"), "北京", None)
