"""The scopes of the service of work reports."""

from __future__ import annotations

from reportdata.services import REPORTS, read_services

_SERVICE = read_services().service(REPORTS)
REPORT_READ = _SERVICE.scope
REPORT_WRITE = _SERVICE.push_scope or ""
