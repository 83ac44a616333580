# SPDX-License-Identifier: GPL-3.0-or-later
"""What the errors advise, for people who have a command line and no preferences."""

from __future__ import annotations

from ..text import Text

HINTS = {
    "A free token in the preferences raises the limit.": "A free token raises the limit: --token-file, or HF_TOKEN.",
    "Correct it in the preferences, or clear it: none is needed.": "Correct it, or leave it out: none is needed.",
    "Add one in the preferences.": "Give one with --token-file, or in HF_TOKEN.",
    "It may refuse your network or country: try another network, or another hub endpoint in the preferences; what was "
    "downloaded is kept.": "It may refuse your network or country: try another network, or another hub with "
    "--endpoint; what was downloaded is kept.",
    "Accept it at {url}, then add a token of your account in the preferences and try again.": "Accept it at {url}, "
    "then try again with a token of your account: --token-file, or HF_TOKEN.",
    "The hub itself has just named it: start the download again later, or choose another hub endpoint in the "
    "preferences.": "The hub itself has just named it: start the download again later, or name another hub with "
    "--endpoint.",
    "Nothing that came from there could be checked. Choose another hub endpoint in the preferences.": "Nothing that "
    "came from there could be checked. Name another hub with --endpoint.",
    "Try again later, or choose another hub endpoint in the preferences.": "Try again later, or name another hub with "
    "--endpoint.",
    "Check the connection, the proxy and the hub endpoint in the preferences, then try again; what was downloaded is "
    "kept.": "Check the connection, the proxy (HTTPS_PROXY) and the hub (--endpoint, HF_ENDPOINT), then try again; "
    "what was downloaded is kept.",
    "Does this network want you to sign in? Do so in a browser, then try again. Or choose another hub endpoint in the "
    "preferences.": "Does this network want you to sign in? Do so in a browser, then try again. Or name another hub "
    "with --endpoint.",
    "Relink the strip or choose another file.": "Look whether its name is right.",
    "Install Microsoft's Visual C++ Redistributable and restart Blender: {address}": "Install Microsoft's Visual C++ "
    "Redistributable: {address}",
    "Choose a strip or file with sound.": "Choose a file with sound.",
    "Mend the file, or make the profile anew in the preferences.": "Mend the file.",
}
"""What errors say of the window, by template, and what stands for it in a terminal."""


def in_a_terminal(text: str) -> str:
    """A message or hint as the command line says it.

    >>> in_a_terminal(Text("Add one in the preferences."))
    'Give one with --token-file, or in HF_TOKEN.'
    >>> in_a_terminal("anything else")
    'anything else'
    """
    return text.translated(lambda template: HINTS.get(template, template)) if isinstance(text, Text) else text
