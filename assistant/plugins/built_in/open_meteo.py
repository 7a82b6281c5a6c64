"""Open-Meteo's weather service: no key, no account.

Another server with its interface is named by WEATHER_FORECAST_URL and WEATHER_GEOCODING_URL in
the environment. Source: https://open-meteo.com/en/docs and …/docs/geocoding-api.
"""

import os
import time
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError, model_validator

from assistant.errors import ToolError

FORECAST_URL = "https://api.open-meteo.com/v1/forecast"
GEOCODING_URL = "https://geocoding-api.open-meteo.com/v1/search"
FORECAST_DAYS = 7
"""Today is the first."""

_CONNECT_TIMEOUT_S = 3.0
_TIMEOUT_S = 4.0
"""For one whole request; a forecast takes two."""
_MAX_BYTES = 256 * 1024


class Location(BaseModel):
    name: str
    latitude: float
    longitude: float
    country_code: str = ""


class _Locations(BaseModel):
    results: list[Location] = []
    """Left out where nothing was found."""


class Current(BaseModel):
    temperature_2m: float
    weather_code: int


class Daily(BaseModel):
    weather_code: list[int | None]
    temperature_2m_max: list[float | None]
    temperature_2m_min: list[float | None]
    precipitation_probability_max: list[float | None]

    @model_validator(mode="after")
    def _has_every_day(self) -> "Daily":
        if {len(column) for column in vars(self).values()} != {FORECAST_DAYS}:
            raise ValueError("columns of different lengths")
        return self


class Forecast(BaseModel):
    current: Current
    daily: Daily


_Reply = TypeVar("_Reply", bound=BaseModel)


def find_location(place: str, *, zh: bool) -> Location:
    """Return the best known place of that name. Raises ToolError."""
    found = _get(
        os.environ.get("WEATHER_GEOCODING_URL", GEOCODING_URL),
        {"name": place, "count": "1", "language": "zh" if zh else "en", "format": "json"},
        _Locations,
        zh,
    )
    if not found.results:
        raise ToolError(
            f"我找不到{place}这个地方。" if zh else f"I can't find a place called {place}."
        )
    return found.results[0]


def get_forecast(location: Location, *, in_fahrenheit: bool, zh: bool) -> Forecast:
    """Return the weather now and for `FORECAST_DAYS`, in the place's own time. Raises ToolError."""
    return _get(
        os.environ.get("WEATHER_FORECAST_URL", FORECAST_URL),
        {
            "latitude": str(location.latitude),
            "longitude": str(location.longitude),
            "current": ",".join(Current.model_fields),
            "daily": ",".join(Daily.model_fields),
            "forecast_days": str(FORECAST_DAYS),
            "timezone": "auto",
            "temperature_unit": "fahrenheit" if in_fahrenheit else "celsius",
        },
        Forecast,
        zh,
    )


def _get(url: str, params: dict[str, str], reply: type[_Reply], zh: bool) -> _Reply:
    """Raises ToolError where the service is out of reach, slow, or answers what is none."""
    end = time.monotonic() + _TIMEOUT_S
    body = b""
    try:
        timeout = httpx.Timeout(_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S)
        with httpx.stream("GET", url, params=params, timeout=timeout) as response:
            response.raise_for_status()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MAX_BYTES or time.monotonic() > end:
                    raise unreadable(zh)
        return reply.model_validate_json(body)
    except httpx.HTTPStatusError as error:
        raise ToolError(
            "天气服务现在出了问题，请稍后再试。"
            if zh
            else "The weather service has a problem just now. Please try again later."
        ) from error
    except httpx.HTTPError as error:
        raise ToolError(
            "我现在连不上天气服务，请稍后再试。"
            if zh
            else "I can't reach the weather service just now. Please try again later."
        ) from error
    except ValidationError as error:
        raise unreadable(zh) from error


def unreadable(zh: bool) -> ToolError:
    return ToolError(
        "天气服务的回答我看不懂，请稍后再试。"
        if zh
        else "The weather service gave an answer that I can't read. Please try again later."
    )
