import pytest

from assistant.memory.fact_terms import mentions, replaces, terms


@pytest.mark.parametrize(
    ("fact", "distinctive"),
    [
        ("is vegetarian", {"vegetarian"}),
        ("lives in Shanghai", {"shanghai"}),
        ("their sister is called Anna", {"sister", "anna"}),
        ("has two dogs", {"dog"}),
        ("住在上海", {"上海"}),
        ("對花生過敏", {"花生", "过敏"}),
        ("is called", set()),
    ],
)
def test_distinctive_words_are_told_from_those_around_them(fact, distinctive):
    assert terms(fact) == distinctive


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ("As a Vegetarian you could try tofu.", "is vegetarian"),
        ("Are there parks for dogs?", "has a dog"),
        ("上海有哪些好吃的？", "住在上海"),
        ("我對花生醬過敏", "对花生过敏"),
        ("Call me Anna", "my name"),
        ("I moved to Ulm", "where I live"),
        ("我叫李雷", "我的名字"),
    ],
)
def test_a_mention_is_found_in_any_form(said, fact):
    assert mentions(said, fact)


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ("What is the capital of France?", "is vegetarian"),
        ("I live for music", "lives in Ulm"),
        ("今天天气怎么样", "住在上海"),
        ("He is called Tom", "has a dog"),
    ],
)
def test_what_is_said_of_other_things_is_no_mention(said, fact):
    assert not mentions(said, fact)


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("lives in Beijing", "lives in Shanghai"),
        ("住在北京", "住在上海"),
        ("moved to Beijing", "住在上海"),
        ("is called Bob", "is called Anna"),
        ("is vegan", "is vegetarian"),
        ("hates coffee", "loves coffee"),
        ("does not like coffee anymore", "likes coffee"),
        ("讨厌香菜", "喜欢香菜"),
    ],
)
def test_a_new_fact_takes_the_place_of_what_it_contradicts(new, old):
    assert replaces(new, old)


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("has a dog", "has a cat"),
        ("likes tea", "likes coffee"),
        ("works as a nurse", "works in Berlin"),
        ("their sister is called Anna", "is called Bob"),
        ("会说德语", "会说法语"),
    ],
)
def test_facts_about_different_things_stand_together(new, old):
    assert not replaces(new, old)
