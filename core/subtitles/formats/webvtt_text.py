# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a WebVTT cue: its tags, what HTML and SubRip lend it, and entities."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from ...markup import BOLD, COLOR, ITALIC, LANGUAGE, RUBY, TIME, UNDERLINE, VOICE, Span
from . import subrip_text
from .base import Findings, is_too_long
from .tags import TextBuilder, tidied_text
from .timings import timing_half
from .webvtt_looks import CLASS_LOOKS, Look
from .xml_tokens import character

CLASS = "vtt.class"
"""Kind of a span: a class, whose look a style sheet says."""
TAG = "vtt.tag"
"""Kind of a point: a tag that WebVTT does not have, as it came."""

_TOKEN = re.compile(
    r"<(?P<close>/?)(?P<tag>c|i|b|u|ruby|rt|v|lang)(?P<classes>(?:\.[^\s<>.&]*)*)(?:[ \t\n](?P<annotation>[^<>]*))?>"
    r"|<(?P<time>(?:\d{1,6}:)?\d{1,2}:\d{2}[.,]\d{1,9})>"
    r"|<(?P<unknown>/?[a-zA-Z][^<>]*)>"
    r"|(?P<entity>&(?:\#\d{1,7}|\#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});)",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<br\s*/?>|</?(?:p|div)(?:\s[^<>]*)?>", re.IGNORECASE)
"""Of HTML. WebVTT has none, but who writes one wants a new line and not two words in one."""
_SQUARE = re.compile(r"\[br\s?/?\]", re.IGNORECASE)
"""The same, as SubViewer has it."""
_KINDS = {"i": ITALIC, "b": BOLD, "u": UNDERLINE}
_BORROWED = re.compile(r"<(/?)(font|strong|em)((?:\s[^<>]*)?)>", re.IGNORECASE)
_SAME = {"strong": "b", "em": "i"}


def read_text(
    raw: str, findings: Findings, line: int, looks: Mapping[str, Look] = CLASS_LOOKS
) -> tuple[str, tuple[Span, ...], str]:
    """A cue's text without its tags, their spans, and who says all of it. `looks` are those of the classes."""
    if "[" in raw:
        for match in _SQUARE.finditer(raw):
            findings.new_line(line, match[0])
        raw = _SQUARE.sub("\n", raw)
    if "<" not in raw and "&" not in raw:
        return (*tidied_text(raw), "")
    if is_too_long(raw, "<"):
        findings.too_long(line)
        return (*tidied_text(raw), "")
    builder = _Builder(findings, line, looks)
    end = 0
    for match in _TOKEN.finditer(raw):
        builder.letters(raw[end : match.start()])
        end = match.end()
        builder.token(match)
    builder.letters(raw[end:])
    text, spans = builder.done()
    voices = [span for span in spans if span.kind == VOICE]
    if len(voices) == 1 and (voices[0].start, voices[0].end) == (0, len(text)):
        return text, tuple(span for span in spans if span is not voices[0]), voices[0].value
    return text, spans, ""


class _Builder:
    def __init__(self, findings: Findings, line: int, looks: Mapping[str, Look]) -> None:
        self._builder = TextBuilder()
        self._looks = looks
        self._findings = findings
        self._line = line
        self._reading: list[str] | None = None
        """The letters over a ruby base, while they are read."""
        self._in_ruby = False
        self._fonts: list[bool] = []
        """Of all open `<font>`, whether it says more than a colour."""
        self._classes = {""}
        """Of all tags so far."""

    def letters(self, piece: str) -> None:
        if self._reading is not None:
            self._reading.append(piece)
        elif piece:
            self._builder.text(piece)

    def token(self, match: re.Match[str]) -> None:
        if match["entity"]:
            self.letters(character(match["entity"]))
        elif match["time"]:
            timing = timing_half(match["time"])
            self._builder.point(TIME, f"{timing or 0.0:.3f}")
        elif match["unknown"]:
            if _BREAK.fullmatch(match[0]):
                self.letters("\n")
            else:
                self._borrowed(match[0])
        elif match["close"]:
            self._close(match["tag"].lower(), match[0])
            strange = set(match["classes"].split(".")) - self._classes
            if strange or (match["annotation"] or "").strip():
                self._findings.markup(self._line, match[0])
        else:
            self._open(match["tag"].lower(), match)

    def done(self) -> tuple[str, tuple[Span, ...]]:
        self._end_reading()
        done = self._builder.done()
        for value in self._builder.empty:
            self._findings.markup(self._line, value)
        return done

    def _borrowed(self, whole: str) -> None:
        """A tag that WebVTT does not have: what it means where SubRip and HTML have it, and as it came."""
        found = _BORROWED.match(whole)
        if found is not None and found[3].strip() and (found[1] or found[2].lower() != "font"):
            self._findings.markup(self._line, whole)
        name = _SAME.get(found[2].lower(), found[2].lower()) if found else ""
        if found is None or (found[1] and not self._builder.is_open(f"html.{name}")):
            self._builder.point(TAG, whole)
        elif found[1]:
            self._builder.close(f"html.{name}")
            if name == "font" and self._fonts.pop():
                self._builder.point(TAG, whole)
        else:
            kinds, is_more = subrip_text.font(found[3]) if name == "font" else ([(_KINDS[name], "")], False)
            colors = [kind for kind in kinds if kind[0] == COLOR]
            if name == "font":
                self._fonts.append(is_more or len(colors) < len(kinds) or not kinds)
                if self._fonts[-1]:
                    self._builder.point(TAG, whole)
            self._builder.open(f"html.{name}", *(colors if name == "font" else kinds))

    def _open(self, tag: str, match: re.Match[str]) -> None:
        annotation = " ".join(html.unescape(match["annotation"] or "").split())
        names = [name for name in match["classes"].split(".") if name]
        self._classes.update(names)
        kinds = [(CLASS, name) for name in names]
        kinds += [kind for name in names for kind in self._looks.get(name, ())]
        if tag == "rt" and self._in_ruby:
            self._end_reading()
            self._reading = []
            return
        if tag == "ruby":
            self._in_ruby = True
            self._builder.open("base")
        elif tag in _KINDS:
            kinds.append((_KINDS[tag], ""))
        elif tag in ("v", "lang") and annotation:
            kinds.append((VOICE if tag == "v" else LANGUAGE, annotation))
            annotation = ""
        self._builder.open(tag, *kinds)
        if annotation:
            self._findings.markup(self._line, match[0])

    def _close(self, tag: str, whole: str) -> None:
        if tag == "rt" and self._reading is not None:
            self._end_reading()
        elif tag == "ruby" and self._in_ruby:
            self._end_reading()
            self._builder.close("base")
            self._builder.close("ruby")
            self._in_ruby = False
        elif not self._builder.close(tag):
            self._findings.markup(self._line, whole)

    def _end_reading(self) -> None:
        """The base that was read gets its reading; another base may follow."""
        if self._reading is None:
            return
        value = " ".join("".join(self._reading).split())
        self._reading = None
        if not self._builder.reread("base", (RUBY, value)):
            self._builder.text(f"({value})")
        self._builder.open("base")
