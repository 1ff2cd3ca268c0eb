"""DingTalk's official SDK in every language, as programs, against the real server."""

import sys
from pathlib import Path

HERE = Path(__file__).parent

# Servers and causes of errors are those of the tests, which pytest finds in the same way.
sys.path.insert(0, str(HERE.parent / "tests"))
