"""Collects every message of the command line from the source, as templates, and writes the catalogues anew.

    python -m tests.support.messages

writes ``reportdata.pot``, the English messages, and brings ``zh/LC_MESSAGES/reportdata.po`` in step with it: what has
no translation yet has an empty one, which a test does not let pass.

A message is what an error is raised with, wherever that is; what a command's decorators and docstring say; and any
other text that reads like prose, but for modules whose texts are never printed. Rather one too many than one forgotten.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache

from reportdata.cli.language.catalogue import LOCALE, Entry, read_po
from reportdata.cli.language.templates import PLACE, is_spoken
from tests.support.borrowed import borrowed
from tests.support.paths import ROOT
from tests.support.texts import called, has_words, is_count, name_of, texts

SOURCE = ROOT / "src" / "reportdata"
TEMPLATES = LOCALE / "reportdata.pot"
CHINESE = LOCALE / "zh" / "LC_MESSAGES" / "reportdata.po"

_HEAD = "Content-Type: text/plain; charset=UTF-8\n"
_NEVER = ("api/", "web/", "client/", "assistants/", "cli/language/")
"""Whose messages are answered by HTTP or to programs."""
_ERRORS_ALONE = (
    "certificates.py", "collector/absences.py", "collector/comment_reader.py", "collector/failures.py",
    "collector/ledger/", "collector/listings.py", "collector/readings.py", "engines/", "http/", "lake/s3/cache.py",
    "measures.py", "pipeline/answer_files.py", "pipeline/cell_histories.py", "readers/cells.py", "services/ctes.py",
    "services/keys.py", "services/lending.py", "services/records.py", "services/sql.py", "services/unique.py",
    "statistics/sentences.py", "standing.py", "store/", "twin/",
)  # fmt: skip
"""Where other texts are SQL, or told by HTTP, ..."""
_BUT = ("engines/duckdb/connection.py", "store/copying.py")
"""... but not in these."""
_NAMES = {"BadField": 1, "BadRecord": 3, "BadFile": 1}
"""How many arguments of errors are names of files and fields, before their messages."""
_SAYING = frozenset(
    "ask fail failed made ok print_table progress say tell warn _failed _failing _progress".split()  # noqa: SIM905
)
"""Whose arguments are messages, of a single word, too."""
_SILENT = ("compile", "execute", "fdopen", "open", "print_json", "sql")
"""Whose arguments nobody is told."""
_KEYWORDS = {"help": "help", "show_default": "help"} | dict.fromkeys(("envvar", "flag_value", "metavar"), "nothing")
"""What becomes of arguments that are named."""
_LISTS = ("headings", "lines", "states")
"""What lists are called whose texts are messages."""
_PROSE = re.compile(r"[A-Za-z}`'”)][,;:.]? +[a-z{`'(–][^_=]|^[a-z]+ [A-Z]{3,}$|^(Next|Note|Error): |^write [0-9]")
_NO_PROSE = re.compile(
    r"^\s*[(]?(select|insert into|delete from|update \w+ set|create (temp|table)|drop table|pragma|begin immediate|"
    r"from facts|not starts_with|with \w+ as|group by)\b|^facts\.|= \?|\border by\b|%s|>= '|cast\(|decimal\(|"
    r"timestamptz|^[a-z]+(_[a-z]+)+$|^[a-z_]+(, [a-z_]+){2,}$|^columns\.|^\{sub_msg|^bold |^\.[A-Za-z]{2}|"  # names
    r"^\s*(reportdata open|Debug source|response body error|grand total)$"
)
_WORD = re.compile(r"(?!(https?|json|left|right|parquet|utf|xlsx|true|lang|work|reportdata)$)[a-z]{3,}")
"""One of several words that are told."""
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class _Module:
    """One module's texts."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self.name = name
        self._is_prose = name in _BUT or not name.startswith(_ERRORS_ALONE)
        self._is_cli = name.startswith("cli/")
        self.nodes: list[ast.AST] = [tree]
        self._above: dict[ast.AST, ast.AST] = {}
        for node in self.nodes:  # which grows
            found = list(ast.iter_child_nodes(node))
            self.nodes += found
            self._above.update(dict.fromkeys(found, node))

    def messages(self, errors: frozenset[str]) -> Iterator[str]:
        """Its messages, one more than once.

        :param errors: the names of errors that are raised with messages.
        """
        self._errors = errors
        for node in self.nodes:
            if isinstance(node, _Function) and self._is_command(node):
                yield from _paragraphs(ast.get_docstring(node) or "")
            if not (isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) or is_count(node)) or self._is_part(
                node
            ):
                continue
            found = texts(node)
            place = self._place(node) if found else "nothing"
            for text in found or ():
                if place == "help":
                    yield from _paragraphs(text)
                elif (place == "message" and _says(text)) or (place == "text" and self._is_prose and _is_prose(text)):
                    yield text

    def _is_command(self, node: _Function) -> bool:
        decorators = (one for one in node.decorator_list if isinstance(one, ast.Call))
        return self._is_cli and any(called(one) in ("command", "group") for one in decorators)

    def _is_part(self, node: ast.expr) -> bool:
        """Whether it is part of a longer text."""
        above = self._above.get(node)
        if above is not None and is_count(above):
            return True
        while isinstance(above, ast.IfExp) and isinstance(self._above.get(above), ast.BinOp | ast.FormattedValue):
            above = self._above.get(above)
        if isinstance(above, ast.FormattedValue | ast.JoinedStr | ast.Compare):
            return True
        return isinstance(above, ast.BinOp) and texts(above) is not None

    def _place(self, node: ast.expr) -> str:
        """What becomes of a text: a message, help, any text, or nothing that is told."""
        below: ast.AST = node
        above = self._above.get(node)
        is_own = True  # and not what another function is given
        while above is not None and not isinstance(above, ast.stmt):
            found = self._in(below, above, is_own=is_own) if isinstance(above, ast.Call) else ""
            if isinstance(above, ast.keyword):
                found = _KEYWORDS.get(above.arg or "", "")
            if isinstance(above, ast.JoinedStr) or (isinstance(above, ast.Subscript) and below is above.slice):
                found = "nothing"
            if below is node and self._is_cli and _is_choice(above, node):
                found = "message"
            if found:
                return found
            is_own = is_own and not isinstance(above, ast.Call)
            below, above = above, self._above.get(above)
        if isinstance(above, ast.Expr) and above.value is node:
            return "nothing"
        if self.name == "causes.py" and isinstance(node, ast.Constant) and _WORD.fullmatch(str(node.value)):
            return "message"
        return "message" if self._is_cli and self._is_in_list(node, above) else "text"

    def _in(self, below: ast.AST, above: ast.Call, *, is_own: bool) -> str:
        """What becomes of a text in a call; nothing that can be told, when it is empty."""
        name = called(above)
        if name in _SILENT or (isinstance(above.func, ast.Attribute) and name_of(above.func.value) == "log"):
            return "nothing"
        if below not in above.args:
            return ""
        if name in self._errors and above.args.index(below) < _NAMES.get(name, 0):
            return "nothing"
        says = name in self._errors or (name in _SAYING and self._is_prose)
        return "message" if says and is_own else ""

    def _is_in_list(self, node: ast.expr, statement: ast.AST | None) -> bool:
        """Whether it is a heading, the name of a line or of a check, or has parts of which one may be missing."""
        if isinstance(node, ast.BinOp):
            return True
        if isinstance(statement, ast.Assign) and name_of(statement.targets[0]) in _LISTS:
            return True
        above = self._above.get(node)
        return isinstance(above, ast.Dict) and node in above.keys and self.name == "cli/doctor/__init__.py"


def _is_choice(above: ast.AST, node: ast.expr) -> bool:
    """Whether it is a word of which one is told."""
    if not isinstance(node, ast.Constant) or not _WORD.fullmatch(str(node.value)):
        return False
    return (isinstance(above, ast.IfExp) and node in (above.body, above.orelse)) or isinstance(above, ast.BoolOp)


def _paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a help that are wrapped."""
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        if paragraph and not paragraph.startswith("\b"):
            yield paragraph if "  [default: " in paragraph else " ".join(paragraph.split())


def _says(text: str) -> bool:
    is_structure = any(is_spoken(place) for place in PLACE.finditer(text) if place[1]) and PLACE.sub("", text).strip()
    return bool(has_words(text) or is_structure) and _NO_PROSE.search(text) is None


def _is_prose(text: str) -> bool:
    return _PROSE.search(text) is not None and _says(text)


def _errors(modules: Iterable[_Module]) -> frozenset[str]:
    """The names of this package's errors, and of those that are raised with messages for people."""
    bases = {
        node.name: [base.id if isinstance(base, ast.Name) else getattr(base, "attr", "") for base in node.bases]
        for module in modules
        for node in module.nodes
        if isinstance(node, ast.ClassDef)
    }
    found = {"ReportDataError", "BadTime", "UsageError", "BadParameter"}
    while more := {name for name, of in bases.items() if found & set(of)} - found:
        found |= more
    return frozenset(found)


@cache
def messages() -> dict[str, str]:
    """All messages, and where each is said: those of the command line itself first."""
    paths = sorted(SOURCE.rglob("*.py"), key=lambda path: (not path.is_relative_to(SOURCE / "cli"), path.as_posix()))
    names = [(path, path.relative_to(SOURCE).as_posix()) for path in paths]
    modules = [_Module(name, ast.parse(path.read_text("utf-8"))) for path, name in names if not name.startswith(_NEVER)]
    errors = _errors(modules)
    found: dict[str, str] = {}
    for module in modules:
        for text in module.messages(errors):
            found.setdefault(text, module.name)
    for text, whose in borrowed():
        found.setdefault(text, whose)
    return found


def template() -> str:
    """The catalogue of all messages, in English."""
    return _written(_HEAD, [Entry(text, "", place) for text, place in messages().items()])


def chinese() -> str:
    """The Chinese catalogue with the messages that there are now, and the translations that it had."""
    had = {entry.id: entry for entry in read_po(CHINESE.read_text("utf-8"))}
    none = Entry("", "")
    entries = [
        Entry(text, had.get(text, none).text, place, had.get(text, none).fuzzy) for text, place in messages().items()
    ]
    return _written(_HEAD + "Language: zh\n", entries)


def _written(head: str, entries: Iterable[Entry]) -> str:
    """A ``.po`` file."""
    lines = ['msgid ""', 'msgstr ""', *(_quoted(line) for line in head.splitlines(keepends=True))]
    for entry in entries:
        lines += ["", f"#: {entry.place}", *(["#, fuzzy"] if entry.fuzzy else [])]
        lines += [f"msgid {_quoted(entry.id)}", f"msgstr {_quoted(entry.text)}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    TEMPLATES.write_text(template(), "utf-8")
    CHINESE.write_text(chinese(), "utf-8")
