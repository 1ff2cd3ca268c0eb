"""The collector: fetches an organisation's reports and comments from a suite, within a budget of calls.

It knows suites by the protocol in `suite` only. The parts, from the ground up:

- `ledger` remembers, in an SQLite file: `sources`, what was listed (`listings`), missed (`absences`) and read
  (`readings`), which records were `set_aside`, which lists and reports are left alone after `failures`, and new facts
  (`outbox`).
- `budget` counts calls before they are sent, for all processes; `calls` sends them, and again where that helps;
  `pauses` are what is not asked for until a time.
- `planning`, `schedule`, `forecast` and `priorities` decide what is worth a call, and when.
- `lister`, `comment_reader` and `people` ask the suite; `collector` takes turns between them.
- `certainty` says how certain a day is by what was seen of it.
"""
