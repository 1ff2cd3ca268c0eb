"""What the verbs work on: one value, made where everything is wired."""

from __future__ import annotations

from dataclasses import dataclass, field

from reportdata.engines import Engine
from reportdata.inbox import Inbox
from reportdata.kinds import Kinds
from reportdata.lake import Lake
from reportdata.names import Names
from reportdata.pipeline.single_facts import SingleFacts
from reportdata.services import Services
from reportdata.settings import Settings
from reportdata.store import Store


@dataclass(frozen=True)
class Workspace:
    """A data folder, opened: where it lies, what it is made of, and the services whose numbers are in it."""

    settings: Settings
    lake: Lake
    store: Store
    engine: Engine
    inbox: Inbox
    services: Services
    names: Names
    single: SingleFacts = field(default_factory=SingleFacts)

    @property
    def kinds(self) -> Kinds:
        """The kinds of facts that the services know."""
        return self.services.kinds
