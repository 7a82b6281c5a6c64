import threading

import pytest

from assistant.checks.content import ContentChecks, Verdict
from assistant.checks.terms import Terms, parse

TERMS = Terms(
    {
        "profanity": parse(["damn", "妈的"]),
        "violence": parse(["bomb", "!bomb shelter"]),
        "self-harm": parse(["?end it all"]),
    }
)


class Scores:
    """`Classifier` that gives these scores, or fails with them."""

    def __init__(self, scores, until=None):
        self.scores, self.until = scores, until

    def classify(self, text):
        if self.until:
            assert self.until.wait(5)
        if isinstance(self.scores, Exception):
            raise self.scores
        return self.scores


def checks(*arguments, **more):
    return ContentChecks(lambda: TERMS, *arguments, **more)


def test_clean_text_is_allowed():
    assert checks().check("a bomb shelter") == Verdict("allow", (), "a bomb shelter")


def test_masked_text_keeps_the_rest_as_it_was():
    assert checks().check("Well, d.a.m.n it 妈 的!") == Verdict(
        "mask", ("profanity",), "Well, *** it ***!"
    )


def test_the_gravest_action_counts():
    assert checks().check("damn, end it all").action == "care"
    assert checks().check("end it all with a damn bomb") == Verdict(
        "refuse", ("profanity", "self-harm", "violence"), "end it all with a damn bomb"
    )


def test_a_mapping_changes_what_is_done():
    assert checks({"violence": "mask", "profanity": "allow"}).check("damn bomb") == Verdict(
        "mask", ("violence",), "damn ***"
    )
    with pytest.raises(ValueError, match="no such action: shout"):
        checks({"violence": "shout"})


def test_replies_are_searched_for_their_own_terms():
    assert checks().check("end it all", "reply").action == "allow"


@pytest.mark.parametrize(
    ("scores", "action", "categories"),
    [
        ({"violence": 0.4}, "allow", ()),
        ({"violence": 0.5, "hate/threatening": 0.9}, "refuse", ("hate/threatening", "violence")),
        ({"self-harm/intent": 0.9}, "care", ("self-harm/intent",)),
        ({"unheard of": 0.9}, "refuse", ("unheard of",)),
        ({"profanity": 0.9}, "allow", ()),
        (RuntimeError("down"), "allow", ()),
    ],
)
def test_a_classifier_gives_a_second_opinion(scores, action, categories):
    verdict = checks(classifier=Scores(scores)).classify("hm")()
    assert verdict == Verdict(action, categories, "hm")


def test_a_classifier_is_waited_for_only_where_its_verdict_is_wanted():
    go = threading.Event()
    verdict = checks(classifier=Scores({"violence": 1.0}, until=go)).classify("hm")
    go.set()
    assert verdict().action == "refuse"


def test_without_a_classifier_nothing_is_waited_for():
    assert checks().classify("bomb")() == Verdict("allow", (), "bomb")
