"""Many open sessions in which nobody speaks, as cheap for the machine as they can be made.

    python -m bench.live_crowd --url http://127.0.0.1:8000 --sessions 200 [--noise]

A process of its own, so that its work can be told from the server's. It says `open` and how many
when all are, and closes them at the end of its input. With `--noise` each sends a quiet room in
real time, 40 ms at a time; every frame is made once, before.
"""

import argparse
import asyncio
import base64
import json
import os
import sys
import time

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode

from bench.live_client import CHUNK, CHUNK_S, address, room_noise
from bench.live_clips import SAMPLE_RATE_HZ
from speech.audio import Audio, encode_pcm16

_OPENING_S = 0.1
"""Between two, as people come: a new session is dearer than an idle one."""


def _frames() -> list[bytes]:
    """Return a second of a quiet room, as the bytes of the protocol's messages on the wire."""
    noise = room_noise(1.0).reshape(-1, CHUNK).astype(np.float32)
    frames = []
    for chunk in noise:
        sound = base64.b64encode(encode_pcm16(Audio(chunk, SAMPLE_RATE_HZ))).decode()
        message = json.dumps({"type": "input_audio_buffer.append", "audio": sound})
        frames.append(Frame(Opcode.TEXT, message.encode()).serialize(mask=True))
    return frames


async def _open(url: str) -> ClientConnection:
    connection = await connect(
        address(url, "hold,resume"),
        max_size=None,
        compression=None,
        open_timeout=60,
        ping_interval=None,
    )
    await connection.recv()  # session.created
    return connection


async def _drain(connection: ClientConnection) -> None:
    async for _ in connection:
        pass


async def _send_noise(connections: list[ClientConnection]) -> None:
    """Send to those that are open, spread over the 40 ms."""
    frames = _frames()
    begun = time.monotonic()
    n_steps = 8
    for step in range(sys.maxsize):
        await asyncio.sleep(begun + step * CHUNK_S / n_steps - time.monotonic())
        frame = frames[step // n_steps % len(frames)]
        for connection in connections[step % n_steps :: n_steps]:
            if not connection.transport.is_closing():
                connection.transport.write(frame)


async def _main(url: str, n_sessions: int, *, with_noise: bool) -> None:
    connections: list[ClientConnection] = []
    noise = asyncio.create_task(_send_noise(connections)) if with_noise else None
    readers = []
    for _ in range(n_sessions):
        connections.append(await _open(url))
        readers.append(asyncio.create_task(_drain(connections[-1])))
        await asyncio.sleep(_OPENING_S)
    print(f"open {len(connections)}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    lost = sum(task.done() for task in readers)
    for task in [noise, *readers] if noise else readers:
        task.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    await asyncio.gather(*(each.close() for each in connections), return_exceptions=True)
    print(f"lost {lost}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--noise", action="store_true", help="send a quiet room")
    options = parser.parse_args()
    os.nice(5)
    asyncio.run(_main(options.url, options.sessions, with_noise=options.noise))


if __name__ == "__main__":
    main()
