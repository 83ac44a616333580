# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads as jobs: in memory, on disk, one run, their words."""
