# SPDX-License-Identifier: GPL-3.0-or-later
"""What http.client leaves out of an answer: interim answers before it, and what a proxy says that opens no tunnel."""

from __future__ import annotations

import http.client
import io
import re

_MOST_INTERIM = 20
"""Interim answers before the real one; who sends more sends no end of them."""

_SCHEME = re.compile(r"(?:^|,)\s*([A-Za-z][A-Za-z0-9-]*)(?=\s+[^=\s]|\s*(?:,|$))")

_Status = tuple[str, int, str]


class Reply(http.client.HTTPResponse):
    """An answer without the interim ones that may come before it: 102, and 103 with hints for browsers. http.client
    knows 100 alone, and takes the others for the answer."""

    def _read_status(self) -> _Status:
        for _ in range(_MOST_INTERIM):
            status: _Status = super()._read_status()  # type: ignore[misc]
            if not 101 < status[1] < 200:
                return status
            http.client.parse_headers(self.fp)
        raise http.client.BadStatusLine("interim answers without end")


class TunnelReply(Reply):
    """A proxy's answer to CONNECT. Of one that wants a login http.client tells the words behind the status and nothing
    else: they become the kinds of login that the proxy takes."""

    def _read_status(self) -> _Status:
        version, status, words = super()._read_status()
        if status == 407:
            words = ", ".join(logins(*http.client.parse_headers(self.fp).get_all("Proxy-Authenticate", [])))
            # Newer Pythons read the headers next, and would wait for them: the proxy may keep the connection open.
            self.fp.close()
            self.fp = io.BufferedReader(io.BytesIO())
        return version, status, words


def logins(*headers: str) -> list[str]:
    """The kinds of login that Proxy-Authenticate names; none where it says nothing.

    >>> logins('Negotiate, NTLM'), logins('Basic realm="a, b"', "Digest nonce=x, qop=y"), logins("")
    (['Negotiate', 'NTLM'], ['Basic', 'Digest'], [])
    """
    return [kind[:40] for header in headers for kind in _SCHEME.findall(re.sub(r'"[^"]*"', "x", header))]
