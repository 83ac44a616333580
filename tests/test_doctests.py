# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in docstrings are true.

Not pytest's own --doctest-modules: it names modules after the folder that the clone lies in.
"""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import subtitle_editor.core

MODULES = sorted(found.name for found in pkgutil.walk_packages(subtitle_editor.core.__path__, "subtitle_editor.core."))


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


def test_there_are_examples() -> None:
    assert len(MODULES) > 10
    assert doctest.testmod(importlib.import_module("subtitle_editor.core.units")).attempted >= 5
