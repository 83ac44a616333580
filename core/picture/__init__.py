# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles as pictures: any script, any style, without Blender. The way in is render.py."""
