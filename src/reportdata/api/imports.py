"""Files that people bring: ``/v1/imports/uploads`` takes them, previews and imports them, ``/v1/imports`` lists imports
and takes them back."""

from __future__ import annotations

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from reportdata.api.admission import Demand
from reportdata.api.bringing import (
    BAD_NAME,
    LARGEST,
    SECONDS,
    UNKNOWN_IMPORT,
    UPLOAD_TOO_LARGE,
    Said,
    Upload,
    What,
    as_json,
    read_lang,
    read_said,
)
from reportdata.api.faults import GONE
from reportdata.api.imports_description import UNDO, described_list, described_undo, described_undoing
from reportdata.api.openapi import Json
from reportdata.api.resource import Context, Operation, Resource
from reportdata.api.sign_in import Caller, SignIn
from reportdata.api.uploads_description import (
    IMPORT,
    IMPORTS,
    PREVIEW,
    UPLOAD,
    UPLOADS,
    described_import,
    described_preview,
    described_removal,
    described_state,
    described_upload,
)
from reportdata.errors import Reason
from reportdata.http.answers import Failed
from reportdata.http.limits import BodyLimit
from reportdata.http.routes import IDS, json_response
from reportdata.services import REPORTS
from reportdata.store import ImportNote

_MOST_LISTED = 200
_LATEST = 1 << 53
"""No file was written later, in milliseconds since 1970: a number that JSON tells exactly."""


def resource(context: Context) -> Resource:
    """The calls."""
    scope = context.services.service(REPORTS).push_scope
    scopes = (scope,) if scope is not None else ()
    imports = Imports(context, scopes)
    return Resource(
        "imports",
        [
            Operation(
                "POST", UPLOADS, partial(described_upload, scopes), imports.take, body=BodyLimit(LARGEST + 1, SECONDS)
            ),
            Operation("GET", UPLOAD, partial(described_state, scopes), imports.show),
            Operation("DELETE", UPLOAD, partial(described_removal, scopes), imports.remove),
            Operation("POST", PREVIEW, partial(described_preview, scopes), imports.preview),
            Operation("POST", IMPORT, partial(described_import, scopes), imports.import_),
            Operation("GET", IMPORTS, partial(described_list, scopes), imports.list),
            Operation("POST", UNDO, partial(described_undo, scopes), imports.undo),
            Operation("GET", UNDO, partial(described_undoing, scopes), imports.undoing),
        ],
    )


class Imports:
    """Takes files and has them read."""

    def __init__(self, context: Context, scopes: tuple[str, ...]) -> None:
        self._context = context
        self._sign_in = SignIn(context)
        self._bringing = context.bringing
        self._demand = Demand(IMPORTS, scopes)  # a link that shows some departments brings nothing

    async def take(self, request: Request) -> Response:
        """Take a file."""
        caller, _ = await self._caller(request)
        if not self._context.is_present():
            raise Failed(GONE)
        size = request.headers.get("content-length", "")
        if size.isdigit() and int(size) > LARGEST:  # before any of it comes
            raise Failed(UPLOAD_TOO_LARGE)
        query = request.query_params
        modified = query.get("modified", "")
        at = int(modified) if modified.isascii() and modified.isdigit() and len(modified) < len(str(_LATEST)) else None
        file = (query.get("name", ""), at)
        found = await self._bringing.take(caller.corp_id, query.get("upload"), file, request.stream())
        return json_response(as_json(found))

    async def show(self, request: Request) -> Response:
        """Say how an upload stands."""
        caller, _ = await self._caller(request)
        found = await run_in_threadpool(self._bringing.found, caller.corp_id, request.path_params["upload"])
        return json_response(as_json(found))

    async def remove(self, request: Request) -> Response:
        """Remove an upload, or one of its files."""
        caller, _ = await self._caller(request)
        name = request.query_params.get("name")
        if name == "":
            raise Failed(BAD_NAME)
        await run_in_threadpool(self._bringing.remove, caller.corp_id, request.path_params["upload"], name)
        return Response(None, 204)

    async def preview(self, request: Request) -> Response:
        """Say what importing the files would do."""
        return await self._run(request, "preview")

    async def import_(self, request: Request) -> Response:
        """Import the files."""
        return await self._run(request, "import")

    async def list(self, request: Request) -> Response:
        """List the imports of the organisation, the latest first."""
        caller, now = await self._caller(request)
        self._audit(caller, "imports", request, now)
        notes = [note for note in self._context.reader.imports() if note.corp_ids == (caller.corp_id,)]
        return json_response({"imports": [_told(note) for note in reversed(notes[-_MOST_LISTED:])]})

    async def undo(self, request: Request) -> Response:
        """Take an import back."""
        caller, now = await self._caller(request)
        note = self._own(caller, request)
        import_id, kinds = note.id, self._kinds(caller)
        for kind in sorted(note.kinds - set(kinds)):  # of an import by an older release, who undoes it sees its kinds
            if (scope := self._context.services.push_scope(kind)) is not None:
                raise Demand(IMPORTS, (scope,)).refusal(Reason.SCOPE)
        self._audit(caller, f"import {import_id} undone", request, now)
        lang = read_lang(request.query_params.get("lang", ""))
        found = await run_in_threadpool(self._bringing.undo, caller.corp_id, import_id, kinds, lang)
        return json_response(as_json(found))

    async def undoing(self, request: Request) -> Response:
        """Say how the undoing of an import stands."""
        caller, _ = await self._caller(request)
        import_id = self._own(caller, request).id
        found = await run_in_threadpool(self._bringing.found, caller.corp_id, f"undo-{import_id}")
        return json_response(as_json(found))

    async def _run(self, request: Request, what: What) -> Response:
        caller, now = await self._caller(request)
        said: Said = read_said(await request.body())
        upload: str = request.path_params["upload"]
        if not self._context.is_present():
            raise Failed(GONE)
        self._audit(caller, f"files: {what}", request, now)
        kinds = self._kinds(caller)
        found: Upload = await run_in_threadpool(self._bringing.run, caller.corp_id, upload, what, said, kinds)
        return json_response(as_json(found))

    async def _caller(self, request: Request) -> tuple[Caller, float]:
        now = self._context.clock()
        return await self._sign_in.caller(self._demand, request, now), now

    def _kinds(self, caller: Caller) -> tuple[str, ...]:
        """The kinds of facts that the caller may bring: as with pushes, each by the scope of its service."""
        services = self._context.services
        return tuple(kind for kind in services.kinds if services.push_scope(kind) in caller.app.scopes)

    def _own(self, caller: Caller, request: Request) -> ImportNote:
        """The import that a request names, when it is of the caller's organisation and of no other."""
        import_id: str = request.path_params["import"]
        for note in self._context.reader.imports():
            if note.id == import_id and note.corp_ids == (caller.corp_id,):
                return note
        raise Failed(UNKNOWN_IMPORT)

    def _audit(self, caller: Caller, what: str, request: Request, now: float) -> None:
        self._context.note(caller.name, caller.corp_id, what, caller.address, request.scope[IDS].request, now)


def _told(note: ImportNote) -> Json:
    files = note.files
    read, added, skipped = (sum(getattr(one, name) for one in files) for name in ("read", "added", "skipped"))
    return {
        "import": note.id,
        "at": note.at,
        "files": [{"digest": one.digest, "size": one.size} for one in files],
        "read": read,
        "added": added,
        "alreadyKnown": read - added - skipped,
        "skipped": skipped,
        "firstDay": note.days[0] if note.days else None,
        "lastDay": note.days[1] if note.days else None,
        "reversible": note.reversible,
        "takenBackAt": note.taken_back_at,
    }
