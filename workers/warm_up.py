"""What a worker loads before it takes its first task, so that no user waits for a model."""

import logging
import threading
from functools import partial

from assistant.errors import LanguageModelError
from assistant.llm.base import GenerationOptions
from assistant.messages import Message
from speech import recognition
from speech.errors import SpeechError
from workers.readiness import QUEUES, announce
from workers.services import Services
from workers.turn_start import speak_up

log = logging.getLogger(__name__)


def warm_up(services: Services, worker: str, queues: list[str], stopping: threading.Event) -> None:
    """Load what these queues need, and announce it from then on.

    The language model is a server of its own that may come later or never: its queue is served
    meanwhile, with fallback answers, and announced when the model has answered once.
    """
    if "background" in queues:
        threading.Thread(
            target=services.reminders.run,
            args=(partial(speak_up, services), stopping),
            daemon=True,
        ).start()
    for queue in QUEUES:
        if queue not in queues:
            continue
        if queue == "asr":
            recognition.warm_up(services.recognizer)
        elif queue == "tts":
            _load_voices(services)
        elif queue == "chat":
            _prepare_dialogue(services)
        threading.Thread(
            target=_announce, args=(services, queue, worker, stopping), daemon=True
        ).start()


def _prepare_dialogue(services: Services) -> None:
    dialogue = services.dialogue
    if dialogue.checks:
        dialogue.checks.check("Hello", "question")
        dialogue.checks.classify("Hello")()
    if dialogue.tools:
        dialogue.tools.warm_up()
    if dialogue.cache:
        dialogue.cache.warm_up()


def _announce(services: Services, queue: str, worker: str, stopping: threading.Event) -> None:
    if queue == "chat":
        while not (stopping.is_set() or _model_answers(services)):
            stopping.wait(1.0)
    log.info("%s is warm", queue)
    announce(services.redis, queue, worker, stopping)


def _model_answers(services: Services) -> bool:
    # The prompt begins as every prompt does, so the server's prefix cache holds it from now on.
    messages = [
        Message(role="system", content=services.system_prompt),
        Message(role="user", content="Hello"),
    ]
    try:
        for _ in services.language_model.stream(messages, GenerationOptions(max_tokens=1)):
            pass
    except LanguageModelError as error:
        log.info("the language model is not ready: %s", error)
        return False
    return True


def _load_voices(services: Services) -> None:
    for language, text in (("en", "Hello."), ("zh", "你好。")):
        try:
            voice = services.voice(language, None)
            services.synthesizer(voice.engine).synthesize(text, voice, language, 1.0)
        except SpeechError as error:
            # Replies are written all the same, and each piece says why it is not spoken.
            log.error("the voice for %s cannot be used: %s", language, error)
