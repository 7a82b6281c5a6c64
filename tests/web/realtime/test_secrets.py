"""Whose sessions client secrets open."""

import hashlib

import httpx
import pytest

from tests.web.client import openai_error
from tests.web.realtime.conftest import Web, talk
from tests.web.realtime.test_connections import refusal


def make(web: Web, **fields: object) -> str:
    value: str = httpx.post(f"{web.url}/v1/realtime/client_secrets", json=fields).json()["value"]
    return value


def user_of(web: Web, secret: str) -> str:
    with talk(web, additional_headers={"Authorization": f"Bearer {secret}"}):
        user_id: str = web.sessions()[-1]["user_id"]
        return user_id


def test_a_secret_is_a_user_of_its_own(web: Web) -> None:
    first, second = make(web), make(web)
    assert user_of(web, first) == f"secret-{hashlib.sha256(first.encode()).hexdigest()[:32]}"
    assert user_of(web, first) == user_of(web, first) != user_of(web, second)


def test_who_makes_it_may_name_the_user(web: Web) -> None:
    assert [user_of(web, make(web, user="alice")) for _ in range(2)] == 2 * ["anybody/alice"]


@pytest.mark.parametrize("user", ["", "a/b", "a b", "a\n", "x" * 65, 7])
def test_a_user_has_a_plain_name(web: Web, user: object) -> None:
    answer = httpx.post(f"{web.url}/v1/realtime/client_secrets", json={"user": user})
    openai_error(answer, 400, "request_invalid", "user")


def test_a_conversation_is_that_of_its_secret(web: Web) -> None:
    secret = make(web)
    query = "?conversation_id=a_house"
    for _ in range(2):
        with talk(web, query, additional_headers={"Authorization": f"Bearer {secret}"}):
            pass
    others = {"Authorization": f"Bearer {make(web)}"}
    openai_error(refusal(web, query, additional_headers=others), 404, "conversation_unknown")
