"""The services of DingTalk's catalogue of data (数据目录): what their documents show is served, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from reportdata.identity import Organisation
from reportdata.measures import Digits, decimal_of
from reportdata.pipeline.mirroring import keep_export
from reportdata.services import REPORTS, read_services
from reportdata.services.service import Service
from reportdata.store import Official
from tests.support.calling import NOW, Answer, Call
from tests.support.calling import PATH as REPORT_PATH
from tests.support.catalogue import FIGURES, SAMPLES, figures_of, row_of
from tests.support.causes import ERRORS
from tests.support.folders import Folder, run
from tests.support.serving import Serving, serving
from tests.support.stores import OPENERS, STORES

UNCOVERED, MISSING = "20200101", "20210621"
LOOKED_AT = 1_795_000_000_000


class Family(NamedTuple):
    """A server that has what the documents show, an organisation a service, by the ids of these."""

    served: Serving
    folder: Folder
    tokens: dict[str, str]

    def ask(self, service: Service, day: str) -> Answer:
        return Call(self.served.address, self.tokens[service.id], day, path=service.path).answer()


def bring(folder: Folder, service: Service) -> str:
    """Bring the figures of a document's sample, and those of a day of which one is missing; an app to ask for them."""
    row = row_of(service)
    corp, day = str(row["corp_id"]), str(row["stat_date"])
    numbers = figures_of(service)
    less = dict(list(numbers.items())[1:])
    keep_export(
        folder.store, service, [Official(corp, day, numbers, LOOKED_AT), Official(corp, MISSING, less, LOOKED_AT)]
    )
    return folder.token(folder.add_app(corp, scopes=(service.scope,), rate=0)[0], NOW)


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Family]:
    folder = Folder(tmp_path_factory.mktemp("family") / "data")
    with closing(folder.store):
        for corp in sorted({str(row_of(service)["corp_id"]) for service in FIGURES}):
            folder.add_organisation(corp)
        tokens = {service.id: bring(folder, service) for service in FIGURES}
        with serving(folder, clock=lambda: NOW) as served:
            yield Family(served, folder, tokens)


def test_every_document_of_the_catalogue_has_its_service() -> None:
    services = read_services()
    assert {service.path for service in services} == set(SAMPLES)
    assert len(SAMPLES) == 24
    assert services.all[0].id == REPORTS
    assert len({service.scope for service in services}) == 19, "a permission may be that of two"


@pytest.mark.parametrize("service", FIGURES, ids=lambda service: service.id)
def test_what_a_document_shows_is_what_is_answered(family: Family, service: Service) -> None:
    answer = family.ask(service, str(row_of(service)["stat_date"]))
    assert answer.body == SAMPLES[service.path].encode()
    assert (answer.headers["x-reportdata-state"], answer.headers["x-reportdata-origin"]) == ("final", "official")


def test_a_day_without_figures_has_no_row_and_a_number_that_was_not_brought_no_key(family: Family) -> None:
    for service in FIGURES:
        meta = SAMPLES[service.path].partition('"dataList":[')[0]
        uncovered = family.ask(service, UNCOVERED)
        assert uncovered.body.decode() == meta + '"dataList":[]}'
        assert uncovered.headers["x-reportdata-state"] == "missing"
        answer = family.ask(service, MISSING)
        if len(service.kpis) == 1:
            assert answer.body == uncovered.body
            continue
        missing = service.kpis[0]
        row = {**row_of(service), "stat_date": MISSING}
        del row[missing.key]
        (found,) = json.loads(answer.body, parse_float=decimal_of)["dataList"]
        assert list(found.items()) == list(row.items())
        assert f"{missing.id}=missing" in answer.headers["x-reportdata-states"]


def test_errors_are_those_of_the_contract(family: Family) -> None:
    corp = str(row_of(FIGURES[0])["corp_id"])
    reports = family.folder.token(family.folder.add_app(corp)[0], NOW)
    homeless = {s.id: family.folder.token(family.folder.add_app(None, scopes=(s.scope,))[0], NOW) for s in FIGURES}
    for service in FIGURES:
        call = Call(family.served.address, family.tokens[service.id], "20210620", path=service.path)
        for wrong, code in (
            (call._replace(token=None), "AuthenticationFailed.MissingParameter"),
            (call._replace(token="0" * 32), "InvalidAuthentication"),
            (call._replace(token=reports), "Forbidden.AccessDenied.AccessTokenPermissionDenied"),
            (call._replace(token=homeless[service.id]), "orgId.is.null"),
            (call._replace(stat_date=None), "statDate.is.null"),
            (call._replace(stat_date="20210631"), "statDate.format.iserror"),
            (call._replace(path=f"{service.path}s"), "InvalidAction.NotFound"),
        ):
            answer, found = wrong.answer(), ERRORS[code]
            body = json.loads(answer.body)
            assert (body["code"], body["message"]) == (code, found.message)
            assert answer.status.split()[1] == str(found.status)
            assert ("accessdenieddetail" in body) == (found.status == 403)
            if found.status == 403:
                assert body["accessdenieddetail"] == {"requiredScopes": [service.scope]}


def test_the_command_prints_them(family: Family) -> None:
    service = next(service for service in FIGURES if service.id == "onlineUserData")
    row = row_of(service)
    asked = ("query", row["stat_date"], "--service", service.id, "--corp", row["corp_id"])
    (found,) = json.loads(run(family.folder, *asked, "--format", "json").stdout, parse_float=decimal_of)
    assert {key: found[key] for key in service.row} == row
    assert "0.38461538461538464" in run(family.folder, *asked, "--format", "csv").stdout
    assert "组织在线率" in run(family.folder, *asked).stdout
    refused = run(family.folder, "query", "20210620", "--service", "nobodyData")
    assert "reportData" in refused.output
    assert "healtheUserData" in refused.output


def test_reports_are_served_as_ever(family: Family) -> None:
    folder, corp = family.folder, str(row_of(FIGURES[0])["corp_id"])
    token = folder.token(folder.add_app(corp)[0], NOW)
    answer = Call(family.served.address, token, "20210620", path=REPORT_PATH).answer()
    assert "x-reportdata-origin" not in answer.headers
    assert answer.body == SAMPLES[REPORT_PATH].partition('"dataList":[')[0].encode() + b'"dataList":[]}'


@pytest.mark.parametrize("kind", STORES)
def test_a_decimal_keeps_its_digits_in_every_store(tmp_path: Path, kind: str) -> None:
    service = next(service for service in FIGURES if service.id == "activeUserData")
    texts = ("0.38461538461538464", "11.960", "0.12345678901234567890123", "75.0", "0.10")
    with closing(OPENERS[kind](tmp_path)()) as store:
        store.add_organisations([Organisation("ding1", "Asia/Shanghai")])
        for day, text in enumerate(texts, 20210620):
            number = decimal_of(text)
            assert (str(number), number == float(text)) == (text, True)
            keep_export(store, service, [Official("ding1", str(day), {"4007": 434, "4008": number}, LOOKED_AT)])
            (kept,) = store.official(service.id, "ding1", str(day), str(day))
            assert str((kept.values or {})["4008"]) == text
            assert str((store.kpis(service.id, "ding1", str(day)) or {})["4008"]) == text
    assert str(decimal_of("1.50E-2")) == "0.0150", "an exponent is written out"
    assert isinstance(decimal_of("1.50"), Digits)


def test_official_figures_say_nothing_of_what_was_observed(family: Family) -> None:
    corp = str(row_of(FIGURES[0])["corp_id"])
    store = family.folder.store
    assert store.observations(corp)
    assert not [piece for piece in store.coverage() if piece.corp_id == corp], "nothing hides that reports are late"
    assert f"{corp}: " not in run(family.folder, "status").output
