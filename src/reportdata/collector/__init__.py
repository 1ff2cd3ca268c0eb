"""DingTalk's own APIs: a client that keeps to a budget of calls, and the collector of an organisation's reports on it.

The parts, from the wire up:

- `answers` says what an answer means, `client` asks and does what each trouble calls for.
- `budget` counts calls before they are sent, for all processes.
- `reports` and `directory` are the calls that are made, and what is read of their answers: ids, times, template and
  departments, nothing else.
- `ledger` remembers: what was listed, which reports there are, whose comments were read when.
- `official` fetches DingTalk's own figures.
- `planning` and `visits` decide what is worth a call; `collector` does it.
"""
