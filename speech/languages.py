"""The languages that Whisper knows, by their ISO 639 codes, and how their words are joined.

Source: the tokens of openai/whisper, in whisper/tokenizer.py.
"""

from collections.abc import Iterable

_NAMES = """
af afrikaans, am amharic, ar arabic, as assamese, az azerbaijani, ba bashkir, be belarusian,
bg bulgarian, bn bengali, bo tibetan, br breton, bs bosnian, ca catalan, cs czech, cy welsh,
da danish, de german, el greek, en english, es spanish, et estonian, eu basque, fa persian,
fi finnish, fo faroese, fr french, gl galician, gu gujarati, ha hausa, haw hawaiian, he hebrew,
hi hindi, hr croatian, ht haitian creole, hu hungarian, hy armenian, id indonesian, is icelandic,
it italian, ja japanese, jw javanese, ka georgian, kk kazakh, km khmer, kn kannada, ko korean,
la latin, lb luxembourgish, ln lingala, lo lao, lt lithuanian, lv latvian, mg malagasy, mi maori,
mk macedonian, ml malayalam, mn mongolian, mr marathi, ms malay, mt maltese, my myanmar, ne nepali,
nl dutch, nn nynorsk, no norwegian, oc occitan, pa punjabi, pl polish, ps pashto, pt portuguese,
ro romanian, ru russian, sa sanskrit, sd sindhi, si sinhala, sk slovak, sl slovenian, sn shona,
so somali, sq albanian, sr serbian, su sundanese, sv swedish, sw swahili, ta tamil, te telugu,
tg tajik, th thai, tk turkmen, tl tagalog, tr turkish, tt tatar, uk ukrainian, ur urdu, uz uzbek,
vi vietnamese, yi yiddish, yo yoruba, yue cantonese, zh chinese
"""

LANGUAGES: dict[str, str] = dict(entry.strip().split(maxsplit=1) for entry in _NAMES.split(","))
"""English names in lower case by code."""

_OTHER_NAMES = {"nb": "no", "jv": "jw", "fil": "tl", "cmn": "zh", "mandarin": "zh"}
"""Codes that clients and browsers send for languages which Whisper has by another one."""

WITHOUT_SPACES = ("zh", "ja", "yue", "th", "lo", "km", "my", "bo")


def language_code(text: str) -> str | None:
    """Return the code of what is given by its code, tag (`zh-CN`) or English name; else None."""
    wanted = text.strip().lower()
    code = wanted.replace("_", "-").split("-")[0]
    code = _OTHER_NAMES.get(code, code)
    if code in LANGUAGES:
        return code
    return next((code for code, name in LANGUAGES.items() if name == wanted), None)


def space_between(language: str | None) -> str:
    """Return what stands between two sentences of the language."""
    return "" if language in WITHOUT_SPACES else " "


def join_texts(texts: Iterable[str], language: str | None) -> str:
    return space_between(language).join(texts)
