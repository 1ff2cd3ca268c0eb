"""TLS: a certificate and its key in files, followed when the files change."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

from reportdata.errors import BadFile

log = logging.getLogger("reportdata.http")

_Stamps = tuple[tuple[int, int, int], ...]


class Certificate:
    """What the server shows to its clients. A changed certificate is shown on the connections that begin from then on;
    those that are open go on with the one they began with.

    ``context`` is what connections are made with: TLS 1.2 and 1.3, HTTP/1.1. It hands each new connection to the
    context of the files as they were last found whole.

    :raises BadFile: when the files are no certificate and its key.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = (certificate, key)
        self._loaded = self._seen = self._state()
        self._current = self._load()
        self.context = self._load()
        self.context.sni_callback = self._choose  # asked for every connection, whether it names a server or not

    def follow(self) -> None:
        """Take up changed files, once both have stayed the same from one call to the next. While they are not whole,
        the certificate from before is shown, and the log says why."""
        try:
            state = self._state()
        except BadFile as error:
            log.warning("%s; the certificate from before is still shown", error.message)
            return
        settled, self._seen = state == self._seen, state
        if not settled or state == self._loaded:
            return
        self._loaded = state
        try:
            self._current = self._load()
        except BadFile as error:
            log.error("%s; the certificate from before is still shown", error.message)  # noqa: TRY400
        else:
            log.info("the certificate %s was loaded anew", self._files[0])

    def _choose(self, connection: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._current

    def _state(self) -> _Stamps:
        try:
            return tuple((found.st_ino, found.st_size, found.st_mtime_ns) for found in (p.stat() for p in self._files))
        except OSError as error:
            raise BadFile(str(error.filename), error.strerror or "cannot be read") from error

    def _load(self) -> ssl.SSLContext:
        certificate, key = self._files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(certificate, key, password="")  # an encrypted key is refused, not asked for
        except OSError as error:  # ssl.SSLError is one
            raise BadFile(
                f"{certificate}, {key}",
                f"they are not a certificate and its key: {getattr(error, 'reason', None) or error.strerror or error}",
                "both are PEM; the certificate's file holds the chain from the server's certificate upwards",
            ) from error
        return context
