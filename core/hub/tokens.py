# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hub token is used, and where it came from: the preference, `HF_TOKEN`, or the Hugging Face login file.

A token goes to the hub's own host and into the 0600 file of `token_file`; nowhere else.
"""

from __future__ import annotations

import codecs
import contextlib
import dataclasses
import re
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from .. import addresses
from ..errors.base import UsageError
from ..system import environment, files
from ..system.folders import expanded, hugging_face_home
from ..text import Text
from . import endpoint as endpoints

FILE_NAME = "hub_token"

_LIMIT = 4096
"""Bytes read at most. Hub tokens have some 40 characters; anything longer is not one."""


ENVIRONMENT = "HF_TOKEN"
_OLD_ENVIRONMENT = "HUGGING_FACE_HUB_TOKEN"
_HUB = urlsplit(endpoints.DEFAULT_ENDPOINT).hostname


class Origin(StrEnum):
    """Where a token came from."""

    NONE = ""
    FILE = "file"
    """Of `--token-file`."""
    PREFERENCE = "preference"
    ENVIRONMENT = "environment"
    OLD_ENVIRONMENT = "old_environment"
    """Of the variable that came before `HF_TOKEN`, which Hugging Face programs still read."""
    ADDRESS = "address"
    """No token, but the name and password in the hub's address."""
    LOGIN = "login"
    """What `hf auth login` keeps for all Hugging Face programs of this user."""

    @property
    def label(self) -> str:
        """The origin as a message names it, after "the token from"; empty for none."""
        if self is Origin.LOGIN:
            return Text("the Hugging Face login ({file})", file=login_file())
        return _LABELS.get(self, "")


_LABELS: dict[Origin, str] = {
    Origin.FILE: Text("the token file"),
    Origin.PREFERENCE: Text("the preferences"),
    Origin.ENVIRONMENT: ENVIRONMENT,
    Origin.OLD_ENVIRONMENT: _OLD_ENVIRONMENT,
    Origin.ADDRESS: Text("the address of the hub"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """A token and its origin; `value` is empty without one. Never shows its value when printed."""

    value: str = dataclasses.field(default="", repr=False)
    source: Origin = Origin.NONE

    def __bool__(self) -> bool:
        return bool(self.value)


def resolve(preference: str | None, endpoint: str | None = None) -> Token:
    """The first token there is: the preference, the environment, the Hugging Face login file. Reads that file.

    The login file belongs to the Hub: it is not used for an `endpoint` that the user named here and that is another
    host, for nobody gave us that token for it. (Where `HF_ENDPOINT` names one, all Hugging Face programs use it there.)
    """
    if preference and (value := cleaned(preference)):
        return Token(value, Origin.PREFERENCE)
    for variable, source in ((ENVIRONMENT, Origin.ENVIRONMENT), (_OLD_ENVIRONMENT, Origin.OLD_ENVIRONMENT)):
        if value := cleaned(environment.value(variable)):
            return Token(value, source)
    with contextlib.suppress(UsageError):  # Who has no home folder has no login.
        if _login_allowed(endpoint) and (value := read(login_file())):
            return Token(value, Origin.LOGIN)
    return Token()


def login_file() -> Path:
    """Where the Hugging Face login is kept, by Hugging Face's own variables. Raises UsageError as `expanded` does."""
    if path := environment.value("HF_TOKEN_PATH"):
        return expanded(path)
    return hugging_face_home() / "token"


def _login_allowed(endpoint: str | None) -> bool:
    # The variable asks Hugging Face programs not to send the login unless told to.
    if endpoints.is_true(environment.value("HF_HUB_DISABLE_IMPLICIT_TOKEN")):
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


def read(path: Path) -> str:
    """The token in `path`; empty when there is none or the file cannot be read. Never raises for a bad file."""
    try:
        with path.open("rb") as file:
            return decoded(file.read(_LIMIT))
    except (OSError, UnicodeDecodeError):
        return ""


def decoded(data: bytes) -> str:
    """What a text file with a token says. Notepad puts a mark before it, PowerShell writes UTF-16, editors end lines.

    Raises UnicodeDecodeError for what is no text.

    >>> decoded("\ufeffhf_AbC ".encode()), decoded("hf_AbC".encode("utf-16"))
    ('hf_AbC', 'hf_AbC')
    """
    wide = data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return cleaned(data.decode("utf-16" if wide else "utf-8-sig"))


def cleaned(text: str) -> str:
    """A token without what came along when it was copied: spaces, line ends, a byte order mark, and the quotes that
    Docker's `--env-file` and Windows' `set` leave around it.

    >>> cleaned(' "hf_AbC"\\n'), cleaned("\\ufeffhf_AbC"), cleaned("''")
    ('hf_AbC', 'hf_AbC', '')
    """
    return environment.bare(text.strip().strip("\ufeff"))


def write(path: Path, token: str) -> None:
    """Keep `token` in `path`, or remove the file when it is empty. Written beside and renamed: never half a token.

    On POSIX the file has mode 0600 from its first moment. Windows has no such bits; there the file inherits the
    access list of the user's profile folder, which other users cannot read.

    Raises FolderNotWritableError.
    """
    token = cleaned(token)
    try:
        if not token:
            files.remove(path)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, token.encode("utf-8"), private=True)
    except OSError as error:
        raise files.disk_error(path.parent, error) from error
