# SPDX-License-Identifier: GPL-3.0-or-later
"""A layout that writes down what a draw function puts into it, and refuses what Blender's own would refuse.

In background Blender draws nothing. This is no picture, but it asks the running Blender whether each function,
argument, icon, property and operator exists: a panel that draws here draws in a window, too.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any

import bpy

_SETTINGS = {property.identifier for property in bpy.types.UILayout.bl_rna.properties}
_FUNCTIONS = bpy.types.UILayout.bl_rna.functions
_CONTAINERS = ("row", "column", "box", "split", "grid_flow", "column_flow", "menu_pie")


class Button:
    """What `layout.operator()` returns: takes the operator's own properties, and no others."""

    def __init__(self, operator: str) -> None:
        group, name = operator.split(".")
        call = getattr(getattr(bpy.ops, group), name)
        object.__setattr__(self, "_known", set(call.get_rna_type().properties.keys()))
        object.__setattr__(self, "values", {})

    def __setattr__(self, name: str, value: object) -> None:
        assert name in self._known, f"the operator has no {name}"
        self.values[name] = value


class Layout:
    """Stands in for bpy.types.UILayout. `items` is what was drawn: a kind, its arguments, and what came of it."""

    def __init__(self, closed: bool = False) -> None:
        object.__setattr__(self, "items", [])
        object.__setattr__(self, "_closed", closed)

    def __setattr__(self, name: str, value: object) -> None:
        assert name in _SETTINGS, f"a layout has no {name}"

    def __getattr__(self, name: str) -> Callable[..., Any]:
        # `panel` is one of Blender's Python-only additions to the class.
        assert name in _FUNCTIONS or hasattr(bpy.types.UILayout, name), f"a layout has no function {name}"
        return types.MethodType(_call(name), self)

    def all(self, kind: str) -> Iterator[tuple[dict[str, Any], Any]]:
        """What was drawn of one kind, here and in all that lies inside, in order."""
        for what, arguments, made in self.items:
            if what == kind:
                yield arguments, made
            if isinstance(made, Layout):
                yield from made.all(kind)
            elif isinstance(made, tuple):
                for part in made:
                    if part is not None:
                        yield from part.all(kind)

    def texts(self) -> list[str]:
        """All that can be read, in order."""
        found: list[str] = []
        for what, arguments, made in self.items:
            if isinstance(arguments.get("text"), str):
                found.append(arguments["text"])
            elif what == "operator":
                group, name = arguments["operator"].split(".")
                found.append(getattr(getattr(bpy.ops, group), name).get_rna_type().name)
            for part in made if isinstance(made, tuple) else (made,):
                if isinstance(part, Layout):
                    found += part.texts()
        return found

    def buttons(self) -> dict[str, list[dict[str, Any]]]:
        """The operators that can be clicked, and the properties each is called with."""
        found: dict[str, list[dict[str, Any]]] = {}
        for arguments, button in self.all("operator"):
            found.setdefault(arguments["operator"], []).append(button.values)
        return found


def _call(name: str) -> Callable[..., Any]:
    def call(self: Layout, *given: Any, **named: Any) -> Any:
        arguments = {**_by_name(name, given), **named}
        _check(name, arguments)
        made = _made(self, name, arguments)
        self.items.append((name, arguments, made))
        return made

    return call


def _by_name(name: str, given: tuple[Any, ...]) -> dict[str, Any]:
    if name not in _FUNCTIONS:
        return dict(zip(("idname",), given, strict=False))
    inputs = [parameter.identifier for parameter in _FUNCTIONS[name].parameters if not parameter.is_output]
    return dict(zip(inputs, given, strict=False))


def _check(name: str, arguments: dict[str, Any]) -> None:
    if name not in _FUNCTIONS:
        return
    parameters = _FUNCTIONS[name].parameters
    for argument, value in arguments.items():
        assert argument in parameters, f"{name}() takes no {argument}"
        if argument == "icon":
            assert value in parameters["icon"].enum_items, f"there is no icon {value}"
        if argument == "text":
            assert isinstance(value, str), f"{name}(text={value!r})"
    if name == "prop":
        assert arguments["property"] in arguments["data"].bl_rna.properties, arguments["property"]
    if name == "menu":
        assert hasattr(bpy.types, arguments["menu"]), arguments["menu"]


def _made(layout: Layout, name: str, arguments: dict[str, Any]) -> Any:
    if name in _CONTAINERS:
        return Layout(layout._closed)
    if name == "panel":
        return Layout(layout._closed), None if layout._closed else Layout(layout._closed)
    if name == "operator":
        return Button(arguments["operator"])
    if name == "template_list":
        return _lines(arguments)
    return None


def _lines(arguments: dict[str, Any]) -> Layout:
    """A list draws each of its lines."""
    kind = getattr(bpy.types, arguments["listtype_name"])
    data, name = arguments["dataptr"], arguments["propname"]
    active = arguments["active_dataptr"], arguments["active_propname"]
    assert active[1] in active[0].bl_rna.properties
    lines = Layout()
    for index, item in enumerate(getattr(data, name)):
        kind.draw_item(None, bpy.context, lines.row(), data, item, 0, *active, index, 0)
    flags, order = kind.filter_items(None, bpy.context, data, name)
    assert (flags, order) == ([], [])
    return lines


def drawn(panel: str, closed: bool = False) -> Layout:
    """What a panel or menu, by its class name, draws now; `closed`: with its sub-panels closed."""
    layout = Layout(closed)
    cls = getattr(bpy.types, panel)
    cls.draw(types.SimpleNamespace(layout=layout), bpy.context)
    return layout
