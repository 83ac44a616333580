# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking Hugging Face: endpoint, token, plan, look, updates."""
