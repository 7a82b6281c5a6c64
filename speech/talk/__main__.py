"""`python -m speech.talk`: see docs/terminal.md."""

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from speech.talk.conversation import Conversation
from speech.talk.devices import list_devices
from speech.talk.display import Display
from speech.talk.errors import TalkError
from speech.talk.options import parse_options
from speech.talk.texts import choose_texts
from speech.talk.typed import TypedConversation


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 where the user ended it, 1 where something else did."""
    options = parse_options(arguments)
    try:
        if not options.is_text:
            _silence_libraries()
        if options.list_devices:
            sys.stdout.write(f"{list_devices()}\n")
            return 0
        kind = TypedConversation if options.is_text else Conversation
        conversation = kind(options, choose_texts(options.language), Display(sys.stdout))

        def stop(number: int, frame: FrameType | None) -> None:
            conversation.stop()

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
        conversation.run()
    except TalkError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _silence_libraries() -> None:
    """Keep what PortAudio and ALSA write to file descriptor 2 out of the terminal's lines.

    They report there each overrun and each device that is not there; Python's own messages,
    tracebacks included, still come.
    """
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = os.fdopen(kept, "w", buffering=1, encoding="utf-8", errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
