"""The turn engine's times, in milliseconds of sound."""

FRAME_MS = 32
"""What voice activity is told by."""

SPEECH_MS = 160
"""Voice from which on it is speech; white noise passes for voice for up to 130 ms."""
POSSIBLE_MS = 96
"""The same while the assistant is audible, where being quick counts and can be undone."""
WARY_MS = 192
"""The same in a session in which the assistant has heard itself."""
RESUMED_MS = 64
"""The same in a pause."""
GAP_MS = 96
"""Silence inside of words and between them is shorter."""

PAUSE_MS = 64
"""In 214 s of recorded speech 81 inner silences are as long, 69 are 96 ms long, and 161 32 ms."""
ASKED_MS = (192, 320, 480, 640, 960, 1_280, 1_920)
"""The silences after which the end-of-turn model is asked: it hears them, too.

To ask at 128 ms as well changed no decision on 40 recorded clips, and took the processor from
recognition, which is at work then.
"""

CERTAIN_MS = 512
"""Voice over the assistant's from which on it is an interruption without asking."""
SHORT_SILENCE_MS = 192
"""After which speech over the assistant's was short."""
BLIP_MS = 192
"""Less voice than that, of which the detector is not sure either, is a cough or a click."""
JUDGEMENT_MS = 4_000
"""Without a judgement until then, what was said is taken for nothing, and the reply goes on."""

PROGRESS_MS = 1_000
"""Twice as many captions did not bring the first word earlier, and recognition of the whole turn,
which waits for a caption that is being made, took 40 to 70 ms longer."""
LONGEST_TURN_MS = 60_000
SHORTEST_COMMIT_MS = 100
