# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on the disk."""
