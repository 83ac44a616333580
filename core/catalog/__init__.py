# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be downloaded: entries, where they are read from, and how they are found."""
