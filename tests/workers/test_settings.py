from pathlib import Path

import pytest

from workers.settings import Settings, SettingsError, load_settings


@pytest.fixture(autouse=True)
def fresh_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # Away from the developer's own .env.
    load_settings.cache_clear()


def test_every_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "70000")
    monkeypatch.setenv("DEVICE", "abacus")
    with pytest.raises(SettingsError, match=r"(?s)PORT: .*DEVICE: .*'cuda'"):
        load_settings()


@pytest.mark.parametrize(
    "keys",
    [
        '{"laptop": ""}',
        '{"laptop": "short"}',
        '{"": "a-long-enough-key"}',
        '{"laptop": " a-long-enough-key"}',
        '{"laptop": "schlüssel-langes-geheimnis"}',
        '{"laptop": "a-long-enough-key", "phone": "a-long-enough-key"}',
    ],
)
def test_an_api_key_is_long_has_a_name_and_can_be_brought(
    monkeypatch: pytest.MonkeyPatch, keys: str
) -> None:
    monkeypatch.setenv("API_KEYS", keys)
    with pytest.raises(SettingsError, match="API_KEYS"):
        load_settings()


def test_a_default_voice_must_exist_and_speak_its_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VOICE_EN", "kokoro:nobody")
    monkeypatch.setenv("VOICE_ZH", "piper:en_US-joe-medium")
    with pytest.raises(SettingsError, match=r"(?s)VOICE_EN: .*nobody.*VOICE_ZH: .*'zh'"):
        load_settings()


def test_an_env_file_is_read_and_the_environment_goes_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("PORT=8100\nWEB_THREADS=7\n")
    monkeypatch.setenv("PORT", "8200")
    assert (load_settings().port, load_settings().web_threads) == (8200, 7)


def test_models_live_in_the_data_folder_unless_said_otherwise() -> None:
    assert Settings(data_dir=Path("/data"), model_dir=None).models == Path("/data/models")
    assert Settings(model_dir=Path("/models")).models == Path("/models")


def test_the_socket_of_a_deep_data_folder_is_short_enough_for_the_kernel() -> None:
    near = Settings(data_dir=Path("/data"))
    assert near.redis_socket == Path("/data/redis.sock")
    deep = Settings(data_dir=Path("/" + "deep/" * 40))
    assert len(str(deep.redis_socket)) < 104
    assert deep.redis_socket != Settings(data_dir=Path("/" + "deep/" * 41)).redis_socket


def test_the_readme_names_every_setting() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"`{name.upper()}`" not in readme] == []
