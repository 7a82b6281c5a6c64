import typing

import pytest
from pydantic import BaseModel, ValidationError

from assistant import events

SEGMENTS = (
    events.TranscriptSegment(start_s=0.5, end_s=1.0, text="Hi."),
    events.DetailedSegment(
        start_s=1.0,
        end_s=1.5,
        text="You?",
        words=(events.TranscriptWord(start_s=1.0, end_s=1.5, text=" You?"),),
        tokens=(1, 2),
        window_s=0.25,
        temperature=0.0,
        avg_logprob=-0.25,
        compression_ratio=0.75,
        no_speech_prob=0.125,
    ),
)


def examples() -> list[BaseModel]:
    union, *_ = typing.get_args(events.TurnEvent)
    values = {str: "stop", int: 1, float: 0.5, bool: True}
    made = []
    for kind in typing.get_args(union):
        fields = {}
        for name, field in kind.model_fields.items():
            annotation = field.annotation
            literal = [a for a in typing.get_args(annotation) if isinstance(a, str)]
            if name == "type":
                continue
            if annotation == tuple[events.DetailedSegment | events.TranscriptSegment, ...]:
                fields[name] = SEGMENTS
            elif typing.get_origin(annotation) is tuple:
                fields[name] = ("a", "b")
            elif typing.get_origin(annotation) is dict:
                fields[name] = {"place": "Paris", "days": [1, None]}
            else:
                fields[name] = literal[0] if literal else values.get(annotation)
        made.append(kind(**fields))
    return made


@pytest.mark.parametrize("event", examples(), ids=lambda event: event.type)
def test_every_event_survives_the_way_through_the_stream(event: events.TurnEvent) -> None:
    assert events.decode_event(events.encode_event(event)) == event


def test_an_unknown_event_is_refused() -> None:
    with pytest.raises(ValidationError):
        events.decode_event('{"type": "no_such_event", "turn_id": "t"}')
