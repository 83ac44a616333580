# SPDX-License-Identifier: GPL-3.0-or-later
"""From pictures back to text, in steps. What only an execution needs: nothing here is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..sequencer import compat, unbaking
from .slow import Work

if TYPE_CHECKING:
    from collections.abc import Generator

    import bpy


class Unbaking(Work):
    """Subtitles becoming text again. What was done when it is stopped stays: each is a text, or is a picture."""

    changes = False

    def __init__(self, scene: bpy.types.Scene, *, selected: bool = False) -> None:
        self._selected = selected
        self._earlier = 0
        """Subtitles that were text again before a script made or removed strips."""
        self._earlier_removed = 0
        self._now = unbaking.Unbaking(scene, selected=selected)
        super().__init__(scene, self._now.steps(), self._now.total)

    @property
    def done(self) -> int:
        """How many are text again."""
        return self._earlier + self._now.done

    @property
    def removed(self) -> int:
        """How many pictures were taken off."""
        return self._earlier_removed + self._now.removed

    @property
    def locked(self) -> int:
        """How many stay pictures, because something of them is locked."""
        return self._now.locked

    @property
    def number(self) -> int:
        """How many there are to do."""
        return self._earlier + self._now.number

    def go_on(self, seconds: float) -> Any | None:
        if self.is_turned_back:
            return self.done
        if len(self._strips()) != self._count:
            self._look_again()
        return super().go_on(seconds)

    def _look_again(self) -> None:
        self._earlier += self._now.done
        self._earlier_removed += self._now.removed
        self._now = unbaking.Unbaking(self._scene, selected=self._selected)
        self._steps, self._done, self._total = self._now.steps(), 0, max(1, self._now.total)
        self._count = len(self._strips())

    def _strips(self) -> Any:
        editor = self._scene.sequence_editor
        return compat.every_strip(editor) if editor is not None else ()

    def _back(self) -> tuple[Generator[int, None, Any], int]:
        # Nothing: each subtitle is a text or a picture.
        self._steps.close()
        return self._steps, 0
