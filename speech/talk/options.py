"""What the command line says."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Options:
    server: str
    list_devices: bool
    microphone: str | None
    loudspeaker: str | None
    push_to_talk: bool
    half_duplex: bool
    language: str | None
    voice: str | None
    conversation: str | None
    eagerness: str
    is_text: bool
    timings: bool


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """Exits with a message where the arguments are wrong, as argparse does."""
    parser = argparse.ArgumentParser(
        prog="python -m speech.talk", description="Talk to the assistant from a terminal."
    )
    add = parser.add_argument
    add("--server", default="http://127.0.0.1:8000", metavar="URL", help="(%(default)s)")
    add("--list-devices", action="store_true", help="show the sound devices and end")
    add("--input", dest="microphone", metavar="DEV", help="number, or part of the name")
    add("--output", dest="loudspeaker", metavar="DEV", help="number, or part of the name")
    add("--push-to-talk", action="store_true", help="Space or Enter starts and ends each question")
    add(
        "--half-duplex",
        action="store_true",
        help="the microphone is off while the reply plays: for loudspeakers without echo "
        "cancellation; Space stops the reply",
    )
    add("--language", metavar="en|zh", help="what is spoken; found out where left out")
    add("--voice", metavar="ID", help="who speaks; /api/voices has the list")
    add("--conversation", metavar="ID", help="go on with this conversation")
    add(
        "--eagerness",
        choices=("low", "medium", "high", "auto"),
        default="auto",
        help="how soon a pause is taken for the end of a question (%(default)s)",
    )
    add("--text", dest="is_text", action="store_true", help="type and read; no sound is used")
    add("--timings", action="store_true", help="show where the time of each reply went")
    return Options(**vars(parser.parse_args(arguments)))
