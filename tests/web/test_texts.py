"""The words of the page: the same in both languages, all there, none for nothing."""

import re
from pathlib import Path

import pytest

from web.assets import current_assets
from web.pages import LANGUAGES, read_texts

ROOT = Path(__file__).parents[2]
SCRIPTS = {
    name: body.decode()
    for name, body in current_assets().files.items()
    if name.startswith("js/") and name.endswith(".js")
}
PYTHON = "".join(
    path.read_text(encoding="utf-8")
    for package in ("web", "workers", "assistant", "speech")
    for path in sorted((ROOT / package).rglob("*.py"))
)
TEMPLATES = "".join(
    path.read_text(encoding="utf-8") for path in sorted((ROOT / "web/templates").iterdir())
)


def names(text: str, code: str) -> bool:
    """Whether code has it as a string, as an object's property, or as a text of a template."""
    return re.search(rf"""["'`]{text}["'`]|\b{text}:|\btext\.{text}\b""", code) is not None


def test_both_languages_have_the_same_texts() -> None:
    # The server's own sentences about a problem are in English already.
    english, chinese = (read_texts(language).keys() for language in LANGUAGES)
    assert english <= chinese
    assert [key for key in chinese - english if not key.startswith("problem_")] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_has_the_same_places_to_fill_in_both_languages(language: str) -> None:
    def places(text: str) -> set[str]:
        return set(re.findall(r"\{\w+\}", text))

    english, here = read_texts("en"), read_texts(language)
    assert [key for key in english if places(english[key]) != places(here[key])] == []


def test_every_text_that_a_script_asks_for_is_there() -> None:
    known = read_texts("en")
    asked = [
        (name, key)
        for name, script in SCRIPTS.items()
        for argument in re.findall(r"\bt\(([^()`]*)\)", script)
        # Not what something is compared with.
        for key in re.findall(r'(?<![=!]== )"(\w+)"', argument)
    ]
    assert len(asked) > 100
    assert [(name, key) for name, key in asked if key not in known] == []


def test_no_text_is_there_for_nothing() -> None:
    code = "".join(SCRIPTS.values())
    # As `state_${…}`: what comes in its place is a name elsewhere.
    prefixes = re.findall(r"`([a-z]+_)\$\{", code)
    # As `${about}_${code}` in views/notice_bar.js.
    prefixes += [f"{about}_" for about in re.findall(r'\babout: "(\w+)"', code)]

    def is_built(key: str) -> bool:
        rests = [key.removeprefix(prefix) for prefix in prefixes if key.startswith(prefix)]
        return any(names(rest.removesuffix("_meaning"), code + PYTHON) for rest in rests)

    unused = [
        key
        for key in read_texts("en")
        if not names(key, code + TEMPLATES)
        and not is_built(key)
        # Of the installed app: web/pwa.py.
        and f'texts["{key}"]' not in PYTHON
    ]
    assert unused == []
