# SPDX-License-Identifier: GPL-3.0-or-later
"""Films with subtitles: as tracks inside them, or as part of their pictures. By PyAV, without Blender."""
