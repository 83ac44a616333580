# SPDX-License-Identifier: GPL-3.0-or-later
"""One blob: byte ranges, resume, verify. Knows nothing of Hugging Face."""
