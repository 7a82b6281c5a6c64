import threading
from collections.abc import Sequence

import pytest
from redis import Redis

from assistant.cache.answer_cache import AnswerCache
from assistant.cache.embedding import MultilingualE5
from assistant.errors import GenerationCancelledError
from assistant.llm.base import GenerationOptions
from assistant.messages import Message
from workers.answer_store import RedisAnswers
from workers.services import Services
from workers.settings import Settings

CAPITAL = "What is the capital of France?"


@pytest.fixture(scope="module")
def embedding() -> MultilingualE5:
    return MultilingualE5()


@pytest.fixture
def cache(redis: Redis, embedding: MultilingualE5) -> AnswerCache:
    return AnswerCache(RedisAnswers(redis, ttl_s=60), embedding)


class Judge:
    """A model that always says the same."""

    def __init__(self, verdict: str) -> None:
        self.verdict = verdict
        self.calls = 0

    def __call__(self, messages: Sequence[Message], options: GenerationOptions) -> str:
        self.calls += 1
        return f'{{"same_answer": {self.verdict}}}'


def test_the_same_words_are_answered_from_the_cache(cache: AnswerCache) -> None:
    assert cache.look_up(CAPITAL, "en") is None
    cache.remember(CAPITAL, "en", "Paris.", took_s=2.5)
    hit = cache.look_up("what is the capital of france", "en")
    assert hit is not None
    assert (hit.answer, hit.outcome, hit.saved_s) == ("Paris.", "hit", 2.5)
    assert hit.similar_question is None
    assert cache.counters() == {
        "hits": 1, "similar": 0, "shared": 0, "misses": 1, "bypassed": 0, "saved_s": 2.5,
    }  # fmt: skip


def test_a_paraphrase_is_answered_and_a_near_miss_is_not(cache: AnswerCache) -> None:
    cache.remember(CAPITAL, "en", "Paris.", took_s=2.0)
    cache.remember("法国的首都是哪里？", "zh", "巴黎。", took_s=1.0)
    hit = cache.look_up("Please tell me France's capital", "en")
    assert hit is not None
    assert (hit.answer, hit.outcome, hit.similar_question) == ("Paris.", "similar", CAPITAL)
    assert cache.look_up("What is the capital of Germany?", "en") is None
    assert cache.look_up("德国的首都是哪里？", "zh") is None
    assert cache.counters()["similar"] == 1
    assert cache.counters()["misses"] == 2


def test_what_shapes_an_answer_keeps_answers_apart(cache: AnswerCache) -> None:
    cache.remember(CAPITAL, "en", "Paris.", took_s=1.0, variant="formal")
    assert cache.look_up(CAPITAL, "en") is None
    assert cache.look_up(CAPITAL, "zh", "formal") is None
    assert cache.look_up("Tell me the capital of France", "en", "humorous") is None
    assert cache.look_up("Tell me the capital of France", "en", "formal") is not None


def test_another_process_finds_new_answers_and_loses_forgotten_ones(
    redis: Redis, embedding: MultilingualE5
) -> None:
    writer = AnswerCache(RedisAnswers(redis, ttl_s=60), embedding)
    reader = AnswerCache(RedisAnswers(redis, ttl_s=60), embedding)
    for question in ("Who wrote the Iliad?", CAPITAL):
        writer.remember(question, "en", "An answer.", took_s=1.0)
        assert reader.look_up(f"Tell me, {question}", "en") is not None
    assert writer.forget(["france"]) == 1
    assert reader.look_up("Tell me the capital of France", "en") is None
    assert reader.look_up("Who is the author of the Iliad?", "en") is not None


def test_what_is_forgotten_is_gone_from_answers_and_from_open_pairs(
    cache: AnswerCache, redis: Redis
) -> None:
    cache.remember("What is good for Müller's knee?", "en", "Rest.", took_s=1.0)
    cache.remember("Who cooks well?", "en", "Anna MÜLLER does.", took_s=1.0)
    cache.remember("谁最会做饭？", "zh", "張小姐。", took_s=1.0)
    assert cache.look_up("What helps Müller's knee?", "en") is None
    assert cache.forget(["müller", "张小姐"]) == 3
    for key in redis.scan_iter():
        kept = redis.dump(key) or b""
        assert b"ller" not in kept, key
    assert cache.check_pending(Judge("true")) == 0
    assert cache.forget([]) == cache.forget([" "]) == 0


def test_a_pair_that_rules_cannot_judge_is_learned_from_the_model_once(cache: AnswerCache) -> None:
    cache.remember("How do I stop hiccups?", "en", "Hold your breath.", took_s=3.0)
    asked = "What helps to stop hiccups?"
    assert cache.look_up(asked, "en") is None
    assert cache.look_up(asked, "en") is None
    ask = Judge("true")
    assert cache.check_pending(ask) == 1
    assert ask.calls == 2
    assert cache.check_pending(ask) == 0
    hit = cache.look_up(asked, "en")
    assert hit is not None
    assert hit.outcome == "similar"


@pytest.mark.parametrize(("setting", "pairs"), [("similar", 0), ("judged", 1)])
def test_the_model_is_asked_only_where_the_setting_says_so(
    redis: Redis, embedding: MultilingualE5, setting: str, pairs: int
) -> None:
    services = Services(Settings(answer_cache=setting))
    services.__dict__.update(redis=redis, embedding=embedding)
    cache = services.answer_cache
    assert cache is not None
    cache.remember("How do I stop hiccups?", "en", "Hold your breath.", took_s=3.0)
    assert cache.look_up("What helps to stop hiccups?", "en") is None
    assert cache.check_pending(Judge("true")) == pairs


def test_a_verdict_of_no_is_kept_too(cache: AnswerCache) -> None:
    cache.remember("How do I stop hiccups?", "en", "Hold your breath.", took_s=3.0)
    for _ in range(2):
        assert cache.look_up("What helps to stop hiccups?", "en") is None
    assert cache.check_pending(Judge("false")) == 1
    assert cache.look_up("What helps to stop hiccups?", "en") is None
    assert cache.check_pending(Judge("true")) == 0


def test_a_check_that_a_person_cut_short_loses_no_pair(cache: AnswerCache) -> None:
    cache.remember("How do I stop hiccups?", "en", "Hold your breath.", took_s=3.0)
    cache.look_up("What helps to stop hiccups?", "en")

    def ask(messages: Sequence[Message], options: GenerationOptions) -> str:
        raise GenerationCancelledError("a person is waiting")

    assert cache.check_pending(ask) == 0
    assert cache.check_pending(Judge("true")) == 1


def test_answers_expire_and_the_longest_unread_go_first(redis: Redis) -> None:
    cache = AnswerCache(RedisAnswers(redis, ttl_s=60, max_answers=2), None)
    for number in range(3):
        cache.remember(f"Question {number}?", "en", "Yes.", took_s=1.0)
        redis.zadd("{cache}:used", {cache.key(f"Question {number}?", "en"): number})
    kept = [cache.look_up(f"Question {number}?", "en") is not None for number in range(3)]
    assert kept == [False, True, True]

    redis.zadd("{cache}:expires", {cache.key("Question 1?", "en"): 1})
    assert cache.look_up("Question 1?", "en") is None
    cache.remember("Question 3?", "en", "Yes.", took_s=1.0)
    assert cache.look_up("Question 2?", "en") is not None
    assert redis.hlen("{cache}:answers") == 2


def test_of_the_same_question_at_once_one_turn_writes(cache: AnswerCache, redis: Redis) -> None:
    key = cache.key(CAPITAL, "en")
    holders: list[str | None] = []
    threads = [
        threading.Thread(target=lambda turn=turn: holders.append(cache.claim(key, turn)))
        for turn in ("t1", "t2", "t3")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert holders.count(None) == 1
    (writer,) = {holder for holder in holders if holder}
    assert cache.claim(key, writer) is None, "a worker that took the turn over goes on"
    cache.release(key, "another")
    assert cache.claim(key, "t9") == writer
    cache.release(key, writer)
    assert cache.claim(key, "t9", ttl_s=1) is None
    assert 0 < redis.pttl(f"{{cache}}:in_flight:{key}") <= 1000


def test_what_the_pipeline_shared_or_went_round_is_counted(cache: AnswerCache) -> None:
    cache.count("shared", saved_s=4.0)
    cache.count("bypassed")
    counters = cache.counters()
    assert (counters["shared"], counters["bypassed"], counters["saved_s"]) == (1, 1, 4.0)


def test_without_an_embedding_only_the_same_words_are_found(redis: Redis) -> None:
    cache = AnswerCache(RedisAnswers(redis, ttl_s=60), None)
    cache.warm_up()
    cache.remember(CAPITAL, "en", "Paris.", took_s=1.0)
    assert cache.look_up(CAPITAL, "en") is not None
    assert cache.look_up("Tell me the capital of France", "en") is None


def test_warming_up_leaves_nothing_behind(cache: AnswerCache, redis: Redis) -> None:
    cache.warm_up()
    assert not redis.dbsize()
