# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: a door without a window."""
