"""What the dashboard costs a browser, and how long its people wait: ``python -m benchmarks.dashboard [--write]``. It
draws a year of 10,000 people in Debian's Chromium, from a server in a process of its own, and prints medians."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from benchmarks.figures import README
from benchmarks.machine import Usage, children, cpu_of, this_machine
from benchmarks.year import CORP, PEOPLE, make_year
from reportdata.identity import App, hash_of, new_app_key
from reportdata.settings import Settings
from reportdata.store.sqlite import SQLiteStore
from tests.support.browsers import Visit, chromium
from tests.support.folders import Folder
from tests.support.sample import ZONE, fill

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BEGIN, END = "<!-- dashboard: begin -->", "<!-- dashboard: end -->"
SHORT, LONG = "change to a week, 30 days or this month", "change to this year"
AIMS = {
    "script of the page, ms of the main thread, for a year of days": 100,
    "first view: numbers, trend, calendar and table, ms after the first byte": 1000,
    "first view: everything, ms after the first byte": 1000,
    "the same, where somebody saw it before, ms": 1000,
    "change to a week, 30 days or this month: numbers, trend and table, ms": 500,
    "change to a week, 30 days or this month: everything, ms": 500,
    "change to this year: numbers, trend and table, ms": 500,
    "change to this year: everything, ms": 500,
    "files, kB over the wire": 100,
    "cumulative layout shift": 0.1,
}
"""What is aimed at, at most."""
RANGES = {"7d": SHORT, "month": SHORT, "30d": SHORT, "year": LONG}
"""Ranges that are changed to, one after the other."""
SECRET = "dashboard"
SETTLED = """(() => {
  const main = document.querySelector('main');
  return !main.hasAttribute('aria-busy') && document.querySelector('.card') !== null
    && ![...main.querySelectorAll('.quiet')].some(at => at.offsetParent && at.textContent === '正在读取…')
    && ![...main.querySelectorAll('.spans dd')].some(at => at.textContent === '…');
})()"""
"""Whether the page has all that it asked for."""
WAIT = f"""async () => {{
  const began = performance.now();
  const next = () => new Promise(done => setTimeout(done, 4));
  while (!document.querySelector('.card')) await next();
  const first = performance.now();
  let calm = 0;
  let whole = first;
  while (calm < 30) {{
    await next();
    if ({SETTLED}) calm += 1;
    else {{ calm = 0; whole = performance.now(); }}
  }}
  const byte = performance.getEntriesByType('navigation')[0].responseStart;
  return [first - byte, whole - byte, began - byte];
}}"""
"""When the first view was there and when it was whole, after the first byte."""
CHANGE = """async range => {
  const next = () => new Promise(done => setTimeout(done, 4));
  const main = document.querySelector('main');
  const places = ['#departments', '#templates', '#hours'].map(name => document.querySelector(name));
  const drawn = new Map();
  const watch = new MutationObserver(changes => {
    for (const {target} of changes) {
      const place = places.find(at => at.contains(target));
      if (place && !drawn.has(place)) drawn.set(place, performance.now());
    }
  });
  for (const place of places) watch.observe(place, {subtree: true, childList: true, characterData: true});
  const began = performance.now();
  document.querySelector(`[data-key=range-${range}]`).click();
  while (main.hasAttribute('aria-busy')) await next();
  const first = performance.now();
  while (drawn.size < places.length) await next();
  watch.disconnect();
  return [first - began, Math.max(first, ...drawn.values()) - began];
}"""
"""How long a change of range takes until the numbers are there, and until the last panel is."""
SHIFTS = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(entry => sum += entry.value))
    .observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 100);
})"""
LOADED = """() => performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
  .filter(entry => !entry.name.includes('/v1/')).map(entry => entry.transferSize)"""
"""Bytes over the wire of each file of the page, with its headers."""


def view(visit: Visit) -> dict[str, float]:
    """What a first view takes, with an empty cache."""
    client = visit.context.new_cdp_session(visit.page)
    client.send("Network.enable")
    client.send("Network.clearBrowserCache")
    began = len(visit.requests)
    visit.page.goto(f"{visit.url}/")
    first, whole, _ = visit.page.evaluate(WAIT)
    sizes = visit.page.evaluate(LOADED)
    client.detach()
    return {
        "files": len(sizes),
        "files, kB over the wire": sum(sizes) / 1000,
        "calls of the API": sum("/v1/" in url for url in visit.requests[began:]),
        "cumulative layout shift": visit.page.evaluate(SHIFTS),
        "first view: numbers, trend, calendar and table, ms after the first byte": first,
        "first view: everything, ms after the first byte": whole,
    }


def script(visit: Visit) -> dict[str, float]:
    """What the page's own script, and style and layout, take of the main thread for a year of days."""
    client = visit.context.new_cdp_session(visit.page)
    client.send("Performance.enable")
    client.send("Profiler.enable")
    client.send("Profiler.setSamplingInterval", {"interval": 200})
    client.send("Profiler.start")
    visit.page.goto(f"{visit.url}/?range=year")
    visit.page.evaluate(WAIT)
    found: dict[str, Any] = {one["name"]: one["value"] for one in client.send("Performance.getMetrics")["metrics"]}
    profile = client.send("Profiler.stop")["profile"]
    own = {one["id"] for one in profile["nodes"] if "/web/" in one["callFrame"]["url"]}
    samples = zip(profile["samples"], profile["timeDeltas"], strict=True)
    client.detach()
    spent = sum(delta for at, delta in samples if at in own) / 1000
    layout = (found["LayoutDuration"] + found["RecalcStyleDuration"]) * 1000
    return {
        "script of the page, ms of the main thread, for a year of days": spent,
        "style and layout for it, ms": layout,
    }


def again(visit: Visit) -> dict[str, float]:
    """What a first view takes when the server has the answers."""
    visit.page.goto(f"{visit.url}/")
    return {"the same, where somebody saw it before, ms": visit.page.evaluate(WAIT)[1]}


def change(visit: Visit, server: Served) -> list[dict[str, float]]:
    """What each change of range takes."""
    found = []
    for name, of in RANGES.items():
        began = server.spent()
        first, whole = visit.page.evaluate(CHANGE, name)
        spent = server.spent() - began
        times = {f"{of}: numbers, trend and table, ms": first, f"{of}: everything, ms": whole}
        found.append(times | {f"{of}: processor time of the server, s": spent})
    return found


def measure(browser: Browser, server: Served, app: App, rounds: int, forget: Callable[[], object]) -> dict[str, float]:
    """Medians of all, each in a visit that begins anew.

    :param forget: makes the server forget what it has answered.
    """
    each: dict[str, list[float]] = {}
    for _ in range(rounds):
        with closing(Visit(browser, server.url, None)) as visit:
            visit.sign_in(app.app_key, SECRET)
            forget()
            began = server.spent()
            first = view(visit)
            first |= {"first view: processor time of the server, s": server.spent() - began}
            seen = again(visit)
            forget()
            visit.page.goto(f"{visit.url}/?range=yesterday")
            visit.page.evaluate(WAIT)
            for found in (first, seen, *change(visit, server), script(visit)):
                for name, value in found.items():
                    each.setdefault(name, []).append(value)
    return {name: statistics.median(values) for name, values in each.items()}


class Served(NamedTuple):
    """A server by its address and process."""

    url: str
    process: int

    def spent(self) -> float:
        """Seconds that it and the processes beside it have spent on cores so far."""
        return sum(map(cpu_of, (self.process, *children(self.process))))


@contextmanager
def served(data: Path) -> Iterator[Served]:
    """`reportdata serve` on a data folder."""
    command = [sys.executable, "-m", "reportdata", "serve", "--port", "0", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            where = re.search(r"http://[\d.]+:\d+", line)
            if where is None:
                raise RuntimeError(f"the server does not start: {line}")
            yield Served(where[0], process.pid)
        finally:
            process.terminate()
            process.wait(60)


def table(found: dict[str, float], people: int) -> list[str]:
    """The figures as a table."""
    lines = [f"| a year of {people:,} people | median | aim |", "|---|--:|--:|"]
    for name in found:
        aim = AIMS.get(name)
        told = f"{found[name]:,.0f}" if found[name] >= 100 else f"{found[name]:.3g}"
        lines.append(f"| {name} | {told} | {'' if aim is None else f'≤ {aim:g}'} |")
    return lines


@click.command()
@click.option("--people", type=int, help=f"A small organisation in place of that of {PEOPLE:,} people, to try it.")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=1))
@click.option("--write", is_flag=True, help="Also put the table into benchmarks/README.md.")
def main(people: int | None, rounds: int, write: bool) -> None:
    """Measure, and print a table."""
    machine = this_machine()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as place:
        data, corp_id = Path(place) / "data", CORP
        began = time.monotonic()
        if people is None:
            data.mkdir(mode=0o700)
            make_year(data, f"{datetime.now(ZONE) - timedelta(days=365):%Y-%m-%d}")
        else:
            folder = Folder(data)
            corp_id = fill(folder, 400, people, now=datetime.now(ZONE))
            folder.store.close()
        click.echo(f"made a year in {time.monotonic() - began:.0f} s", err=True)
        app = App(
            app_key=new_app_key(),
            name="dashboard",
            corp_id=corp_id,
            secret_hash=hash_of(SECRET),
            scopes=("Statistics.Report.Read",),
            rate=0,
        )
        with closing(SQLiteStore(Settings(data).store)) as store:
            store.add_app(app, time.time())
            with served(data) as server, chromium() as browser:
                before = Usage.now()
                forget = partial(store.change_app, app.app_key, lambda known: known)  # whatever is written
                found = measure(browser, server, app, rounds, forget)
            click.echo(f"measured {rounds} rounds in {time.monotonic() - began:.0f} s, all in all", err=True)
    others = before.others_until(Usage.now())
    lines = table(found, people or PEOPLE)
    click.echo("\n".join(lines))
    said = f"Other programs used {others:.0%} of the machine meanwhile."
    click.echo(said, err=True)
    if write:
        text = README.read_text("utf-8")
        start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
        head = f"Measured on {machine.date} on {machine.described()}, medians of {rounds} rounds. {said}"
        README.write_text("\n".join([text[:start], head, "", *lines, text[end:]]), "utf-8")


if __name__ == "__main__":
    main()
