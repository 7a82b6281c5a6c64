"""The description of the API, and a page on which to read it and try it out."""

from typing import cast

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    jsonify,
    make_response,
    render_template,
    request,
)

from web.context import services
from web.identity import introduce
from web.openapi_document import openapi_document
from web.openapi_schemas import Json
from web.pages import preferred_theme, read_texts

blueprint = Blueprint("api_docs", __name__)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    response = jsonify(_document())
    response.cache_control.no_cache = True
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/docs")
def docs() -> Response:
    """Who opens it is a guest, as on the page, so that what needs one can be tried out."""
    page = render_template("docs.html", theme=preferred_theme(), text=read_texts("en"))
    # Two arrows in Swagger UI's style sheet.
    g.image_sources = ["data:"]
    response = introduce(make_response(page))
    response.vary.add("Cookie")
    response.cache_control.private = True
    response.cache_control.no_cache = True
    return response


def _document() -> Json:
    """Made when it is first asked for: that takes 0.1 s."""
    if "openapi" not in current_app.extensions:
        current_app.extensions["openapi"] = openapi_document(
            current_app, has_api_keys=bool(services().settings.api_keys)
        )
    return cast("Json", current_app.extensions["openapi"])
