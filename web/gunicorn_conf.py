"""gunicorn's settings, from ours."""

import logging
import resource
import signal
import threading
from types import FrameType
from typing import Any

from workers.settings import load_settings

log = logging.getLogger(__name__)

_settings = load_settings()

_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
# One process with threads: views wait for Redis, hardly any computes. An event stream holds a
# thread while it is open; a live conversation is taken from gunicorn, and holds none.
worker_class = "gthread"
workers = 1
threads = _settings.web_threads
worker_connections = max(1000, 2 * threads)
graceful_timeout = 10
loglevel = _settings.log_level.lower()
# gunicorn's default is a file in the home folder, which a service user may not have.
control_socket = str(_settings.data_dir.absolute() / "gunicorn.ctl")


def post_worker_init(worker: Any) -> None:
    """Let every live conversation be told when the server ends: gunicorn does not know of them."""
    _allow_open_files(4 * (threads + _settings.live_sessions))
    threading.Thread(target=_warm_up, args=[worker], name="warm-up", daemon=True).start()
    ending = threading.Event()
    stop = signal.getsignal(signal.SIGTERM)

    def on_sigterm(number: int, frame: FrameType | None) -> None:
        # A signal may come while any lock is held, so another thread does what takes one.
        ending.set()
        if callable(stop):
            stop(number, frame)

    def say_goodbye() -> None:
        ending.wait()
        worker.wsgi.extensions["live_sessions"].close_all()

    threading.Thread(target=say_goodbye, name="goodbye", daemon=True).start()
    signal.signal(signal.SIGTERM, on_sigterm)


def worker_exit(_server: Any, worker: Any) -> None:
    """Let them answer the goodbye: with the process their sockets end."""
    app = getattr(worker, "wsgi", None)
    if app is not None:  # None where it could not be loaded.
        app.extensions["live_sessions"].close_all()


def _warm_up(worker: Any) -> None:
    from web.assets import compress_all
    from workers.live.session import warm_up

    compress_all()
    try:
        warm_up(worker.wsgi.extensions["services"])
    except Exception:
        # Whoever talks will be told; everything else works.
        log.exception("the live session's models cannot be loaded")


def _allow_open_files(count: int) -> None:
    """Raise this process's own limit; macOS begins with 256."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
