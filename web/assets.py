"""The page's static files, each at an address that changes with any of them.

All are read once, when the process starts: a page never gets modules of two versions, whatever an
update does to the files beneath it. An address of an earlier version is answered with 404. Modules
that were loaded from it stay with the browser; what it had yet to load, it is told that it can't.
The new file instead would bring a second copy of every module that it imports.
"""

import base64
import functools
import gzip
import hashlib
import mimetypes
import posixpath
import re
from pathlib import Path

import brotli
from flask import Blueprint, Response, g, request
from markupsafe import Markup

from web.errors import problem

FOLDER = Path(__file__).parent / "static"
ENTRY = "js/main.js"

# Python 3.11 calls it application/javascript.
_TYPES = {".js": "text/javascript"}
_COMPRESSED_TYPES = ("text/", "application/json", "image/svg+xml")
_ENCODINGS = ("br", "gzip")
_ONE_YEAR_S = 31_536_000

# The best takes 10 s for Swagger UI, which so becomes a tenth smaller than in 0.2 s.
_BEST_UP_TO_BYTES = 500_000

# `import` and `export … from` at the start of a line, over several lines if need be. import()
# is no static one: such a module may well never be wanted.
_STATIC_IMPORT = re.compile(
    r"""^\s*(?:import|export)\b(?:[\s\w{},*$]*?\bfrom)?\s*(["'])(?P<module>\.[^"']+)\1""",
    re.MULTILINE,
)


class Assets:
    """The files of one folder by their paths in it, and the version of them all."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        digest = hashlib.sha256()
        for name, body in sorted(files.items()):
            digest.update(f"{name}\0{len(body)}\0".encode() + body)
        self.version = digest.hexdigest()[:16]
        self.root = f"/assets/{self.version}/"

    def url(self, name: str) -> str:
        """Raises LookupError where there is no such file."""
        if name not in self.files:
            raise LookupError(f"{name} is not among the static files")
        return self.root + name

    @functools.cached_property
    def modules(self) -> list[str]:
        """The addresses of all that ENTRY imports, itself or through others, nearest first."""
        return [self.url(name) for name in static_imports(self.files, ENTRY)]


def static_imports(files: dict[str, bytes], entry: str) -> list[str]:
    """Return the ES modules that must be there before `entry` runs, without itself.

    One that is missing is left out: the browser says so better.
    """
    found = [entry]
    for name in found:
        for match in _STATIC_IMPORT.finditer(files.get(name, b"").decode("utf-8")):
            imported = posixpath.normpath(posixpath.join(posixpath.dirname(name), match["module"]))
            if imported in files and imported not in found:
                found.append(imported)
    return found[1:]


def read_assets(folder: Path) -> Assets:
    return Assets(
        {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }
    )


@functools.cache
def current_assets() -> Assets:
    """Return what this process serves. With FLASK_DEBUG=1 each view of the page forgets it."""
    return read_assets(FOLDER)


blueprint = Blueprint("assets", __name__)


@blueprint.get("/assets/<version>/<path:name>")
def asset(version: str, name: str) -> Response:
    assets = current_assets()
    body = assets.files.get(name)
    if version != assets.version or body is None:
        response = problem("not_found", "This file is of another version; reload the page.", 404)
        response.cache_control.no_store = True
        return response
    response = Response(mimetype=_type(name))
    if _type(name).startswith(_COMPRESSED_TYPES):
        response.vary.add("Accept-Encoding")
        encoding = request.accept_encodings.best_match(_ENCODINGS)
        if encoding:
            body = compress(body, encoding)
            response.content_encoding = encoding
    response.set_data(body)
    response.cache_control.public = True
    response.cache_control.max_age = _ONE_YEAR_S
    response.cache_control.immutable = True
    return response


@blueprint.app_context_processor
def _for_templates() -> dict[str, object]:
    assets = current_assets()
    return {"asset": assets.url, "modules": assets.modules, "inlined": _inlined}


def _inlined(*names: str) -> Markup:
    """Return these style sheets for a style element, whose content must be this and nothing else.

    So the first paint waits for no second round trip, which is 150 ms and more on a phone.
    """
    styles = "".join(current_assets().files[name].decode() for name in names)
    digest = base64.b64encode(hashlib.sha256(styles.encode()).digest()).decode()
    g.setdefault("style_sources", []).append(f"'sha256-{digest}'")
    return Markup(styles)


@functools.cache
def compress(body: bytes, encoding: str) -> bytes:
    """Once for each file, as well as can be: 0.13 s for Vue, which is the page's largest."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=11 if len(body) <= _BEST_UP_TO_BYTES else 5))
    return gzip.compress(body, 9, mtime=0)


def compress_all() -> None:
    """Spare the first visitor the waiting."""
    for name, body in current_assets().files.items():
        if _type(name).startswith(_COMPRESSED_TYPES):
            compress(body, _ENCODINGS[0])


def _type(name: str) -> str:
    return _TYPES.get(posixpath.splitext(name)[1]) or mimetypes.guess_type(name)[0] or "text/plain"
