# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything Subtitle Editor knows how to do, without Blender.

Nothing in this package imports `bpy`. It runs in Blender, on the command line, in tests and in a child process.
"""
