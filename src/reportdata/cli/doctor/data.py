"""Checks of the data folder: the lake, the store, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta

from reportdata.cli.doctor.findings import Examined, Finding, fail, ok, warn
from reportdata.cli.output import size_text
from reportdata.cli.places import looked_into, schemas_of, store_of
from reportdata.coverage import by_organisation, latest
from reportdata.days import SECOND, day_of, from_date, time_zone, to_date
from reportdata.errors import BadValue
from reportdata.files import files_within
from reportdata.identity import Organisation
from reportdata.links import link_ended
from reportdata.pipeline.clashes import clashes, identified, nearest, said
from reportdata.pipeline.corrections import corrections as corrections_of
from reportdata.pipeline.corrections import file_of
from reportdata.pipeline.damage import left
from reportdata.pipeline.observed import outside, told_by_kind
from reportdata.pipeline.staleness import stale_days
from reportdata.plurals import count_of
from reportdata.services.service import is_official
from reportdata.store import Store

_COMPARED = 64 << 20
"""Bytes of the lake's newest files whose ids are compared."""
_LAST_DAY = "20991231"
_OLD = 2
"""Days that an organisation's newest day may be behind its today."""
_RESTORE = "bring back the newest backup with `reportdata restore`, and import again what came after it"
_REPAIR = (
    "put them there again, or `reportdata repair --from BACKUP`; `reportdata repair --give-up FILE` goes on without one"
)
_MEND = "each entry has a second object, from which `reportdata repair` writes the first one anew"
_NAMED = 10
"""Files that are named at most."""
_RESTORE_DATABASE = "bring back the database's newest backup, by the means it was taken with"


def folder(examined: Examined) -> Iterator[Finding]:
    """The data folder is there."""
    data = examined.settings.data
    if data.is_dir():
        yield ok(str(data.absolute()))
    elif data.exists():
        yield fail(f"{data} is a file", "name the data folder with --data or REPORTDATA_DATA")
    elif examined.settings.database is not None:
        yield fail(
            f"there is no folder {data}",
            "name it with --data or REPORTDATA_DATA, or make it, closed to others, with `mkdir -m 700`: the database "
            "has the store, but who read what is noted there, and so are backups",
        )
    else:
        yield fail(
            f"there is no folder {data}",
            "name it with --data or REPORTDATA_DATA, or start one with `reportdata org add CORP_ID`",
        )


def store(examined: Examined) -> Iterator[Finding]:
    """The store can be opened, is of this program's schema, and is whole."""
    settings = examined.settings
    if settings.database is None and not settings.store.exists():
        yield fail("there is none", "start one with `reportdata org add CORP_ID`, or `reportdata restore` a backup")
        return
    has, knows = schemas_of(settings)
    if has > knows:
        yield fail(
            f"its schema is {has}, this program knows {knows}", "use the newer version of reportdata that wrote it"
        )
    elif has < knows:
        yield warn(
            f"its schema is {has}; the next command brings it to {knows}",
            "take a backup with the version that wrote it, then run `reportdata status`",
        )
    else:
        with closing(store_of(settings)) as opened:
            faults, size = opened.faults(thorough=examined.thorough), opened.size()
        if faults:
            yield fail(f"it is damaged: {faults[0]}", _RESTORE if settings.database is None else _RESTORE_DATABASE)
        else:
            yield ok(f"whole, {size_text(size)}")


def lake(examined: Examined) -> Iterator[Finding]:
    """The lake's files are there and whole, as far as their ends tell or, when everything is read, by their digests;
    and more can be added."""
    found = examined.lake
    if not found.exists():
        yield ok("nothing was imported yet")
        return
    with found.reading():
        damaged = set(found.damaged())
        found.observed(damaged=damaged)
        paths = [path for kind in found.kinds() for path in found.paths(kind)]
        if examined.thorough:
            damaged.update(found.not_whole(found.members()))
        log = found.faults_of_log() if examined.thorough else []
    if damaged:
        names = ", ".join(sorted(damaged)[:_NAMED])
        yield fail(f"{len(damaged)} of {count_of(len(paths), 'file', 'files')} gone or damaged: {names}", _REPAIR)
    if log:
        named = ", ".join(log[:_NAMED])
        yield warn(f"{count_of(len(log), 'object', 'objects')} of the log gone or damaged: {named}", _MEND)
    found.try_adding()
    if not damaged and not log:
        yield ok(f"{count_of(len(paths), 'file', 'files')}, {size_text(found.size())}")


def abandoned(examined: Examined) -> Iterator[Finding]:
    """No import or backup was killed and left something."""
    found = examined.lake.abandoned()
    if found:
        size = 0
        for path in (path for left in found for path in files_within(left)):
            with suppress(FileNotFoundError):  # an import removed it meanwhile
                size += path.stat().st_size
        yield warn(
            f"{count_of(len(found), 'killed import or backup', 'killed imports or backups')} left {size_text(size)} in "
            f"{found[0].parent}",
            "the next import or backup removes it",
        )
    else:
        yield ok("nothing was left")


def time_zones(examined: Examined) -> Iterator[Finding]:
    """This machine knows the zone of every organisation."""
    organisations = _store(examined).organisations()
    unknown = [organisation for organisation in organisations if not _knows(organisation)]
    for organisation in unknown:
        yield fail(
            f"{organisation.corp_id} has the time zone {organisation.time_zone}, which this machine does not know",
            "pip install --upgrade tzdata",
        )
    if not unknown:
        yield ok(", ".join(sorted({organisation.time_zone for organisation in organisations})) or "none is needed")


def _knows(organisation: Organisation) -> bool:
    with suppress(BadValue):
        return bool(time_zone(organisation.time_zone))
    return False


def coverage(examined: Examined) -> Iterator[Finding]:
    """Every organisation's numbers go on until lately."""
    found = _store(examined)
    organisations = [organisation for organisation in found.organisations() if _knows(organisation)]
    newest: dict[str, str] = {}
    for piece in found.coverage():
        newest[piece.corp_id] = max(piece.last_day, newest.get(piece.corp_id, ""))
    if not organisations:
        yield warn("there are none", "reportdata org add CORP_ID")
    behind = [warning for organisation in organisations for warning in _behind(organisation, newest, examined.now)]
    yield from behind
    if organisations and not behind:
        yield ok(f"{len(organisations):,}, all with days until {min(newest.values())} or later")


def _behind(organisation: Organisation, newest: dict[str, str], now: float) -> Iterator[Finding]:
    corp_id = organisation.corp_id
    command = f"reportdata import FILE... --corp {corp_id}"
    if corp_id not in newest:
        yield warn(f"{corp_id}: nothing was imported", command)
        return
    last = to_date(newest[corp_id])
    days = (to_date(day_of(int(now) * SECOND, time_zone(organisation.time_zone))) - last).days
    if days > _OLD:
        since = from_date(last + timedelta(days=1))
        yield warn(f"{corp_id}: the newest day is {newest[corp_id]}, {days} days ago", f"{command}, from {since} on")


def stale(examined: Examined) -> Iterator[Finding]:
    """Every day's numbers are those of the facts."""
    with looked_into(examined.settings, _store(examined)) as work:
        kept = {one.stat_day for one in left(work) if one.stat_day}
        days = [day for day in stale_days(work) if day not in kept]
        observed = told_by_kind(examined.lake.observed(damaged=set()), work.kinds)
    if kept:
        yield fail(f"{count_of(len(kept), 'day rests', 'days rest')} on damaged files, like {min(kept)}", _REPAIR)
        observed = list(outside(observed, kept))
    known = (look._replace(at=0) for look in _store(examined).observations() if not is_official(look.kind))
    covered = by_organisation(look.coverage for look in latest(known))
    uncovered = [
        piece
        for piece in sorted({look.coverage for look in observed})
        if not any(wide.includes(piece) for wide in covered.get(piece.corp_id, ()))
    ]
    if days:
        yield warn(f"{len(days):,}, from {days[0]} to {days[-1]}", "reportdata refresh")
    elif uncovered:
        yield warn(f"the days of an import are not shown yet, for {uncovered[0].corp_id}", "reportdata refresh")
    elif not kept:
        yield ok("none")


def corrections(examined: Examined) -> Iterator[Finding]:
    """The worker had to put no number right."""
    found = corrections_of(examined.lake.root)
    if found:
        last = max(found, key=lambda correction: correction.at)
        yield warn(
            f"numbers of {count_of(len(found), 'day', 'days')} in the store were not those of the facts, like "
            f"{last.day}: they were put "
            "right",
            f"see whether this machine's disk or memory fails; then remove {file_of(examined.lake.root)}",
        )
    else:
        yield ok("none")


def identities(examined: Examined) -> Iterator[Finding]:
    """No id of a record is told in two ways. Of a large lake, only its newest files are looked at."""
    with looked_into(examined.settings, _store(examined)) as work, examined.lake.reading():
        clean = True
        looked, all_ = 0, 0
        for kind, by in identified(work.kinds):
            files = nearest(work.lake, kind, [_LAST_DAY], _COMPARED)
            looked, all_ = looked + len(files), all_ + len(work.lake.paths(kind.name))
            found = clashes(work, kind, by, files, files)
            if found.number:
                clean = False
                yield warn(said(found, kind), "all of them count; `reportdata unimport` takes back a wrong import")
    if clean:
        yield ok("all ids are told in one way" + ("" if looked == all_ else f", in the newest {looked:,} files"))


def apps(examined: Examined) -> Iterator[Finding]:
    """Some app may ask for the numbers, or people see them by a view link."""
    found = _store(examined).apps()
    enabled = [app for app in found if not app.disabled]
    links = [link for link in _store(examined).links() if link_ended(link, examined.now) is None]
    if not found and links:
        yield ok(f"there are none; {count_of(len(links), 'view link', 'view links')} may be opened")
    elif not found:
        yield warn("there are none, and no view links: nobody can ask", "reportdata app add --corp CORP_ID --name NAME")
    elif not enabled:
        yield warn(f"all {len(found)} are disabled", f"reportdata app enable {found[0].app_key}")
    else:
        yield ok(f"{len(enabled)} of {len(found)} are enabled")


def _store(examined: Examined) -> Store:
    if examined.store is None:
        raise ValueError("there is no store to look into")
    return examined.store
