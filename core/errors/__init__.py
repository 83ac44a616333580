# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error a user can meet, a file a subject; what all have in common is in base.py."""
