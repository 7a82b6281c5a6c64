"""The page's static files, as they are and over HTTP."""

import base64
import gzip
import hashlib
import re
from pathlib import Path

import brotli
import pytest
from flask import render_template_string
from flask.testing import FlaskClient

from web.app import create_app
from web.assets import FOLDER, Assets, compress_all, current_assets, read_assets, static_imports
from workers.settings import Settings

VENDOR = FOLDER / "vendor"


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return create_app(Settings(data_dir=tmp_path)).test_client()


def test_each_vendor_file_is_the_one_that_was_published() -> None:
    rows = re.findall(
        r"^\| `(\S+)` \| .*?`(LICENSE\.[\w-]+)`.* \| `([0-9a-f]{64})`",
        (VENDOR / "README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    listed = {name: checksum for name, _, checksum in rows}
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.suffix in {".js", ".css"}
    }
    assert listed == found
    assert all((VENDOR / name).with_name(licence).is_file() for name, licence, _ in rows)


def test_every_import_of_the_page_leads_to_a_file() -> None:
    files = current_assets().files
    missing = []
    for name in files:
        if name.startswith("js/"):
            folder = FOLDER / Path(name).parent
            for module in re.findall(
                rb"""(?:\bfrom\s*|\bimport\s*\(?\s*)["'](\.[^"']+)["']""", files[name]
            ):
                if not (folder / module.decode()).resolve().is_file():
                    missing.append(f"{name}: {module.decode()}")
    assert missing == []


def test_static_imports_are_followed_whatever_their_form_and_dynamic_ones_are_not() -> None:
    files = {
        "js/main.js": (
            b'import { a } from "./a.js";\n'
            b'import {\n  b,\n  c as d,\n} from "./views/b.js";\n'
            b"import './effect.js';\n"
            b'import * as all from "../vendor/all.js";\n'
            b'// Once: import { x } from "./comment.js";\n'
            b'const later = () => import("./later.js");\n'
            b'const says = `import { y } from "./text.js"`;\n'
        ),
        "js/a.js": b'export { e } from "./e.js";\nexport const from = "./no.js";\n',
        "js/e.js": b'import main, { f } from "./main.js"; // A circle.\n',
        "js/views/b.js": b'import { a } from "../a.js";\n',
        "js/effect.js": b"",
        "vendor/all.js": b"",
    } | {f"js/{name}.js": b"" for name in ("comment", "later", "text", "no")}
    assert static_imports(files, "js/main.js") == [
        "js/a.js",
        "js/views/b.js",
        "js/effect.js",
        "vendor/all.js",
        "js/e.js",
    ]


def test_the_version_changes_with_the_content_and_the_name_of_any_file() -> None:
    files = {"a.js": b"1", "b.css": b"2"}
    versions = {
        Assets(changed).version
        for changed in (
            files,
            files | {"a.js": b"2"},
            files | {"c.js": b""},
            {"a.js": b"1", "b2.css": b"2"},
        )
    }
    assert len(versions) == 4
    assert Assets(dict(reversed(files.items()))).version == Assets(files).version


def test_hidden_files_are_not_served(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "a.js").write_bytes(b"1")
    (tmp_path / "js" / ".a.js.swp").write_bytes(b"2")
    assert read_assets(tmp_path).files == {"js/a.js": b"1"}


def test_a_file_is_kept_by_browsers_for_good(client: FlaskClient) -> None:
    response = client.get(current_assets().url("js/main.js"))
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.mimetype == "text/javascript"
    assert response.data == current_assets().files["js/main.js"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("", None),
        ("identity", None),
    ],
)
def test_text_is_compressed_as_the_browser_can_read_it(
    client: FlaskClient, accepted: str, encoding: str | None
) -> None:
    name = "vendor/vue.runtime.esm-browser.prod.js"
    response = client.get(current_assets().url(name), headers={"Accept-Encoding": accepted})
    assert response.headers.get("Content-Encoding") == encoding
    assert response.headers["Vary"] == "Accept-Encoding"
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    assert unpack(response.data) == current_assets().files[name]
    assert int(response.headers["Content-Length"]) == len(response.data)


def test_a_picture_is_not_compressed_again(client: FlaskClient) -> None:
    compress_all()
    response = client.get(
        current_assets().url("icons/icon-192.png"), headers={"Accept-Encoding": "br"}
    )
    assert (response.mimetype, response.content_encoding) == ("image/png", None)


@pytest.mark.parametrize("path", ["0123456789abcdef/js/main.js", "VERSION/js/none.js"])
def test_another_version_or_an_unknown_file_is_not_found_and_not_remembered(
    client: FlaskClient, path: str
) -> None:
    response = client.get(f"/assets/{path.replace('VERSION', current_assets().version)}")
    assert (response.status_code, response.headers["Cache-Control"]) == (404, "no-store")
    assert response.get_json()["code"] == "not_found"


def test_there_is_no_second_way_to_the_files(client: FlaskClient) -> None:
    assert client.get("/static/js/main.js").status_code == 404


def test_an_inlined_style_sheet_is_allowed_by_its_own_content_alone(client: FlaskClient) -> None:
    app = client.application

    @app.get("/styled")
    def styled() -> str:
        return render_template_string("<style>{{ inlined('css/base.css') }}</style>")

    response = client.get("/styled")
    style = response.text.removeprefix("<style>").removesuffix("</style>")
    assert style == current_assets().files["css/base.css"].decode()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{digest}';" in response.headers["Content-Security-Policy"]
    assert "style-src 'self';" in client.get("/healthz").headers["Content-Security-Policy"]


def test_a_file_that_changes_under_a_running_server_is_served_as_it_was(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.assets.FOLDER", tmp_path)
    (tmp_path / "a.js").write_bytes(b"old")
    current_assets.cache_clear()
    try:
        url = current_assets().url("a.js")
        (tmp_path / "a.js").write_bytes(b"new")
        assert client.get(url).data == b"old"
    finally:
        current_assets.cache_clear()
