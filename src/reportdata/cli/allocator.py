"""The C library's allocator in a process that lives for weeks, so that it gives back what is freed."""

from __future__ import annotations

import ctypes

_ARENAS, _TRIM, _MAP = -8, -1, -3
"""``M_ARENA_MAX``, ``M_TRIM_THRESHOLD`` and ``M_MMAP_THRESHOLD`` of ``malloc.h``."""
_MOST_ARENAS = 2
_LARGE = 1 << 20
"""Bytes from which on memory is mapped apart, and given back once it is free."""


def steady() -> None:
    """Have freed memory given back, where the C library is glibc; call it before there are threads.

    Left alone, glibc makes an arena for each of eight threads a core, and takes the greatest block that was ever freed,
    up to 32 MiB, for what it may keep: each arena comes to hold free memory between blocks in use, and none gets
    smaller.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    for option, value in ((_ARENAS, _MOST_ARENAS), (_TRIM, _LARGE), (_MAP, _LARGE)):
        mallopt(option, value)
