"""What object storage answers when it does not do what it is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from reportdata.errors import LakeError
from reportdata.lake.objects import Missing


@contextmanager
def failing(place: str, verb: str) -> Iterator[None]:
    """Raise what the client raises as an error of the lake.

    :param place: an address.
    :param verb: what cannot be done with it, like ``read``.
    :raises Missing: when it is not there.
    """
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError as error:
        raise Missing(f"{place} is not there", "another machine may have removed it: try again") from error
    except (BaseError, OSError) as error:
        raise LakeError(f"{place} cannot be {verb}: {_reason(str(error))}", _hint(str(error))) from error


def _reason(text: str) -> str:
    """What the client says, without its debugging details, in one line."""
    answered = re.search(r"<Code>(\w+)</Code>(?:.*?<Message>(.*?)</Message>)?", text, re.DOTALL)
    said = text.split("\n\nDebug source")[0]
    said = re.sub(r"\s*<\?xml.*|\s*<Error>.*|\s*<!doctype.*|\s*<html.*", "", said, flags=re.DOTALL | re.IGNORECASE)
    said = " ".join(said.split())
    return f"{said} ({answered[1]}: {answered[2] or ''})" if answered else said


def _hint(text: str) -> str:
    if "NoSuchBucket" in text:
        return "make the bucket, or name another one"
    if "403 " in text or "401 " in text or "credential" in text.lower():
        return "see AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, and what the key may do"
    return "see AWS_ENDPOINT_URL, and that this machine reaches it; then try again"
