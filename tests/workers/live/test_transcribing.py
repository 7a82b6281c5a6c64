"""A session that only transcribes: words come back, and nothing else."""

import time
from pathlib import Path

from speech.turn_taking.events import TurnTaking
from tests.speech.spoken import say, silence
from tests.workers.conftest import Build, Work
from tests.workers.live.room import QUESTION, plain, prompts, room
from workers.live.events import UserCommitted, UserTranscribed

ONLY = {
    "only_transcribes": True,
    "replies_by_itself": False,
    "captions": False,
    "turn_taking": TurnTaking(mode="server_vad"),
}


def test_each_sentence_is_written_down_and_neither_answered_nor_kept(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build, ["I was not asked."])
    other = "The first of them is Monday."
    with work(services), room(services, **ONLY) as it:
        for said in (QUESTION, other):
            it.say(say(models, said))
            it.until(lambda: it.is_silent)
            it.say(silence(1.5))
        it.until(lambda: len(it.of(UserTranscribed)) == 2)
        time.sleep(1)
    assert [each.text for each in it.of(UserTranscribed)] == [QUESTION, other]
    assert [each.item_id for each in it.of(UserTranscribed)] == [
        each.item_id for each in it.of(UserCommitted)
    ]
    kinds = "UserSpeechStarted UserSpeechStopped UserCommitted TurnNamed UserTranscribed"
    assert sorted(it.names()) == sorted(2 * kinds.split())
    assert it.kept() == []
    assert prompts(services) == []


def test_what_the_client_ends_itself_is_written_down(
    build: Build, work: Work, models: Path
) -> None:
    services = plain(build)
    settings = ONLY | {"turn_taking": TurnTaking(mode="manual")}
    with work(services), room(services, is_silent=True, **settings) as it:
        samples = say(models, QUESTION)
        it.session.hear(samples)
        assert it.session.commit()
        it.until(lambda: it.of(UserTranscribed))
    (committed,) = it.of(UserCommitted)
    assert committed.heard_ms == (0, len(samples) // 16)
    assert it.of(UserTranscribed)[0].text == QUESTION


def test_a_prompt_tells_how_names_are_spelled(build: Build, work: Work, models: Path) -> None:
    heard = []
    for prompt in (None, "Anneke Vrooman, Siobhan Quigley"):
        services = plain(build)
        settings = ONLY | {"turn_taking": TurnTaking(mode="manual"), "recognition_prompt": prompt}
        with work(services), room(services, is_silent=True, **settings) as it:
            it.session.hear(say(models, "Please call Anneke Vrooman tomorrow morning."))
            it.session.commit()
            it.until(lambda it=it: it.of(UserTranscribed))
            heard.append(it.of(UserTranscribed)[0].text)
    print(heard)
    assert "Vrooman" not in heard[0]
    assert "Vrooman" in heard[1]
