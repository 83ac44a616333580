# SPDX-License-Identifier: GPL-3.0-or-later
"""TTML out, by the text profile of IMSC 1.1; a file that was TTML keeps its head, its regions and its styles.

Each stretch of text that looks the same is one span, which says in what it differs from its surroundings: nothing
is nested but ruby, so that nothing can be nested wrongly.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ...markup import (
    BACKGROUND,
    BELOW,
    BOLD,
    COLOR,
    FONT,
    ITALIC,
    LANGUAGE,
    RUBY,
    STRIKE,
    UNDERLINE,
    VOICE,
    Placing,
    Span,
)
from ..document import Cue, Document
from ..times import clock
from . import ttml, ttml_paragraph
from .base import Format, WriteOptions
from .ttml_styles import SIZE, STYLE
from .xml_tokens import escaped, local, quoted

KEEPS = frozenset(
    {
        BOLD,
        ITALIC,
        UNDERLINE,
        STRIKE,
        COLOR,
        BACKGROUND,
        FONT,
        LANGUAGE,
        RUBY,
        VOICE,
        SIZE,
        STYLE,
        ttml_paragraph.ATTRIBUTE,
    }
    | {"placing", "position", "coordinate", "vertical", "speaker", "style", "alpha"}
)

_NAMESPACES = {
    "xmlns": "http://www.w3.org/ns/ttml",
    "xmlns:ttp": "http://www.w3.org/ns/ttml#parameter",
    "xmlns:tts": "http://www.w3.org/ns/ttml#styling",
    "xmlns:ttm": "http://www.w3.org/ns/ttml#metadata",
}
_PROFILE = "http://www.w3.org/ns/ttml/profile/imsc1.1/text"
_ABOUT_TIMES = (
    "timeBase",
    "frameRate",
    "frameRateMultiplier",
    "subFrameRate",
    "tickRate",
    "dropMode",
    "markerMode",
    "clockMode",
    *ttml_paragraph.TIMED,
    "timeContainer",
)
"""What the times written here do not need, and some of which would change what they mean."""
_ID = re.compile(r"[A-Za-z_][\w.-]*")


def write(document: Document, format: Format, options: WriteOptions) -> str:
    """Never raises."""
    return _File(document, format).text()


_DECLARES = re.compile(r"xmlns(:[\w.-]+)?")
"""An attribute that declares a namespace; a damaged one declares nothing."""


class _File:
    def __init__(self, document: Document, format: Format) -> None:
        self._document = document
        self._own = document.format == format.id and ttml.ROOT in document.extra
        self._root = list(_pairs(str(document.extra[ttml.ROOT]))) if self._own else []
        self._prefix = {value: name for name, value in self._root if _DECLARES.fullmatch(name)}
        self._tt = self._prefix_of("", "ttml", "ttaf1")
        self._tts = self._prefix_of("tts", "styling")
        self._ttm = self._prefix_of("ttm", "metadata")
        self._regions: dict[Placing, str] = {}
        self._agents: dict[str, str] = {}
        """By name: those that the head does not have yet."""
        known = str(document.extra.get(ttml.AGENTS, "")) if self._own else ""
        self._known_agents = {name: agent for agent, name in _pairs(known)}
        self._taken = set(re.findall(r"xml:id\s*=\s*[\"']([^\"']+)", str(document.extra.get(ttml.HEAD, ""))))

    def _prefix_of(self, usual: str, *ends: str) -> str:
        """The prefix, with its colon, that the root has for a namespace: `tts:`."""
        for value, name in self._prefix.items():
            base, _, part = value.rpartition("#")
            last = part if base else value.rstrip("/").rpartition("/")[2]
            if last in ends or (usual == "tts" and part == "style"):
                return f"{name[6:]}:" if name != "xmlns" else ""
        return f"{usual}:" if usual else ""

    def text(self) -> str:
        body = [self._paragraph(cue) for cue in self._document.cues]
        tt = self._tt
        parts = ['<?xml version="1.0" encoding="UTF-8"?>']
        if self._own:
            parts.append(str(self._document.extra.get(ttml.COMMENTS, "")).strip())
        parts.append(f"<{tt}tt{_written(self._root_attributes())}>")
        parts += [self._head(), f"<{tt}body{_written(self._body_attributes())}>"]
        if self._own and ttml.BODY in self._document.extra:
            parts.append(str(self._document.extra[ttml.BODY]))
        parts += [f"<{tt}div>", *body, f"</{tt}div>", f"</{tt}body>", f"</{tt}tt>"]
        return "\n".join(part for part in parts if part) + "\n"

    # Root and head

    def _root_attributes(self) -> Iterator[tuple[str, str]]:
        names = set()
        for name, value in self._root:
            if local(name) not in _ABOUT_TIMES and name not in names:
                names.add(name)
                yield name, value
        for name, value in _NAMESPACES.items():
            if name not in names and not (self._own and self._says(name)):
                yield name, value
        if not self._own:
            yield "ttp:contentProfiles", _PROFILE
        if "xml:lang" not in names:
            yield "xml:lang", self._document.language

    def _says(self, name: str) -> bool:
        """Whether the root has a prefix of its own for what `name` would declare."""
        return {"xmlns": self._tt, "xmlns:tts": self._tts, "xmlns:ttm": self._ttm}.get(name, "") != (
            f"{name[6:]}:" if name != "xmlns" else ""
        )

    def _body_attributes(self) -> Iterator[tuple[str, str]]:
        if self._own:
            yield from _pairs(str(self._document.extra.get("ttml.body_attributes", "")))

    def _head(self) -> str:
        tt, tts = self._tt, self._tts
        regions = "".join(
            f"<{tt}region xml:id={quoted(name)}{_written(_region(placing, tts))}/>\n"
            for placing, name in self._regions.items()
        )
        agents = "".join(
            f'<{self._ttm}agent type="person" xml:id={quoted(name)}><{self._ttm}name type="full">{escaped(who)}'
            f"</{self._ttm}name></{self._ttm}agent>\n"
            for who, name in self._agents.items()
        )
        layout = f"<{tt}layout>\n{regions}</{tt}layout>\n" if regions else ""
        head = str(self._document.extra.get(ttml.HEAD, "")) if self._own else ""
        if not head:
            return f"<{tt}head>\n{agents}{layout}</{tt}head>"
        return _inserted(head, regions, layout, agents, tt)

    def _region_of(self, cue: Cue, stands: bool) -> str:
        """The region of a cue: its own as long as it stands where that is, else one made for its place."""
        if stands:
            return str(cue.extra.get(ttml_paragraph.REGION, ""))
        if cue.placing == BELOW and self._own:
            return self._made(cue.placing) if ttml_paragraph.REGION in cue.extra else ""
        return self._made(cue.placing)

    def _stands(self, cue: Cue) -> bool:
        """Whether it is still where its file has it."""
        said = ttml_paragraph.said
        return self._own and cue.extra.get(ttml_paragraph.PLACING, said(BELOW)) == said(cue.placing)

    def _made(self, placing: Placing) -> str:
        if placing not in self._regions:
            self._regions[placing] = self._free(f"place{len(self._regions) + 1}")
        return self._regions[placing]

    def _free(self, name: str) -> str:
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def _agent_of(self, who: str) -> str:
        known = self._known_agents.get(who) or self._agents.get(who)
        if known is None:
            known = self._agents[who] = self._free(f"agent{len(self._agents) + 1}")
        return known

    # Paragraphs

    def _paragraph(self, cue: Cue) -> str:
        own, tag = self._own, f"{self._tt}p"
        name = f" xml:id={quoted(cue.name)}" if own and _ID.fullmatch(cue.name) else ""
        base = dict(_pairs(cue.extra.get(ttml_paragraph.BASE, ""))) if own else {}
        metadata = cue.extra.get(ttml_paragraph.METADATA, "") if own else ""
        if cue.spans or base:
            inside = "".join(self._pieces(cue, base))
        else:
            inside = escaped(cue.text).replace("\n", f"<{self._tt}br/>")
        said = f'{name} begin="{clock(cue.start)}" end="{clock(cue.end)}"{_written(self._attributes(cue))}'
        return f"<{tag}{said}>{metadata}{inside}</{tag}>"

    def _attributes(self, cue: Cue) -> list[tuple[str, str]]:
        """What a paragraph says besides its name and times."""
        attributes: list[tuple[str, str]] = []
        stands = self._stands(cue)
        if region := self._region_of(cue, stands):
            attributes.append(("region", region))
        if stands and (align := cue.extra.get(ttml_paragraph.ALIGN, "")):
            attributes += [(f"{self._tts}{name}", value) for name, value in _pairs(align)]
        if self._own and cue.style:
            attributes.append(("style", " ".join([cue.style, cue.extra.get("ttml.styles", "")]).strip()))
        if cue.speaker:
            attributes.append((f"{self._ttm}agent", self._agent_of(cue.speaker)))
        if "  " in cue.text or "\u3000" in cue.text:
            attributes.append(("xml:space", "preserve"))
        if self._own:
            others = _pairs(cue.extra.get(ttml_paragraph.ATTRIBUTES, ""))
            attributes += [pair for pair in others if pair[0] not in ("xml:id", "begin", "end")]
        return attributes

    def _pieces(self, cue: Cue, base: dict[str, str]) -> Iterator[str]:
        spans = cue.spans
        ruby = [span for span in spans if span.kind == RUBY]
        edges = sorted({0, len(cue.text), *(place for span in spans for place in (span.start, span.end))})
        tag = f"{self._tt}span"
        begin_at: defaultdict[int, list[Span]] = defaultdict(list)
        for span in spans:
            begin_at[span.start].append(span)
        inside: list[Span] = []
        for start, end in itertools.pairwise(edges):
            if any(span.start == start for span in ruby):
                yield f'<{tag} {self._tts}ruby="container"><{tag} {self._tts}ruby="base">'
            inside = [span for span in (*inside, *begin_at[start]) if span.end >= end]
            yield self._piece(cue.text[start:end], inside, base)
            for reading in (span.value for span in ruby if span.end == end):
                yield f'</{tag}><{tag} {self._tts}ruby="text">{escaped(reading)}</{tag}></{tag}>'

    def _piece(self, text: str, spans: Sequence[Span], base: dict[str, str]) -> str:
        content = escaped(text).replace("\n", f"<{self._tt}br/>")
        attributes = list(self._looks({span.kind: span.value for span in spans}, base))
        if self._own:
            attributes += [
                pair for span in spans if span.kind == ttml_paragraph.ATTRIBUTE for pair in _pairs(span.value)
            ]
        return f"<{self._tt}span{_written(attributes)}>{content}</{self._tt}span>" if attributes else content

    def _looks(self, wanted: dict[str, str], base: dict[str, str]) -> Iterator[tuple[str, str]]:
        """What to say so that a text in surroundings like `base` looks as wanted."""
        tts, given = self._tts, dict(base)
        style = wanted.get(STYLE, "") if self._own else ""
        if style:
            yield "style", style
            for name in style.split():
                given.update(self._kinds_of(name))
        for kind, name, on, off in (
            (BOLD, "fontWeight", "bold", "normal"),
            (ITALIC, "fontStyle", "italic", "normal"),
        ):
            if (kind in wanted) != (kind in given):
                yield f"{tts}{name}", on if kind in wanted else off
        if any((kind in wanted) != (kind in given) for kind in (UNDERLINE, STRIKE)):
            yield f"{tts}textDecoration", _decoration(wanted)
        if wanted.get(COLOR) != given.get(COLOR):
            yield f"{tts}color", wanted.get(COLOR, "#ffffff")
        if wanted.get(BACKGROUND) != base.get(BACKGROUND):
            yield f"{tts}backgroundColor", wanted.get(BACKGROUND, "transparent")
        for kind, name in ((FONT, f"{tts}fontFamily"), (SIZE, f"{tts}fontSize"), (LANGUAGE, "xml:lang")):
            if wanted.get(kind) not in (None, base.get(kind)):
                yield name, wanted[kind]
        if VOICE in wanted:
            yield f"{self._ttm}agent", self._agent_of(wanted[VOICE])

    def _kinds_of(self, name: str) -> Iterator[tuple[str, str]]:
        style = self._document.styles.get(name)
        if style is None:
            return
        for kind, is_on in (
            (BOLD, style.bold),
            (ITALIC, style.italic),
            (UNDERLINE, style.underline),
            (STRIKE, style.strike),
        ):
            if is_on:
                yield kind, ""
        if style.color and style.color != "#ffffff":
            yield COLOR, style.color


def _decoration(wanted: dict[str, str]) -> str:
    words = [word for kind, word in ((UNDERLINE, "underline"), (STRIKE, "lineThrough")) if kind in wanted]
    return " ".join(words) or "none"


def _region(placing: Placing, tts: str) -> Iterator[tuple[str, str]]:
    """A region in which a text is where the placing says."""
    row, column = divmod(placing.align - 1, 3)
    x = placing.x if placing.x is not None else (0.1, 0.5, 0.9)[column]
    y = placing.y if placing.y is not None else (0.9, 0.5, 0.1)[row]
    # As wide and high as there is room on the side where the text goes.
    left, right = (x, 1.0) if column == 0 else (0.0, x) if column == 2 else (x - min(x, 1 - x), x + min(x, 1 - x))
    top, bottom = (0.0, y) if row == 0 else (y, 1.0) if row == 2 else (y - min(y, 1 - y), y + min(y, 1 - y))
    yield f"{tts}origin", f"{left * 100:g}% {top * 100:g}%"
    yield f"{tts}extent", f"{max(right - left, 0.01) * 100:g}% {max(bottom - top, 0.01) * 100:g}%"
    yield f"{tts}displayAlign", ("after", "center", "before")[row]
    yield f"{tts}textAlign", ("left", "center", "right")[column]
    if placing.vertical:
        yield f"{tts}writingMode", "tbrl" if placing.vertical == "rl" else "tblr"


def _inserted(head: str, regions: str, layout: str, agents: str, tt: str) -> str:
    """A head as it came with more regions and agents in it."""
    if regions:
        end = head.rfind(f"</{tt}layout>")
        if end >= 0:
            head = head[:end] + regions + head[end:]
        else:
            end = head.rfind(f"</{tt}head>")
            head = head[:end] + layout + head[end:] if end >= 0 else f"<{tt}head>\n{layout}</{tt}head>"
    if agents:
        begin = re.match(r"<[^>]*>", head)
        if begin is not None:
            head = head[: begin.end()] + "\n" + agents + head[begin.end() :]
    return head


def _pairs(lines: str) -> Iterator[tuple[str, str]]:
    for line in lines.split("\n"):
        if line:
            name, _, value = line.partition(" ")
            yield name, value


def _written(attributes: Iterable[tuple[str, str]]) -> str:
    """Each once: two of one name are no XML."""
    return "".join(f" {name}={quoted(value)}" for name, value in dict(attributes).items())


FORMAT = Format(
    id="ttml",
    label="TTML (IMSC 1.1)",
    suffixes=(".ttml", ".dfxp", ".xml", ".itt", ".imsc"),
    looks=ttml.looks,
    read=ttml.read,
    write=write,
    keeps=KEEPS,
)
