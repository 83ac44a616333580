# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hub token is used, and where it came from: the preference, `HF_TOKEN`, or the Hugging Face login file.

A token goes to the hub's own host and into the 0600 file of `token_file`; nowhere else.
"""

from __future__ import annotations

import dataclasses
import os
import re
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from . import addresses, token_file
from . import endpoint as endpoints
from .text import Text

ENVIRONMENT = "HF_TOKEN"
_HUB = urlsplit(endpoints.DEFAULT_ENDPOINT).hostname


class Origin(StrEnum):
    """Where a token came from."""

    NONE = ""
    FILE = "file"
    """Of `--token-file`."""
    PREFERENCE = "preference"
    ENVIRONMENT = "environment"
    LOGIN = "login"
    """What `hf auth login` keeps for all Hugging Face programs of this user."""

    @property
    def label(self) -> str:
        """The origin as a message names it, after "the token from"; empty for none."""
        return _labels().get(self, "")


def _labels() -> dict[Origin, str]:
    return {
        Origin.FILE: Text("the token file"),
        Origin.PREFERENCE: Text("the preferences"),
        Origin.ENVIRONMENT: ENVIRONMENT,
        Origin.LOGIN: Text("the Hugging Face login ({file})", file=login_file()),
    }


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """A token and its origin; `value` is empty without one. Never shows its value when printed."""

    value: str = dataclasses.field(default="", repr=False)
    source: Origin = Origin.NONE

    def __bool__(self) -> bool:
        return bool(self.value)


def resolve(preference: str | None, endpoint: str | None = None) -> Token:
    """The first token there is: the preference, `HF_TOKEN`, the Hugging Face login file. Reads that file.

    The login file belongs to the Hub: it is not used for an `endpoint` that the user named here and that is another
    host, for nobody gave us that token for it. (Where `HF_ENDPOINT` names one, all Hugging Face programs use it there.)
    """
    if preference and preference.strip():
        return Token(preference.strip(), Origin.PREFERENCE)
    if value := os.environ.get(ENVIRONMENT, "").strip():
        return Token(value, Origin.ENVIRONMENT)
    if _login_allowed(endpoint) and (value := token_file.read(login_file())):
        return Token(value, Origin.LOGIN)
    return Token()


def login_file() -> Path:
    """Where the Hugging Face login is kept, by Hugging Face's own variables."""
    if path := os.environ.get("HF_TOKEN_PATH"):
        return Path(path).expanduser()
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("HF_HOME") or f"{caches}/huggingface").expanduser() / "token"


def _login_allowed(endpoint: str | None) -> bool:
    # The variable asks Hugging Face programs not to send the login unless told to.
    if os.environ.get("HF_HUB_DISABLE_IMPLICIT_TOKEN", "").upper() in ("1", "ON", "YES", "TRUE"):
        return False
    asked = endpoints.resolve(endpoint)
    host = urlsplit(asked).hostname or ""
    return asked == endpoints.resolve(None) or host == _HUB or addresses.is_this_machine(host)


def looks_right(text: str) -> bool:
    """Whether a text has the form of a hub token, so that a pasted password or address is noticed before it is sent.

    >>> looks_right("hf_AbCdEfGh"), looks_right(" hf_AbCdEfGh\\n"), looks_right("https://hf.co"), looks_right("hf_")
    (True, True, False, False)
    """
    return re.fullmatch(r"hf_[A-Za-z0-9_-]{3,200}", text.strip()) is not None
