# SPDX-License-Identifier: GPL-3.0-or-later
"""Final Cut Pro's XML (also DaVinci Resolve's): captions and, where there are none, titles.

A clip says where it stands in the time of the one that it is attached to, which begins with that one's `start`; times
are fractions of a second. What else the file says is kept as it came.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

from ...markup import BOLD, COLOR, ITALIC, LANGUAGE, UNDERLINE, Placing, Span
from ...text import Text
from ..document import Cue, Document, Kind
from . import languages
from .base import MOST_TAGS, Findings, Format, Source
from .settling import Row, settled
from .tags import TextBuilder
from .xml_tokens import BEFORE_ROOT, Token, tokens

HEAD = "fcpxml.head"
"""Of a document's `extra`: all of the file but its captions, as it came."""
TAGS = "fcpxml.tags"
"""Of a cue's `extra`: its element but for the text, as it came."""

_TIME = re.compile(r"\s*(-?\d{1,15})(?:\.(\d{1,9}))?(?:/(\d{1,12}))?s?\s*")
_LANGUAGE = re.compile(r"captionFormat=\w+\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)")
_PARTS = re.compile(r"\s*([\d.]{1,12})\s+([\d.]{1,12})\s+([\d.]{1,12})(?:\s+[\d.]{1,12})?\s*")
_SWITCHES = {"italic": ITALIC, "bold": BOLD, "underline": UNDERLINE}
_HOLDERS = frozenset(
    "gap clip asset-clip sync-clip ref-clip mc-clip video audio title caption spine sequence audition".split()
)
"""What has a place in time and may hold others that have one."""
_SAID = ("caption", "title")
_DEEPEST = 64
"""Elements in time inside each other."""


@dataclasses.dataclass(slots=True)
class _Holder:
    name: str
    at: Fraction
    """When it begins, in the time of the film."""
    zero: Fraction
    """What it calls this moment itself."""
    next: Fraction
    """Where one of its parts begins that does not say where."""


def read(source: Source) -> Document:
    """Raises SubtitleFileError where there are neither captions nor titles."""
    return _File(source).document()


class _File:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._findings = Findings()
        self._rows: defaultdict[str, list[Row]] = defaultdict(list)
        self._head: list[str] = []
        self._holders: list[_Holder] = []
        self._rates: dict[str, Fraction] = {}
        self._rate: Fraction | None = None
        self._said: _Said | None = None
        """The caption or title that is read."""
        self._ignored = 0
        """Elements in time that are open and too deep to count."""

    def document(self) -> Document:
        for token in tokens(self._source.text):
            if self._said is not None:
                self._inside(self._said, token)
            else:
                self._outside(token)
        if self._said is not None:
            self._end(self._said)
        rows = self._rows["caption"] or self._rows["title"]
        for row in self._rows["title"] if self._rows["caption"] else ():
            self._findings.add(Kind.HIDDEN, Text("a title, no caption"), row.cue.line, row.cue.text)
        rows, language = languages.chosen(rows, _language_of_all(rows), self._source.options, self._findings)
        if language:
            rows = [dataclasses.replace(row, cue=_without(row.cue, language)) for row in rows]
        cues = settled(rows, self._findings)
        if not cues and not self._findings.number:
            raise self._source.broken(Text("there are no subtitles in it"))
        extra = {HEAD: "".join(self._head)} if self._head else {}
        return Document(
            tuple(cues), language=language, fps=self._rate, extra=extra, findings=self._findings.done()
        )  # fmt: skip

    # Around captions

    def _outside(self, token: Token) -> None:
        if token.kind == "open" and token.name in _SAID:
            self._begin(token)
            return
        self._head.append(token.raw)
        if token.kind == "open" and token.name == "format":
            said = dict(token.attributes)
            if length := _fraction(said.get("frameDuration", "")):
                self._rates[said.get("id", "")] = 1 / length
        elif token.name in _HOLDERS:
            self._holder(token)

    def _holder(self, token: Token) -> None:
        if token.kind == "close":
            self._leave(token.name)
        elif token.kind == "open":
            said = dict(token.attributes)
            if token.name == "sequence" and self._rate is None:
                self._rate = self._rates.get(said.get("format", ""))
            at, zero, _ = self._place(token.name, said)
            if token.empty:
                return
            if len(self._holders) < _DEEPEST:
                self._holders.append(_Holder(token.name, at, zero, at))
            else:
                self._ignored += 1

    def _leave(self, name: str) -> None:
        if self._ignored:
            self._ignored -= 1
        elif any(holder.name == name for holder in self._holders):
            while self._holders.pop().name != name:
                pass

    def _place(self, name: str, said: dict[str, str]) -> tuple[Fraction, Fraction, Fraction | None]:
        """When an element begins in the film, what it calls that moment itself, and how long it lasts."""
        length = _fraction(said.get("duration", ""))
        above = self._holders[-1] if self._holders else None
        if name == "sequence":
            zero = _fraction(said.get("tcStart", "")) or Fraction(0)
            return Fraction(0), zero, length
        offset = _fraction(said.get("offset", ""))
        if above is None:
            at = offset or Fraction(0)
        elif name == "spine" and offset is None:
            return above.at, above.zero, length
        elif offset is None:
            at = above.next
        else:
            at = above.at + offset - above.zero
        if above is not None and above.name == "spine" and length is not None:
            above.next = at + length
        return at, _fraction(said.get("start", "")) or Fraction(0), length

    # Captions

    def _begin(self, token: Token) -> None:
        said = dict(token.attributes)
        at, _, length = self._place(token.name, said)
        start = float(at) if _is_readable(said, "offset") else None
        end = float(at + length) if start is not None and length is not None else None
        self._said = _Said(token, start, end)
        if token.empty:
            self._end(self._said)

    def _inside(self, said: _Said, token: Token) -> None:
        if token.kind == "close" and token.name == said.element.name and not said.deeper:
            if token.unread:
                self._findings.markup(token.line, token.raw)
            self._end(said)
        elif token.kind == "open" and token.name in _SAID and not said.texts and not token.empty:
            said.deeper += 1
            said.take(token, self._findings)
        else:
            said.deeper -= token.kind == "close" and token.name in _SAID and said.deeper > 0
            said.take(token, self._findings)

    def _end(self, said: _Said) -> None:
        self._said = None
        row = said.row(self._findings)
        attributes = dict(said.element.attributes)
        if attributes.get("enabled") == "0" and row.cue.text:
            self._findings.add(Kind.HIDDEN, Text("it is switched off in the file."), row.cue.line, row.cue.text)
        else:
            self._rows[said.element.name].append(row)


class _Said:
    """One caption or title while it is read: runs of text, and below them what the styles look like that they name."""

    def __init__(self, element: Token, start: float | None, end: float | None) -> None:
        self.element = element
        self.deeper = 0
        """Captions inside of it that are open."""
        self.texts = 0
        """Elements of text that are open."""
        self._times = start, end
        self._runs: list[tuple[str, str]] = []
        """The style that is named, and the letters."""
        self._styles: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._in_run = False
        self._reference = ""
        self._definition: str | None = None
        self._tags: list[str] = []
        self._is_above = False

    def take(self, token: Token, findings: Findings) -> None:
        """One piece of what is inside."""
        is_text = token.kind == "text" and self.texts > 0
        if is_text and (self._in_run or token.text.strip()):
            self._runs.append((self._reference if self._in_run else "", token.text))
        elif token.kind != "text" or token.text.strip():
            self._tags.append(token.raw)
        if token.kind not in ("open", "close") or token.empty:
            if token.kind == "open":
                self._attributes(token)
            return
        is_open = token.kind == "open"
        if token.name == "text":
            if is_open and self._runs:
                self._runs.append(("", "\n"))
            self.texts = max(0, self.texts + (1 if is_open else -1))
        elif token.name == "text-style":
            self._in_run = is_open and self.texts > 0
        elif token.name == "text-style-def":
            self._definition = dict(token.attributes).get("id", "") if is_open else None
        if is_open:
            self._attributes(token)

    def _attributes(self, token: Token) -> None:
        said = dict(token.attributes)
        if token.name == "text" and said.get("placement", "").startswith("top"):
            self._is_above = True
        elif token.name == "text-style" and self._definition is not None:
            self._styles[self._definition].update(said)
        elif token.name == "text-style":
            self._reference = said.get("ref", "")
            # Some programs say the look where it is used.
            if _looks(said):
                self._reference = f"{self._reference} {len(self._tags)}"
                self._styles[self._reference] = said

    def row(self, findings: Findings) -> Row:
        builder = TextBuilder()
        for reference, letters in self._runs[:MOST_TAGS]:
            builder.open("run", *_looks(self._styles.get(reference, {})))
            builder.text(letters)
            builder.close("run")
        builder.text("".join(letters for _, letters in self._runs[MOST_TAGS:]))
        if len(self._runs) > MOST_TAGS:
            findings.too_long(self.element.line)
        text, spans = builder.done()
        role = dict(self.element.attributes).get("role", "")
        if text and (found := _LANGUAGE.search(role)):
            spans = (*spans, Span(0, len(text), LANGUAGE, found[1]))
        placing = Placing(8) if self._is_above else Placing()
        extra = {TAGS: "".join([self.element.raw, *self._tags])}
        cue = Cue(0.0, 0.0, text, spans=spans, placing=placing, extra=extra, line=self.element.line)
        return Row(*self._times, cue, self.element.raw)


def _looks(said: dict[str, str]) -> list[tuple[str, str]]:
    """What a style says that other formats say too; white is what all letters are."""
    kinds = [(kind, "") for name, kind in _SWITCHES.items() if said.get(name) == "1"]
    face = said.get("fontFace", "").lower()
    kinds += [(kind, "") for name, kind in (("italic", ITALIC), ("oblique", ITALIC), ("bold", BOLD)) if name in face]
    if (color := _color(said.get("fontColor", ""))) and color != "#ffffff":
        kinds.append((COLOR, color))
    return list(dict.fromkeys(kinds))


def _color(said: str) -> str | None:
    match = _PARTS.fullmatch(said)
    try:
        parts = [min(255, round(float(part) * 255)) for part in match.groups()] if match else []
    except ValueError:
        return None
    return "#" + "".join(f"{part:02x}" for part in parts) if parts else None


def _fraction(said: str) -> Fraction | None:
    match = _TIME.fullmatch(said)
    if match is None or int(match[3] or 1) == 0:
        return None
    whole = Fraction(f"{match[1]}.{match[2] or 0}")
    return whole / int(match[3] or 1)


def _is_readable(said: dict[str, str], name: str) -> bool:
    return name not in said or _fraction(said[name]) is not None


def _language_of_all(rows: list[Row]) -> str:
    """The language that all of them are in; empty where they differ or say none."""
    found: Iterator[str] = (
        next((span.value for span in row.cue.spans if span.kind == LANGUAGE), "") for row in rows if row.cue.text
    )
    names = set(found)
    return names.pop() if len(names) == 1 else ""


def _without(cue: Cue, language: str) -> Cue:
    spans = tuple(span for span in cue.spans if span.kind != LANGUAGE or span.value != language)
    return dataclasses.replace(cue, spans=spans)


FORMAT = Format(
    id="fcpxml",
    label="Final Cut Pro XML",
    suffixes=(".fcpxml", ".xml"),
    sign=re.compile(BEFORE_ROOT + r"<fcpxml\b"),
    read=read,
)
