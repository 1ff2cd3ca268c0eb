"""Errors that several resources answer."""

from __future__ import annotations

from reportdata.http.answers import Fault

MISSING_BODY = Fault(400, "Missingbody", "body is mandatory for this action.")
INVALID_BODY = Fault(400, "Invalidbody", "Specified parameter body is not valid. JSON parsing error")

GONE = Fault(503, "ServiceUnavailable", "The data folder is not where it was. Try again later.")


def missing_parameter(name: str) -> Fault:
    """A parameter that the call needs is absent."""
    return Fault(400, f"Missing{name}", f"{name} is mandatory for this action.")
