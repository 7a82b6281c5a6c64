"""gunicorn's settings, from ours."""

from workers.settings import load_settings

_settings = load_settings()

_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
# One process with threads: views wait for Redis, hardly any computes. An event stream holds a
# thread while it is open.
worker_class = "gthread"
workers = 1
threads = _settings.web_threads
graceful_timeout = 10
loglevel = _settings.log_level.lower()
# gunicorn's default is a file in the home folder, which a service user may not have.
control_socket = str(_settings.data_dir.absolute() / "gunicorn.ctl")
