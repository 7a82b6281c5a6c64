"""A microphone and a loudspeaker on a machine without either: a PulseAudio of one's own.

What a test plays into `microphone` is heard by the program; what the program plays is recorded
from the loudspeaker's monitor. Both are paced in real time, as hardware is.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from speech.audio import Audio, Samples, decode_pcm16, encode_pcm16

RATE_HZ = 24_000
_FORMAT = ("--raw", "--format=s16le", f"--rate={RATE_HZ}", "--channels=1")

# The devices that PortAudio lists by these names; pulse alone would be one device for all.
_ALSA = """
</usr/share/alsa/alsa.conf>
pcm.test_microphone { type pulse device microphone }
pcm.test_speaker { type pulse device speaker }
pcm.!default {
  type asym
  playback.pcm { type pulse device speaker }
  capture.pcm { type pulse device microphone }
}
ctl.!default { type pulse }
"""


@dataclass
class VirtualSound:
    """Devices `test_microphone` and `test_speaker`, for programs that run in `environment`."""

    environment: dict[str, str]
    folder: Path
    daemon: subprocess.Popen[bytes] | None = None
    players: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        modules = (
            f"module-native-protocol-unix socket={self.folder}/native auth-anonymous=1",
            f"module-null-sink sink_name=speaker rate={RATE_HZ} channels=1",
            f"module-null-sink sink_name=cable rate={RATE_HZ} channels=1",
            "module-remap-source source_name=microphone master=cable.monitor",
        )
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
        command += ["--disable-shm=yes", "--realtime=no", "--log-level=error"]
        command += [f"--load={module}" for module in modules]
        self.daemon = subprocess.Popen(command, env=self.environment)
        for _ in range(100):
            if self._ask("info").returncode == 0:
                return
            time.sleep(0.1)
        pytest.fail("PulseAudio did not start")

    def stop(self) -> None:
        """Unplug both devices: whoever uses them loses them."""
        if self.daemon is not None:
            self.daemon.send_signal(signal.SIGTERM)
            self.daemon.wait(10)
            self.daemon = None

    def say(self, sound: Audio, *, wait: bool = True) -> None:
        """Play `sound` into the microphone."""
        assert sound.sample_rate_hz == RATE_HZ
        command = ["pacat", "--playback", "--device=cable", "--latency-msec=200", *_FORMAT]
        player = subprocess.Popen(command, env=self.environment, stdin=subprocess.PIPE)
        assert player.stdin is not None
        # pacat drains at the end of its input, so that all of it is heard.
        player.stdin.write(encode_pcm16(sound))
        player.stdin.close()
        if wait:
            player.wait(sound.duration_s + 10)
        else:
            self.players.append(player)

    @contextlib.contextmanager
    def record(self) -> Iterator["Recording"]:
        """Record the loudspeaker for as long as the block lasts."""
        path = self.folder / f"recording-{time.monotonic_ns()}.raw"
        command = ["parec", "--device=speaker.monitor", "--latency-msec=20", *_FORMAT]
        with path.open("wb") as file:
            recorder = subprocess.Popen(command, env=self.environment, stdout=file)
            recording = Recording(path)
            try:
                recording.wait_until_running()
                yield recording
            finally:
                recorder.terminate()
                recorder.wait(10)

    def close(self) -> None:
        for player in self.players:
            player.kill()
            player.wait(10)
        self.stop()

    def _ask(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["pactl", *arguments], env=self.environment, capture_output=True, timeout=10
        )


@dataclass
class Recording:
    path: Path

    def wait_until_running(self) -> None:
        for _ in range(100):
            if self.path.stat().st_size:
                return
            time.sleep(0.05)
        pytest.fail("nothing is recorded from the loudspeaker")

    @property
    def samples(self) -> Samples:
        data = self.path.read_bytes()
        return decode_pcm16(data[: len(data) // 2 * 2], RATE_HZ).samples

    def wait_for_sound(self, timeout_s: float = 15.0) -> None:
        ends_s = time.monotonic() + timeout_s
        while time.monotonic() < ends_s:
            if np.abs(self.samples).max(initial=0.0) > 0.01:
                return
            time.sleep(0.02)
        pytest.fail("the loudspeaker stays silent")


@contextlib.contextmanager
def plug_in(folder: Path) -> Iterator[VirtualSound]:
    """Yield running devices; skips the test where PulseAudio cannot be had."""
    if missing := [name for name in ("pulseaudio", "pacat", "parec") if not shutil.which(name)]:
        pytest.skip(
            f"{', '.join(missing)} missing; apt-get install pulseaudio pulseaudio-utils "
            "libasound2-plugins libportaudio2 mends it"
        )
    asound = folder / "asound.conf"
    asound.write_text(_ALSA)
    environment = os.environ | {
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "PULSE_RUNTIME_PATH": str(folder),
        "PULSE_SERVER": f"unix:{folder}/native",
        "ALSA_CONFIG_PATH": str(asound),
    }
    sound = VirtualSound(environment, folder)
    try:
        sound.start()
        yield sound
    finally:
        sound.close()
