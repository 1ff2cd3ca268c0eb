"""What every service with facts owes, by its data alone: those of the package, those of these tests, and those in the
folders of ``REPORTDATA_TESTS_SERVICES``, with colons between them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.days import from_date
from reportdata.engines import measured
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.kinds import Kind
from reportdata.measures import Number
from reportdata.services import Service, Services, read_services
from reportdata.services.ctes import ctes_of, named_in
from reportdata.services.sql import Computation, computation, kpis_of_days
from reportdata.store.standing import standing
from tests.support.calling import Call
from tests.support.effort import examples
from tests.support.folders import Folder, run
from tests.support.kind_facts import Drawn, FactFiles, facts_of, records_of, table_of
from tests.support.paths import DATA
from tests.support.pushing import post
from tests.support.serving import serving

NAMED = tuple(Path(name).absolute() for name in os.environ.get("REPORTDATA_TESTS_SERVICES", "").split(":") if name)
PLACES = ((), (Path("counted"),), (DATA / "services" / "lessons",), (DATA / "services" / "shifts",), NAMED)
CORP, DAY = "dingany", date(2026, 9, 1)
Numbers = dict[tuple[str, str], Mapping[str, Number]]


class Case(NamedTuple):
    """A service, among those that its folders make."""

    folders: tuple[Path, ...]
    services: Services
    service: Service

    @property
    def kinds(self) -> list[Kind]:
        """The kinds that it reads, those that take back others last."""
        found = [self.services.kinds[name] for name in self.service.reads()]
        return sorted(found, key=lambda kind: kind.retracts is not None)


def cases() -> Iterator[Case]:
    """Each service that is counted, once."""
    known: list[Service] = []
    for folders in PLACES:
        services = read_services(*folders)
        for service in services:
            if service.has_facts and service not in known:
                known.append(service)
                yield Case(folders, services, service)


CASES = list(cases())


@pytest.fixture(params=CASES, ids=[case.service.id for case in CASES])
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def files(tmp_path: Path) -> Iterator[FactFiles]:
    with closing(FactFiles(tmp_path)) as made:
        yield made


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBEngine]:
    with closing(DuckDBEngine(tmp_path_factory.mktemp("engine"))) as made:
        yield made


def test_folders_that_are_named_hold_services_with_facts() -> None:
    assert not NAMED or any(case.folders == NAMED for case in CASES), NAMED


@pytest.mark.whole
def test_a_days_numbers_are_made_of_its_facts_however_they_lie_in_files(
    case: Case, engine: DuckDBEngine, files: FactFiles
) -> None:
    """Alone and with other days, in one file or several, once or twice, and whether they are compared or not."""
    what = kpis_of_days(case.service, case.services.kinds)
    drawn = st.fixed_dictionaries({kind.name: st.lists(facts_of(kind), max_size=8) for kind in case.kinds})

    def numbers(of: Computation, paths: Mapping[str, Sequence[Path]]) -> Numbers:
        found = {(row.corp_id, row.stat_day): row.numbers for row in measured(of, engine.rows(of, paths))}
        return {key: values for key, values in found.items() if any(values.values())}

    @settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(found=drawn)
    def check(found: Mapping[str, Sequence[Drawn]]) -> None:
        whole = {kind.name: [files.file(kind, found[kind.name])] for kind in case.kinds}
        halves = {kind.name: [files.file(kind, found[kind.name][start::2]) for start in (1, 0)] for kind in case.kinds}
        expected = numbers(what, whole)
        assert numbers(what, {name: [*halves[name], *whole[name]] for name in whole}) == expected
        single = frozenset(kind.name for kind in case.kinds if has_keys_of_its_own(kind, found[kind.name]))
        assert numbers(kpis_of_days(case.service, case.services.kinds, single), whole) == expected, "of a subset"
        for day in {fact.day for facts in found.values() for fact in facts}:
            alone = {
                kind.name: [files.file(kind, [fact for fact in found[kind.name] if kind.retracts or fact.day == day])]
                for kind in case.kinds
            }
            own = {key: values for key, values in expected.items() if key[1] == from_date(day)}
            told = {key: values for key, values in numbers(what, alone).items() if key[1] == from_date(day)}
            assert told == own, "a relation may join facts of one day only, except with those that take others back"

    check()


def has_keys_of_its_own(kind: Kind, facts: Sequence[Drawn]) -> bool:
    """Whether no two facts of a day have the same key."""
    keys = [(fact.corp_id, fact.day, *(fact.values[name] for name in kind.key)) for fact in facts]
    return len(keys) == len(set(keys))


@pytest.mark.whole
def test_its_numbers_can_be_counted_over_other_periods(case: Case, engine: DuckDBEngine, files: FactFiles) -> None:
    paths = {kind.name: [files.file(kind, [])] for kind in case.kinds}
    for key in ("week", "month", "year"):
        measures = {kpi.id: kpi.measure for kpi in case.service.counted if kpi.measure and not kpi.stated}
        if measures:
            list(engine.rows(computation(case.service, case.services.kinds, ("corp_id", key), measures), paths))


@pytest.mark.whole
def test_its_relations_have_all_columns_of_their_rows(case: Case, engine: DuckDBEngine, files: FactFiles) -> None:
    """Questions group and filter by any of them, and explanations show them."""
    kinds = case.services.kinds
    for name, relation in case.service.relations.items():
        columns = ", ".join(("corp_id", "stat_day", *kinds[relation.rows].columns))
        own = named_in(name, ctes_of(case.service.sql, by_day=True))
        text = f"{f'with {own} ' if own else ''}select {columns} from {name}"
        read = tuple(kinds[kind] for kind in relation.reads)
        paths = {kind.name: [files.file(kind, [])] for kind in read}
        assert list(engine.rows(Computation(text, (), (), read), paths)) == []


@pytest.mark.whole
def test_it_is_imported_and_known_where_its_kinds_were_observed_and_is_served(case: Case, tmp_path: Path) -> None:
    service, folder = case.service, Folder(tmp_path / "data", services=case.folders)
    folder.add_organisation(CORP)
    with closing(folder.store):
        observed: set[str] = set()
        for kind in case.kinds:
            path = tmp_path / f"{kind.name}.csv"
            path.write_text(table_of(records_of(kind, DAY, 2)))
            assert folder.import_(path, corp_id=CORP).added == 2, kind.name
            assert folder.import_(path, corp_id=CORP).added == 0, kind.name
            observed |= {kind.name} if kind.covers else set()
            assert_known(folder, case, observed)
        assert values_of(folder, service, DAY + timedelta(1)) == {}, "nothing was observed that day"
        for by in ("week", "month"):
            asked = (from_date(DAY), "--to", from_date(DAY), "--by", by, "--service", service.id)
            done = run(folder, "query", *asked)
            assert done.exit_code == 0, done.output
        assert_served(folder, service)


def values_of(folder: Folder, service: Service, day: date) -> dict[str, Number]:
    """The numbers of a day that are known."""
    text = from_date(day)
    (found,) = standing(folder.store, service, CORP, text, text, time.time())
    return dict(found.values)


def assert_known(folder: Folder, case: Case, observed: set[str]) -> None:
    """Numbers are known where all their kinds were observed, except for ratios of nothing and what nobody stated."""
    service = case.service
    known = {kpi.id for kpi in service.kpis if service.observed(kpi.id) <= observed}
    optional = {kpi.id for kpi in service.kpis if kpi.ratio or kpi.stated}
    found = values_of(folder, service, DAY).keys()
    assert known - optional <= found <= known, observed


def assert_served(folder: Folder, service: Service) -> None:
    """It is answered at all its paths, described, refused without its scope, and takes its facts."""
    scopes = tuple(scope for scope in (service.scope, service.statistics_scope, service.push_scope) if scope)
    token = folder.token(folder.add_app(CORP, scopes=scopes)[0])
    other = folder.token(folder.add_app(CORP, scopes=("DataCenter.Other.Read",))[0])
    values = values_of(folder, service, DAY)
    keys = {kpi.key for kpi in service.kpis if kpi.id in values} | {"stat_date", "corp_id"}
    with serving(folder) as served:
        (row,) = json.loads(Call(served.address, token, from_date(DAY), path=service.path).answer().body)["dataList"]
        assert list(row) == [key for key in service.row if key in keys]
        assert {kpi.id: row[kpi.key] for kpi in service.kpis if kpi.key in row} == values
        empty = Call(served.address, token, from_date(DAY + timedelta(1)), path=service.path).answer()
        assert json.loads(empty.body)["dataList"] == []
        refused = Call(served.address, other, from_date(DAY), path=service.path).answer()
        assert service.scope.encode() in refused.body
        for path in service.periods.values():
            assert "200" in Call(served.address, token, from_date(DAY), path=path).answer().status
        described = json.loads(Call(served.address, token, None, path="/openapi.json").answer().body)
        assert set(service.paths) <= described["paths"].keys()
        if service.push_scope:
            headers = {"x-acs-dingtalk-access-token": token}
            for kind in service.kinds:
                facts = records_of(kind, DAY + timedelta(2), 2)
                answer = post(served.address, json.dumps(facts).encode(), headers)
                assert (answer.status, answer.body["added"]) == (200, 2), kind.name
