"""What every view reaches: the services of this application."""

from typing import cast

from flask import current_app

from workers.services import Services


def services() -> Services:
    return cast(Services, current_app.extensions["services"])
