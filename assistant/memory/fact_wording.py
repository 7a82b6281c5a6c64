"""A fact's grammar: told as "I'm vegan", kept as "is vegan", said to the user as "you are vegan".

Chinese has no such grammar: "我住在上海" is kept as "住在上海", "我的狗叫旺财" as it is.
"""

import re

_HAN_CHARACTER = re.compile(r"[\u3400-\u9fff]")
_MODALS = "can|could|will|would|may|might|must|should|cannot|can't|won't|couldn't|wouldn't"
_ADVERBS = (
    "never|always|also|really|usually|often|only|just|still|currently|now|sometimes|mostly|most|first"
    "|rarely|hardly"
)
_BEFORE_VERB = rf"(?P<before>(?:(?:{_MODALS}|{_ADVERBS}) )*)"
_I = re.compile(rf"i {_BEFORE_VERB}(?P<verb>[a-z'-]+)(?P<rest>.*)", re.IGNORECASE)
_THEY = re.compile(rf"{_BEFORE_VERB}(?P<verb>[a-z'-]+)(?P<rest>.*)", re.IGNORECASE)

_TO_THIRD = {
    "i've got": "has", "i have got": "has", "i've": "has", "i have": "has", "i'm": "is", "im": "is",
    "i am": "is", "i don't": "does not", "i dont": "does not", "i do not": "does not",
    "i didn't": "did not",
}  # fmt: skip
_FROM_THIRD = {"is": "are", "has": "have", "does": "do", "was": "were", "goes": "go"}
_PAST = (
    "was had got did went grew lost took became met made wrote built bought sold quit came left "
    "ran won broke began taught thought"
)
_IRREGULAR_PAST = frozenset(_PAST.split())
_PRONOUNS_TO_THIRD = {
    "my": "their", "mine": "theirs", "me": "them", "myself": "themselves", "i": "they",
    "i'm": "they are", "i've": "they have", "our": "their", "we": "they", "us": "them",
}  # fmt: skip
_PRONOUNS_TO_SECOND = {"their": "your", "them": "you", "themselves": "yourself", "they": "you"}


def third_person(clause: str) -> str:
    """Return what a user said of themselves as a fact: "lives in Ulm", "their dog is old"."""
    clause = " ".join(clause.replace("’", "'").split()).strip(" ,.!。，！")
    if _HAN_CHARACTER.search(clause):
        return re.sub(r"^我(?![的们])", "", clause).strip(" ，,")
    for first, third in _TO_THIRD.items():
        if re.match(rf"{first}\b(?!')", clause, re.IGNORECASE):
            return third + _swap(clause[len(first) :], _PRONOUNS_TO_THIRD)
    match = _I.fullmatch(clause)
    if match is None:
        return _swap(clause, _PRONOUNS_TO_THIRD)
    is_inflected = not re.search(rf"\b(?:{_MODALS})\b", match["before"])
    verb = _inflect(match["verb"]) if is_inflected else match["verb"]
    return match["before"] + verb + _swap(match["rest"], _PRONOUNS_TO_THIRD)


def second_person(fact: str) -> str:
    """Return the fact as it is said to the user: "you live in Ulm", "your dog is called Rex"."""
    if _HAN_CHARACTER.search(fact):
        return fact.replace("我", "你") if fact.startswith("我") else f"你{fact}"
    match = _THEY.fullmatch(fact)
    if match is None or fact.lower().startswith("their "):
        return _swap(fact, _PRONOUNS_TO_SECOND)
    verb = _FROM_THIRD.get(match["verb"].lower()) or _strip_inflection(match["verb"])
    return f"you {match['before']}{verb}{_swap(match['rest'], _PRONOUNS_TO_SECOND)}"


def _swap(text: str, pronouns: dict[str, str]) -> str:
    return re.sub(r"[A-Za-z']+", lambda word: pronouns.get(word[0].lower(), word[0]), text.rstrip())


def _inflect(verb: str) -> str:
    if verb in _IRREGULAR_PAST or (verb.endswith("ed") and verb not in ("need", "feed")):
        return verb
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ies"
    return verb + ("es" if re.search(r"(?:s|sh|ch|x|z|o)$", verb) else "s")


def _strip_inflection(verb: str) -> str:
    if re.search(r"[^aeiou]ies$", verb):
        return verb[:-3] + "y"
    return re.sub(r"(?<=ss|sh|ch)es$|(?<=[xzo])es$|(?<!s)s$", "", verb)
