# SPDX-License-Identifier: GPL-3.0-or-later
"""What huggingface_hub takes for a progress bar, and what only counts bytes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any


def bar_class(on_bytes: Callable[[int], None]) -> type:
    """A progress bar class for `snapshot_download` that only counts bytes.

    huggingface_hub makes three: bytes received, bytes written, and the number of files. `unit` tells the byte bars from
    the file bar, `desc` the two byte bars apart (a class that is not huggingface_hub's own is given no `name`).
    """

    class Bar:
        _lock: Any = threading.RLock()

        def __init__(self, iterable: Any = None, *_: Any, **kwargs: Any) -> None:
            self._iterable = iterable
            self._counts = kwargs.get("unit") == "B" and not str(kwargs.get("desc")).startswith("Downloading")
            self.total = kwargs.get("total") or 0
            self.n = kwargs.get("initial") or 0

        def __iter__(self) -> Iterator[Any]:
            return iter(self._iterable)

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: Any) -> None: ...

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0
            if self._counts:
                on_bytes(int(n or 0))

        def update_transfer(self, n: float | None = 1) -> None: ...

        @classmethod
        def get_lock(cls) -> Any:
            return cls._lock

        @classmethod
        def set_lock(cls, lock: Any) -> None:
            cls._lock = lock

        def __getattr__(self, name: str) -> Any:
            # A bar has many ways to look nice (set_description, refresh, close, ...). This one is never seen.
            if name.startswith("__"):
                raise AttributeError(name)
            return lambda *_, **__: None

    return Bar
