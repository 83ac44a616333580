# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user said, what runs, what is shown: the machinery between Blender and core."""
