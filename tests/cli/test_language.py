"""Which language is spoken: the one that is asked for, where the terminal has its signs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from reportdata.cli.language import chosen
from tests.support.chinese import in_chinese
from tests.support.waiting import SOON


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "C.UTF-8"}, "en"),
        ([], {"LANG": "POSIX"}, "en"),
        ([], {"LANG": "de_DE.UTF-8"}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "zh-Hans"}, "zh"),
        ([], {"LC_MESSAGES": "zh_CN.GB18030", "LANG": "en_US.UTF-8"}, "zh"),
        ([], {"LC_ALL": "C", "LC_MESSAGES": "zh_CN.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ([], {"LC_ALL": "", "LANG": "zh_CN"}, "zh"),
        ([], {"LANG": "zh_CN", "REPORTDATA_LANG": "en"}, "en"),
        (["--lang", "zh", "query"], {"REPORTDATA_LANG": "en"}, "zh"),
        (["--lang=zh", "--help"], {}, "zh"),
        (["--config", "a.toml", "-q", "--lang", "zh", "query"], {}, "zh"),
        (["--lang", "en", "--lang", "zh", "query"], {}, "zh"),
        (["--config", "--lang", "zh"], {}, "en"),
        (["explain", "--lang", "zh"], {}, "en"),
        (["--lang", "nonsense"], {"LANG": "zh_CN"}, "zh"),
    ],
)
def test_a_language_is_chosen(arguments: list[str], environment: dict[str, str], language: str) -> None:
    assert chosen(arguments, environment.get) == language


def test_english_is_spoken_again_afterwards() -> None:
    in_chinese("--help")
    assert "Usage: " in CliRunner().invoke(cli, ["--help"]).stdout


@pytest.mark.whole
@pytest.mark.parametrize(
    ("encoding", "said"), [("ascii", "用法："), ("gb18030", "用法："), ("latin-1", "Usage: "), ("utf-8", "用法：")]
)
def test_a_terminal_without_chinese_is_spoken_to_in_english(encoding: str, said: str) -> None:
    """ASCII is what a machine without a locale names: its terminals show UTF-8."""
    environment = {name: text for name, text in os.environ.items() if name != "REPORTDATA_LANG"}
    done = subprocess.run(
        [sys.executable, "-m", "reportdata", "--help"],
        capture_output=True,
        timeout=SOON,
        env=environment | {"LC_ALL": "zh_CN.UTF-8", "PYTHONIOENCODING": encoding},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode("utf-8" if encoding == "ascii" else encoding).startswith(said)
