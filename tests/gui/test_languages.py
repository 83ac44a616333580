# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on in the languages that it brings, where Blender has languages: its Python module has none."""

from __future__ import annotations

import pytest

from .conftest import Pictures
from .window import Window

pytestmark = pytest.mark.timeout(240)

SWITCH = """
view = bpy.context.preferences.view
view.language = {language!r}
view.use_translate_interface = view.use_translate_tooltips = view.use_translate_reports = True
show_sidebar()
"""

# Blender's own catalogue is asked first and may have other words; those of ours that it lacks must come back.
LOST = """
[
    key for key, ours in part('translations.{code}').TEXTS.items()
    if bpy.app.translations.pgettext_iface(key[1], key[0]) == key[1] != ours
]
"""

OURS = """
errors, text = part('core.errors.network'), part('core.text')
error = errors.HubUnreachableError('hub.example', text.Text('the connection was refused'))
part('translations').translated(str(error))
"""


@pytest.mark.parametrize(
    ("language", "code", "download", "message"),
    [
        pytest.param(
            *("de_DE", "de", "Herunterladen", "hub.example ist nicht erreichbar: die Verbindung wurde abgelehnt. "),
            marks=pytest.mark.slow,
        ),
        ("fa_IR", "fa", "ﯼﺮﯿﮔﺭﺎﺑ", " .ﺪﺸﻧ ﻪﺘﻓﺮﯾﺬﭘ ﻝﺎﺼﺗﺍ :ﺖﺴﯿﻧ ﺱﺮﺘﺳﺩ ﺭﺩ hub.example"),
    ],
    ids=["german", "persian"],
)
def test_a_language(fresh: Window, picture: Pictures, language: str, code: str, download: str, message: str) -> None:
    """Every text of ours arrives; an error is said as a whole, with its reason; the panels are drawn."""
    fresh.run(SWITCH.format(language=language))
    assert fresh.run(LOST.format(code=code)) == []
    assert fresh.run("bpy.app.translations.pgettext_iface('Download', 'Operator')") == download
    said = fresh.run(OURS)
    # Persian begins on the right.
    assert said.startswith(message) if code == "de" else said.endswith(message)
    fresh.rest()
    picture("panel")
    fresh.run("bpy.context.preferences.view.language = 'en_US'")
    assert fresh.run(OURS).startswith("hub.example cannot be reached: the connection was refused. Check the")
