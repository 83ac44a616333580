# SPDX-License-Identifier: GPL-3.0-or-later
"""Stopping, locking, naming, writing, logging."""
