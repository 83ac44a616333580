# SPDX-License-Identifier: GPL-3.0-or-later
"""Which version this is, as it was installed: for `--version`."""

from __future__ import annotations

from pathlib import Path

_MANIFEST = Path(__file__).parents[2] / "blender_manifest.toml"
"""In the extension and in a clone; a package that pip installed has its own metadata instead."""


def version() -> str:
    """Such as `0.1.0`; `unknown` without Blender's manifest and the package's metadata. Reads the disk."""
    import tomllib

    try:
        return str(tomllib.loads(_MANIFEST.read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        pass
    from importlib import metadata  # Here, not above: it takes longer than all else, and mostly there is a manifest.

    try:
        return metadata.version("subtitle-editor")
    except metadata.PackageNotFoundError:
        return "unknown"
