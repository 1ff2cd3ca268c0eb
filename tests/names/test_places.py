"""Every place where names of people are kept."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.digests import of_person
from reportdata.errors import BadValue
from reportdata.names import Names
from reportdata.names.file import FileNames
from reportdata.store.postgres.names import PostgresNames
from tests.support import postgres
from tests.support.effort import examples


def _at_new_address(_folder: Path) -> Callable[[], Names]:
    address = postgres.address()
    return lambda: PostgresNames(address)


OPENERS: dict[str, Callable[[Path], Callable[[], Names]]] = {
    "file": lambda folder: lambda: FileNames(folder / "names.db"),
    "postgres": _at_new_address,
}


@pytest.fixture(
    params=[pytest.param(kind, marks=pytest.mark.postgres if kind == "postgres" else ()) for kind in OPENERS]
)
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Names]]:
    """Opens one more instance on the same place, as another process would."""
    opened: list[Names] = []
    open_names = OPENERS[request.param](tmp_path)

    def open_one() -> Names:
        opened.append(open_names())
        return opened[-1]

    yield open_one
    for names in opened:
        names.close()


def nobody() -> frozenset[str]:
    return frozenset()


def test_nothing_is_kept_until_an_organisation_turns_names_on(another: Callable[[], Names], tmp_path: Path) -> None:
    names = another()
    assert (names.organisations(), names.count("c1"), names.names("c1", ["u1"])) == (frozenset(), 0, {})
    assert (names.turn_off("c1"), names.forget("c1", "u1"), names.mentions("u1")) == (0, 0, {})
    with pytest.raises(BadValue, match="turned off"):
        names.put("c1", {"u1": "张三"}, nobody)
    assert list(tmp_path.iterdir()) == [], "reading makes no file"
    names.turn_on("c1")
    names.turn_on("c1")
    with pytest.raises(BadValue, match="turned off"):
        names.put("c2", {"u1": "张三"}, nobody)
    assert names.put("c1", {"u1": "张三", "u2": "李四"}, nobody) == 2
    assert another().names("c1", ["u2", "u1", "u3"]) == {"u1": "张三", "u2": "李四"}
    assert names.names("c2", ["u1"]) == {}
    assert names.put("c1", {"u2": "李武"}, nobody) == 1
    assert (names.names("c1", ["u1", "u2"]), names.count("c1")) == ({"u1": "张三", "u2": "李武"}, 2)


def test_who_was_forgotten_gets_no_name(another: Callable[[], Names]) -> None:
    names = another()
    for corp_id in ("c1", "c2"):
        names.turn_on(corp_id)
        names.put(corp_id, {"u1": "张三", "u2": "李四"}, nobody)
    assert (names.forget("c1", "u1"), names.forget("c1", "u1")) == (1, 0)
    assert names.put("c1", {"u1": "张三", "u3": "王五"}, lambda: {of_person("c1", "u1")}) == 1
    assert names.names("c1", ["u1", "u2", "u3"]) == {"u2": "李四", "u3": "王五"}
    assert names.names("c2", ["u1"]) == {"u1": "张三"}, "of another organisation"


def test_turned_off_all_are_gone_at_once(another: Callable[[], Names]) -> None:
    names, other = another(), another()
    names.turn_on("c1")
    names.turn_on("c2")
    names.put("c1", {f"u{n}": f"名{n}" for n in range(500)}, nobody)
    names.put("c2", {"u1": "张三"}, nobody)
    assert other.turn_off("c1") == 500
    assert names.organisations() == frozenset(("c2",))
    assert (names.count("c1"), names.count("c2")) == (0, 1)
    assert names.mentions("名") == {}
    names.turn_on("c1")
    assert names.count("c1") == 0, "none comes back"


def test_a_copy_is_a_file_with_all(another: Callable[[], Names], tmp_path: Path) -> None:
    names = another()
    names.turn_on("c1")
    names.turn_on("empty")
    names.put("c1", {"u1": "张三"}, nobody)
    names.copy(tmp_path / "copy.db")
    with closing(FileNames(tmp_path / "copy.db")) as copied:
        assert copied.organisations() == frozenset(("c1", "empty"))
        assert copied.names("c1", ["u1"]) == {"u1": "张三"}
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600


CHANGES = st.one_of(
    st.tuples(
        st.just("put"), st.dictionaries(st.sampled_from("abcd"), st.sampled_from(("赵甲", "钱乙", "孙丙", "李丁")))
    ),
    st.tuples(st.just("forget"), st.sampled_from("abcd")),
    st.tuples(st.sampled_from(("on", "off")), st.none()),
)


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CHANGES, max_size=12))
def test_the_files_hold_the_names_that_are_kept_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, object]]
) -> None:
    """After every change, the bytes of the files are those of the names of a plain dictionary, and of none that it had
    before; and only their owner can read them."""
    folder = tmp_path_factory.mktemp("names")
    known: dict[str, str] | None = None
    gone: set[str] = set()
    with closing(FileNames(folder / "names.db")) as names, closing(FileNames(folder / "names.db")) as reader:
        for verb, what in changes:
            if verb == "on":
                names.turn_on("c1")
                known = {} if known is None else known
            elif verb == "off":
                assert names.turn_off("c1") == len(known or {})
                known = None
            elif verb == "forget":
                gone.add(of_person("c1", str(what)))
                names.forget("c1", str(what))
                (known or {}).pop(str(what), None)
            elif known is not None:
                assert isinstance(what, dict)
                names.put("c1", what, lambda: gone)
                known |= {who: name for who, name in what.items() if of_person("c1", who) not in gone}
            assert reader.names("c1", list("abcd")) == (known or {})
            content = b"".join(path.read_bytes() for path in folder.iterdir())
            for name in ("赵甲", "钱乙", "孙丙", "李丁"):
                assert (name.encode() in content) == (name in (known or {}).values())
            assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} <= {0o600}
