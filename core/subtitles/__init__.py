# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles: what a file of them holds, how it is read and written, edited and checked."""
