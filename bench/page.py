"""How soon the page is there on a phone, in the test browser, as Lighthouse would ask.

    python -m bench.page [--url http://127.0.0.1:8000] [--runs 5] [--json FILE]

Each run is a browser without a past that visits the page twice: a first time, and again once the
service worker answers for it. The processor is slowed to a quarter, as of a middling phone, and
the network as `NETWORKS` says. Without an address it starts a web process of its own; no model is
needed for any of this.
"""

import argparse
import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from bench.live_report import quantiles
from bench.machine import describe_machine
from bench.slow_network import Network, Relay, slow_network
from tests.web.realtime.conftest import run_web

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
SLOWDOWN = 4
SETTLING_MS = 1000
"""After all that, so that what comes late is counted, too."""

_OBSERVE = """
  const seen = { largest_ms: 0, shift: 0, tasks: [], text_ms: null, talk_ms: null };
  window.benchSeen = seen;
  const observe = (type, note) => new PerformanceObserver((list) => list.getEntries().forEach(note))
    .observe({ type, buffered: true });
  observe("largest-contentful-paint", (entry) => (seen.largest_ms = entry.startTime));
  observe("layout-shift", (entry) => (seen.shift += entry.hadRecentInput ? 0 : entry.value));
  observe("longtask", (entry) => seen.tasks.push([entry.startTime, entry.duration]));
  window.benchUsable = new Promise((resolve) => {
    const look = () => {
      if (document.querySelector("#app textarea:enabled")) seen.text_ms ??= performance.now();
      if (document.querySelector("#talk:enabled")) seen.talk_ms ??= performance.now();
      seen.talk_ms ? resolve() : requestAnimationFrame(look);
    };
    look();
  });
"""
_TAKEN_OVER = """async () => {
  const { serviceWorker } = navigator;
  await serviceWorker.ready;
  if (!serviceWorker.controller)
    await new Promise((resolve) => (serviceWorker.oncontrollerchange = resolve));
}"""
"""The service worker answers for the page."""
_REPORT = """() => {
  const seen = window.benchSeen;
  const paints = Object.fromEntries(
    performance.getEntriesByType("paint").map((entry) => [entry.name, entry.startTime]));
  const first = paints["first-contentful-paint"];
  const blocking = seen.tasks.filter(([start]) => start >= first && start < seen.talk_ms);
  return {
    first_byte_ms: performance.getEntriesByType("navigation")[0].responseStart,
    first_paint_ms: paints["first-paint"],
    first_content_ms: first,
    largest_content_ms: seen.largest_ms,
    layout_shift: seen.shift,
    blocked_ms: blocking.reduce((sum, [, duration]) => sum + duration - 50, 0),
    text_box_ms: seen.text_ms,
    talk_control_ms: seen.talk_ms,
  };
}"""


NETWORKS = {
    "slow 4G": Network(150, 1.6, 0.75),  # Lighthouse's own, for phones.
    "fast 4G": Network(60, 9.0, 1.5),
}


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Milliseconds from the navigation; all but the layout shift and the last three."""

    first_byte_ms: float
    first_paint_ms: float
    first_content_ms: float
    largest_content_ms: float
    layout_shift: float
    blocked_ms: float
    """What long tasks exceed 50 ms by, from the first content to the talk control."""
    text_box_ms: float
    """Until it takes input; what is typed before the script runs is kept."""
    talk_control_ms: float
    requests: int
    """Of all kinds, the service worker's, too."""
    early_kb: float
    """Thousand bytes that came over the network before first use, headers too."""
    wire_kb: float
    """With what comes later: the service worker gets the rest of the files."""


def visit(context: BrowserContext, relay: Relay) -> Visit:
    page = context.new_page()
    protocol = context.new_cdp_session(page)
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    page.add_init_script(f"{{{_OBSERVE}}}")
    requests, down_bytes = relay.requests, relay.down_bytes
    page.goto(relay.url, wait_until="commit")
    page.evaluate("window.benchUsable")
    early_bytes = relay.down_bytes - down_bytes
    page.wait_for_load_state()
    page.evaluate(_TAKEN_OVER)
    page.wait_for_timeout(SETTLING_MS)
    figures = page.evaluate(_REPORT)
    page.close()
    return Visit(
        **figures,
        requests=relay.requests - requests,
        early_kb=early_bytes / 1000,
        wire_kb=(relay.down_bytes - down_bytes) / 1000,
    )


def measure(browser: Browser, relay: Relay, n_runs: int) -> dict[str, list[Visit]]:
    visits: dict[str, list[Visit]] = {"first visit": [], "next visit": []}
    for _ in range(n_runs):
        with browser.new_context(**PHONE) as context:
            for of_kind in visits.values():
                of_kind.append(visit(context, relay))
    return visits


def table(name: str, visits: dict[str, list[Visit]]) -> str:
    kinds = "".join(f" {kind}: median | p95 |" for kind in visits)
    lines = [f"| {name} |{kinds}", "|---|" + "---:|---:|" * len(visits)]
    for field in fields(Visit):
        cells = ""
        for of_kind in visits.values():
            median, p95 = quantiles([getattr(one, field.name) for one in of_kind])
            cells += f" {_shown(field.name, median)} | {_shown(field.name, p95)} |"
        lines.append(f"| {_label(field.name)} |{cells}")
    return "\n".join(lines)


def _label(name: str) -> str:
    return name.removesuffix("_ms").removesuffix("_kb").replace("_", " ")


def _shown(name: str, value: float) -> str:
    if name.endswith("_ms"):
        return f"{value:.0f} ms"
    if name.endswith("_kb"):
        return f"{value:.0f} kB"
    return f"{value:.3f}" if name == "layout_shift" else f"{value:.0f}"


@contextlib.contextmanager
def own_web() -> Iterator[str]:
    with (
        tempfile.TemporaryDirectory() as folder,
        run_web(Path(folder), "web.app:create_app()", LOG_LEVEL="WARNING") as web,
    ):
        yield web.url


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"],
        )
        yield browser
        browser.close()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", help="of a running assistant")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="every visit's figures")
    chosen = parser.parse_args(arguments)
    print(describe_machine())
    visits = {}
    server = contextlib.nullcontext(chosen.url) if chosen.url else own_web()
    with server as url, chromium() as browser:
        for name, network in NETWORKS.items():
            with slow_network(url, network) as relay:
                measure(browser, relay, 1)  # The browser itself starts slowly.
                visits[name] = measure(browser, relay, chosen.runs)
            described = f"{name} ({network.round_trip_ms} ms, {network.down_mbit_s:g} Mbit/s)"
            print(f"\n{table(described, visits[name])}", flush=True)
    if chosen.json:
        figures = {
            name: {kind: [asdict(one) for one in of_kind] for kind, of_kind in kinds.items()}
            for name, kinds in visits.items()
        }
        chosen.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
