"""Places of a server in what it tells over HTTP: whoever asks learns what lies in its data folder, and not where that
is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from reportdata.settings import Settings


def without_places(settings: Settings, text: str) -> str:
    """A text whose paths in the data folder are relative to it; those in a lake or in services that lie elsewhere begin
    with the name of their folder. So does the data folder itself."""
    for place in sorted(set(_places(settings)), key=lambda place: -len(str(place))):
        within = "" if place in (settings.data, settings.data.resolve()) else f"{place.name}/"
        text = re.sub(rf"(?<![\w/.]){re.escape(str(place))}/(?=[\w.])", within, text)
        text = re.sub(rf"(?<![\w/.]){re.escape(str(place))}(?![\w/-])", place.name, text)
    return text


def _places(settings: Settings) -> Iterator[Path]:
    is_local = settings.lake_at is None or "://" not in settings.lake_at
    for place in (settings.data, *settings.services, *((settings.lake,) if is_local else ())):
        if place.is_absolute() and (place == settings.data or not place.is_relative_to(settings.data)):
            yield place
            yield place.resolve()
