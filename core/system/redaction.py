# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts without secrets: what is kept of an error, and what goes into a log that users attach to bug reports."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\b(?!hf_(?:hub|raise)_[a-z_]+\b)(?:hf|api_org)_[A-Za-z0-9_-]{4,}")
"""Not the functions hf_hub_download and hf_raise_for_status, which a traceback is read for."""
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{4,}")
_QUERY = re.compile(r"(?i)(https?://[^\s?#\"'<>]+)\?[^\s\"'<>)]+")
"""The query of an address: that of a signed one opens the file to whoever has it."""
_LOGIN = re.compile(r"(?i)(https?://)[^\s/@\"'<>]+@")


def redact(text: str, *secrets: str | None) -> str:
    """`text` without what looks like a token, a login or a signed address, and without `secrets`.

    >>> redact("GET https://u:p@cdn.example/f?X-Signature=abc with Bearer hf_abcdefgh")
    'GET https://…@cdn.example/f?… with Bearer …'
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    text = _LOGIN.sub(r"\1…@", text)
    text = _QUERY.sub(r"\1?…", text)
    text = _BEARER.sub(r"\1 …", text)
    return _TOKEN.sub("hf_…", text)
