# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats of subtitle files, one module each; `registry` lists them and says how to add one."""
