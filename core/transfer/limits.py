# SPDX-License-Identifier: GPL-3.0-or-later
"""How many and how long, unless somebody says otherwise. Imports nothing: the preferences begin with these, too."""

DEFAULT_CONNECTIONS = 6
"""Connections for one file. More bring nothing more from the Hub, and fewer do not fill a distant line."""

MOST_CONNECTIONS = 16

STALL_SECONDS = 20.0
"""Seconds without a byte until a connection is made anew."""
