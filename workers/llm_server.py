"""The embedded language model: llama.cpp's own OpenAI-compatible server, in this process.

`python -m workers.llm_server` serves `llm_model` on loopback at `llm_port` until it is told to end;
with `--model` and `--port` a second process serves another, for the router's small tier.
Where the last message of a request is the assistant's, the reply goes on from there.
"""

import argparse
import ctypes
import os
import signal
import sys
from ctypes.util import find_library
from importlib.util import find_spec
from pathlib import Path

from workers import model_store
from workers.settings import Settings, load_settings

# Threads that wait must sleep, not spin: with spinning, two threads fall to a third of their speed
# beside one busy process. libgomp reads this when llama.cpp is loaded, so it is set before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# llama.cpp wants the system's libgomp, which slim images lack; PyTorch brings the same library.
if sys.platform == "linux" and not find_library("gomp"):
    if (torch := find_spec("torch")) and torch.origin:
        for library in Path(torch.origin).parent.glob("lib/libgomp*.so*"):
            ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
try:
    import xllamacpp
except ImportError as error:
    raise SystemExit(f"llama.cpp cannot be loaded: {error}. apt-get install libgomp1") from error

_STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}


def model_file(settings: Settings) -> Path:
    """Return the GGUF file of `llm_model`: a stored model, a folder with one file, or the file."""
    path = model_store.resolve(settings.llm_model, settings.models)
    if path.is_file():
        return path
    files = sorted(path.glob("*.gguf"))
    if len(files) != 1:
        raise model_store.ModelStoreError(f"{path} must hold one .gguf file; it holds {len(files)}")
    return files[0]


def parameters(settings: Settings, host: str, port: int) -> xllamacpp.CommonParams:
    params = xllamacpp.CommonParams()
    params.model.path = str(model_file(settings))
    params.model_alias = {settings.llm_model}
    params.hostnames = [host]
    params.port = port
    params.api_keys = [settings.llm_api_key.get_secret_value()]
    params.ui = False
    params.endpoint_slots = False
    params.n_parallel = settings.llm_slots
    params.n_ctx = settings.llm_slots * settings.llm_context_tokens
    params.cpuparams.n_threads = settings.llm_threads
    params.cpuparams_batch.n_threads = settings.llm_prompt_threads
    params.n_gpu_layers = 0 if settings.device == "cpu" else -1
    # When old messages leave the window, what stays is moved rather than read again: the first word
    # of turn 7 and later came after 1.0 to 2.3 s instead of 8 to 19 s.
    params.n_cache_reuse = 16
    if settings.device != "cuda":
        # A request that nobody waits for any more ends between two batches. Of a prompt of 1,000
        # tokens the default (2,048) would read all first, in 20 s and more; 64 cost a CPU nothing.
        params.n_batch = 64
    # A comment every 30 s would pass for a sign of life while the model is stuck.
    params.sse_ping_interval = -1
    params.cache_ram_mib = 256  # Prompts of idle conversations; llama.cpp's own default is 8 GiB.
    return params


def main() -> None:
    settings = load_settings()
    parser = argparse.ArgumentParser(prog="python -m workers.llm_server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=settings.llm_port)
    parser.add_argument("--model", default=settings.llm_model, help="in place of LLM_MODEL")
    arguments = parser.parse_args()
    settings = settings.model_copy(update={"llm_model": arguments.model})

    # Blocked before the server's threads exist, which inherit it, so that only sigwait hears them.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    try:
        server = xllamacpp.Server(parameters(settings, arguments.host, arguments.port))
    except (model_store.ModelStoreError, RuntimeError) as error:
        sys.exit(f"The language model server did not start: {error}")
    signal.sigwait(_STOP_SIGNALS)
    del server  # Closes the listener and joins the threads.


if __name__ == "__main__":
    main()
