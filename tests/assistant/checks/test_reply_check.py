import pytest

from assistant.checks.content import ContentChecks
from assistant.checks.reply_check import ReplyCheck
from assistant.checks.terms import TermFiles, Terms, parse

TERMS = Terms(
    {
        "custom": parse(["bomb", "make poison", "炸弹", "K粉", "!bomb shelter"]),
        "profanity": parse(["damn", "re:fuck(?:ing)?", "妈的"]),
        "self-harm": parse(["hurt yourself"]),
    }
)
CHECKS = ContentChecks(lambda: TERMS)


def released(deltas, checks=CHECKS, written=""):
    check = ReplyCheck(checks, written)
    pieces = [check.feed(delta) for delta in deltas]
    pieces.append(check.flush())
    assert check.released == written + "".join(pieces)
    return pieces, check.is_blocked


def cut(reply):
    """Yield the reply in pieces of 1, 2, 3… characters."""
    for size in range(1, len(reply) + 1):
        yield [reply[i : i + size] for i in range(0, len(reply), size)]


def test_ordinary_text_is_let_through_at_once():
    assert released(["Hello", " there,", " 3 < 4", "!"]) == (
        ["Hello", " there,", " 3 < 4", "!", ""],
        False,
    )


def test_without_checks_nothing_is_looked_for():
    assert released(["a bomb<think>x</think>", "!"], checks=None) == (["a bomb", "!", ""], False)


def test_reasoning_is_left_out_wherever_it_is_cut():
    for pieces in cut("<think>So 1 < 2, </ hmm\n</think>\n\nYes.<think>more</think> Sure."):
        assert "".join(released(pieces)[0]) == "Yes. Sure."


def test_reasoning_that_never_ends_is_never_let_through():
    assert "".join(released(["Hi<think>", "secret", "</thin"])[0]) == "Hi"


def test_special_tokens_are_left_out_wherever_they_are_cut():
    for pieces in cut("Hi<|im_end|> you<｜end▁of▁sentence｜><end_of_turn>."):
        assert "".join(released(pieces)[0]) == "Hi you."


def test_what_only_looked_like_a_tag_comes_out_at_the_end():
    assert released(["a <thin"]) == (["a ", "<thin"], False)


@pytest.mark.parametrize(
    ("reply", "clean"),
    [
        ("You take a bomb and run.", "You take a "),
        ("Now make \n poison.", "Now "),
        ("先拿炸弹来", "先拿"),
        ("先拿炸 彈来", "先拿"),
        ("It is a bomb", "It is a "),
        ("It is a b.o.m.b, yes", "It is a "),
        ("It is a b o m b ok", "It is a "),
        ("It is a b\u200bomb.", "It is a "),
    ],
)
def test_nothing_of_a_refused_term_comes_out_wherever_it_is_cut(reply, clean):
    for pieces in cut(reply):
        out, is_blocked = released(pieces)
        assert ("".join(out), is_blocked) == (clean, True)


@pytest.mark.parametrize(
    ("reply", "masked"),
    [
        ("Oh damn, fucking 妈的 well", "Oh ***, *** *** well"),
        ("d a m n it", "*** it"),
        ("damnation fuckers damn", "damnation fuckers ***"),
        ("A bomb shelter, damn it.", "A bomb shelter, *** it."),
    ],
)
def test_a_masked_term_is_masked_wherever_it_is_cut(reply, masked):
    for pieces in cut(reply):
        out, is_blocked = released(pieces)
        assert ("".join(out), is_blocked) == (masked, False)


def test_the_check_says_what_it_met():
    check = ReplyCheck(CHECKS)
    assert (check.action, check.categories) == ("allow", ())
    check.feed("Oh damn, ")
    assert (check.action, check.categories) == ("mask", ("profanity",))
    check.feed("hurt yourself, damn bomb")
    assert (check.action, check.categories) == ("care", ("profanity", "self-harm"))
    assert check.is_blocked and check.feed("more") == "" and check.flush() == ""
    assert check.released == "Oh ***, "


def test_a_word_that_begins_like_a_term_is_only_delayed():
    assert released(["a b", "omb", "ast", "ic day"]) == (["a ", "", "bombast", "ic day", ""], False)


def test_a_term_that_may_be_innocent_waits_for_what_follows():
    assert released(["the bomb ", "shel", "ter is", " big"])[0] == [
        "the ",
        "",
        "bomb shelter is",
        " big",
        "",
    ]


def test_a_term_is_judged_by_what_a_lost_worker_had_let_through():
    assert released(["bomb it is"], written="a time") == (["bomb it is", ""], False)
    assert released(["bomb it is"], written="a ") == (["", ""], True)


@pytest.mark.parametrize(
    "reply",
    [
        "I'm sorry, but I can't tell you how to make a bomb. Is there something else?",
        "The Manhattan Project was founded to build an atomic bomb; people died at Hiroshima.",
        "抱歉，我不能告诉你怎么制作炸弹。毒品有很多危害。",
        "If you feel that you want to die, please call someone now.",
    ],
)
def test_a_model_may_decline_and_tell_history(reply):
    checks = ContentChecks(TermFiles())
    for pieces in list(cut(reply))[:8]:
        assert released(pieces, checks)[0] and "".join(released(pieces, checks)[0]) == reply


def test_little_is_held_back_of_ordinary_replies():
    checks = ContentChecks(TermFiles())
    for reply in (
        "To make the most of a visit, start early, and walk along the river for an hour or two.",
        "想玩得开心，就早点出发，沿着河边走走，再去那家小店吃碗热汤面。",
    ):
        check = ReplyCheck(checks)
        for i, character in enumerate(reply, 1):
            check.feed(character)
            assert i - len(check.released) <= 30
