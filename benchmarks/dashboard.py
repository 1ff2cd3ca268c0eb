"""What the dashboard costs a browser: ``python -m benchmarks.dashboard [PEOPLE]``. It draws a year of days of a made-up
organisation in Debian's Chromium, and prints the medians of several first views."""

from __future__ import annotations

import statistics
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.support.browsers import Visit, chromium
from tests.support.folders import Folder
from tests.support.sample import ZONE, fill
from tests.support.serving import serving

VIEWS = 5
SHIFTS = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(entry => sum += entry.value))
    .observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 100);
})"""
LOADED = """() => performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
  .filter(entry => !entry.name.includes('/v1/')).map(entry => entry.transferSize)"""
"""Bytes over the wire of each file of the page, with its headers."""


def view(visit: Visit, address: str) -> dict[str, float]:
    """What one view takes: of files, of the main thread, and of time after the first byte."""
    client = visit.context.new_cdp_session(visit.page)
    client.send("Performance.enable")
    client.send("Network.enable")
    client.send("Network.clearBrowserCache")
    client.send("Profiler.enable")
    client.send("Profiler.start")
    began = len(visit.requests)
    visit.page.goto(f"{visit.url}/{address}")
    visit.page.locator(".card").first.wait_for()
    first = visit.page.evaluate("performance.now() - performance.getEntriesByType('navigation')[0].responseStart")
    visit.settled()
    whole = visit.page.evaluate("performance.now() - performance.getEntriesByType('navigation')[0].responseStart")
    found: dict[str, Any] = {one["name"]: one["value"] for one in client.send("Performance.getMetrics")["metrics"]}
    profile = client.send("Profiler.stop")["profile"]
    own = {one["id"] for one in profile["nodes"] if "/web/" in one["callFrame"]["url"]}
    samples = zip(profile["samples"], profile["timeDeltas"], strict=True)
    sizes = visit.page.evaluate(LOADED)
    client.detach()
    return {
        "files": len(sizes),
        "files, kB over the wire": sum(sizes) / 1000,
        "calls of the API": sum("/v1/" in url for url in visit.requests[began:]),
        "script of the page, ms of the main thread, by samples": sum(spent for at, spent in samples if at in own)
        / 1000,
        "style and layout, ms": (found["LayoutDuration"] + found["RecalcStyleDuration"]) * 1000,
        "cumulative layout shift": visit.page.evaluate(SHIFTS),
        "numbers, trend and calendar, ms after the first byte": first,
        "everything, ms after the first byte": whole,
    }


def main(people: int) -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory() as place:
        folder = Folder(Path(place) / "data")
        corp_id = fill(folder, 400, people, now=datetime.now(ZONE))
        app, secret = folder.add_app(corp_id, scopes=("Statistics.Report.Read",))
        with serving(folder) as served, chromium() as browser:
            visit = Visit(browser, served.url, None)
            visit.sign_in(app.app_key, secret)
            views = [view(visit, "?range=year") for _ in range(VIEWS)]
            visit.close()
        folder.store.close()
    print(f"| a year of {people} people | median of {VIEWS} |\n|---|--:|")
    for name in views[0]:
        print(f"| {name} | {statistics.median(one[name] for one in views):,.4g} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 128)
