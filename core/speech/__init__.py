# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech to cues, in a child process."""
