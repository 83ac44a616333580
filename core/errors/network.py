# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to the hub: switched off, cut, through a proxy, to somebody else."""

from __future__ import annotations

from ..text import Text
from .hub import HubError


class OnlineAccessError(HubError):
    """Blender, the user, or an environment variable has switched the network off."""

    code = "offline"

    def __init__(self, variable: str | None = None) -> None:
        self.variable = variable
        if variable:
            hint = Text("The environment variable {variable} says so: unset it.", variable=variable)
        else:
            hint = Text(
                "Switch on Preferences > System > Network > Allow Online Access, "
                "or leave out --offline on the command line."
            )
        super().__init__(Text("Online access is off, so nothing can be downloaded."), hint)


class EndpointError(HubError, ValueError):
    """The hub's address is none."""

    code = "endpoint"

    def __init__(self, address: str) -> None:
        super().__init__(
            Text('The hub endpoint "{address}" is no address.', address=address),
            Text("It begins with https://, as in https://huggingface.co."),
        )


class HubUnreachableError(HubError, ConnectionError):
    """No answer from the hub, after all tries. `may_pass`: another one later may help, without a change of anything;
    `silent`: nothing said no, and each try took as long as we wait for an answer."""

    code = "unreachable"

    def __init__(self, host: str, reason: str, may_pass: bool = True, silent: bool = False) -> None:
        self.host = host
        self.may_pass = may_pass
        self.silent = silent
        super().__init__(
            Text("{host} cannot be reached: {reason}.", host=host, reason=reason),
            Text(
                "Check the connection, the proxy and the hub endpoint in the preferences, then try again; "
                "what was downloaded is kept."
            ),
        )


class NoHubError(HubError):
    """A server answered, but not as a hub does: the endpoint is wrong, or the network wants its user to sign in."""

    code = "no_hub"

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(
            Text("What {host} answers is not what a hub answers.", host=host),
            Text("Check the hub endpoint. If the network asks you to sign in, do so in a browser, then try again."),
        )


class UntrustedCertificateError(HubUnreachableError):
    """Somebody whom this machine does not trust has signed the host's certificate: a company's proxy, a virus scanner,
    a network that wants its user to sign in; or the clock is wrong. `variable` names a file or folder, `path`, that
    is of no use."""

    code = "untrusted_certificate"

    def __init__(
        self, host: str, variable: str = "", path: str = "", reason: str = "", now: str = "", there: bool = False
    ) -> None:
        """`there`: what `variable` names is there, and holds nothing that can be read; `reason`, if more is known than
        that it is not trusted; `now`: the time by our clock, if that is in doubt."""
        super().__init__(host, reason or Text("its certificate is not trusted"), may_pass=False)
        if now:
            self.hint = Text(
                "By the clock of this computer it is {now}: set it right if that is wrong. Otherwise try again later. "
                "What was downloaded is kept.",
                now=now,
            )
        elif variable and there:
            self.hint = Text(
                "{variable} names {path}, which holds no certificates that can be read (PEM or DER): correct or "
                "unset it.",
                variable=variable,
                path=path,
            )
        elif variable:
            self.hint = Text(
                "{variable} names {path}, which is not there: correct or unset it.", variable=variable, path=path
            )
        else:
            self.hint = Text(
                "Sign in to the network in a browser if it wants that, and check the clock. Install the certificate of "
                "a company or virus scanner in the system, or name its file in SSL_CERT_FILE. "
                "What was downloaded is kept."
            )


class ProxyError(HubError):
    """The proxy that the environment or the system names does not let us through, or is none. `variable` names it;
    empty if it is the system's. No login is ever part of the text."""

    code = "proxy"

    def __init__(
        self, proxy: str, reason: str = "", *, wants_login: bool = False, variable: str = "", kinds: str = ""
    ) -> None:
        """`kinds` of login that it takes alone, if we know none of them."""
        self.proxy = proxy
        self.variable = variable
        place = variable or Text("the settings of the system")
        if kinds:
            message = Text(
                "The proxy {proxy} takes no login but by {kinds}, which is not supported here.",
                proxy=proxy,
                kinds=kinds,
            )
            hint = Text(
                "Run a helper that does it, such as px or cntlm, and write its address into {place}; "
                "what was downloaded is kept.",
                place=place if variable else "HTTPS_PROXY",
            )
        elif wants_login:
            message = Text(
                "The proxy {proxy} asks for a name and a password, or does not accept those it got.", proxy=proxy
            )
            hint = Text(
                "Write http://NAME:PASSWORD@{proxy} into {place}; what was downloaded is kept.",
                proxy=proxy,
                place=place,
            )
        else:
            name = f"{place}: {proxy}" if proxy else place
            message = Text("The proxy ({name}) cannot be used: {reason}.", name=name, reason=reason)
            hint = Text("Correct it there, or name the host in NO_PROXY to go without; what was downloaded is kept.")
        super().__init__(message, hint)


class UnsafeRedirectError(HubError, ValueError):
    """The hub sends us to an address that is neither https nor on this machine."""

    code = "unsafe_redirect"

    def __init__(self, host: str, target: str) -> None:
        self.host = host
        super().__init__(
            Text("{host} redirects the download to {target}, which is not encrypted.", host=host, target=target),
            Text(
                "Does this network want you to sign in? Do so in a browser, then try again. "
                "Or choose another hub endpoint in the preferences."
            ),
        )
