"""The pages for people: ``GET /``, ``GET /explorer``, ``GET /import``, and the files that pages load."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from reportdata.api.packing import in_form
from reportdata.api.resource import Context, Operation, Resource
from reportdata.http.answers import NOT_FOUND, Failed
from reportdata.web import FOLDER, File, read_pages

POLICY = "; ".join(
    (
        "default-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
"""What a page may do: load what is served here, and nothing else."""
_OF_PAGES = {
    "cache-control": "no-cache",
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
}
_OF_FILES = {"cache-control": "public, max-age=31536000, immutable"}


def resource(_context: Context) -> Resource:
    """The pages."""
    found = read_pages()

    async def dashboard(request: Request) -> Response:
        return _response(request, found.pages["index"], _OF_PAGES)

    async def explorer(request: Request) -> Response:
        return _response(request, found.pages["explorer"], _OF_PAGES)

    async def bringing(request: Request) -> Response:
        return _response(request, found.pages["import"], _OF_PAGES)

    async def file(request: Request) -> Response:
        named = found.files.get(request.path_params["name"])
        if named is None or request.path_params["version"] != found.version:
            raise Failed(NOT_FOUND)
        return _response(request, named, _OF_FILES)

    return Resource(
        "pages",
        [
            Operation("GET", "/", None, dashboard),
            Operation("GET", "/explorer", None, explorer),
            Operation("GET", "/import", None, bringing),
            Operation("GET", f"/{FOLDER}/{{version}}/{{name}}", None, file),
        ],
    )


def _response(request: Request, file: File, headers: Mapping[str, str]) -> Response:
    return in_form(request, file.packed, file.media_type, headers)
