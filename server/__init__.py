# SPDX-License-Identifier: GPL-3.0-or-later
"""The model manager as a service: REST, events and a page in the browser, for machines without a Blender window."""
