"""Language models by the name of their engine; an engine is imported when it is chosen."""

from collections.abc import Callable
from typing import Any

from assistant.errors import UnknownLanguageModelError
from assistant.llm.base import LanguageModel


def create_model(engine: str, **options: Any) -> LanguageModel:
    """Return a model of this engine; `options` are those of the engine's class.

    Raises UnknownLanguageModelError, which lists the known engines.
    """
    if engine not in _FACTORIES:
        known = ", ".join(sorted(_FACTORIES))
        raise UnknownLanguageModelError(f"There is no language model engine {engine!r}: {known}.")
    return _FACTORIES[engine](**options)


def _openai_chat(**options: Any) -> LanguageModel:
    from assistant.llm.openai_chat import OpenAIChat

    return OpenAIChat(**options)


def _scripted(**options: Any) -> LanguageModel:
    from assistant.llm.scripted import ScriptedModel

    return ScriptedModel(**options)


def _echo(**options: Any) -> LanguageModel:
    from assistant.llm.echo import EchoModel

    return EchoModel(**options)


_FACTORIES: dict[str, Callable[..., LanguageModel]] = {
    "echo": _echo,
    "openai_chat": _openai_chat,
    "scripted": _scripted,
}
