"""`python -m web.wyoming` serves Home Assistant where WYOMING_PORT says; see docs/wyoming.md."""

import asyncio
import contextlib
import logging
import sys

from web.wyoming.server import serve
from workers.settings import SettingsError, load_settings


def main() -> None:
    try:
        settings = load_settings()
    except SettingsError as error:
        sys.exit(str(error))
    if not settings.wyoming_port:
        sys.exit("Wyoming is off. Choose its port: WYOMING_PORT=10300")
    logging.basicConfig(
        level=settings.log_level, format="[%(asctime)s] [%(levelname)s] %(name)s: %(message)s"
    )
    address = f"{settings.wyoming_host}, port {settings.wyoming_port}"
    logging.getLogger(__name__).info("listening on %s", address)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve(settings))
    except OSError as error:
        sys.exit(f"Cannot listen on {address}: {error.strerror}")


if __name__ == "__main__":
    main()
