# SPDX-License-Identifier: GPL-3.0-or-later
"""TTML in all its dialects: IMSC, DFXP of 2006, SMPTE-TT, EBU-TT and EBU-TT-D, Netflix's, Apple's iTT.

Names are compared without their namespaces: each dialect has its own for the same things. A paragraph whose spans have
times of their own becomes one subtitle for each time at which something changes, as a player shows it.

Not ttconv's reader: on a file of 2006, on one with a single fault in its XML and on one with a malformed time it gives
nothing, and a paragraph outside of all regions is in none of its pictures. A test compares the two on what it reads.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from ...cues import new_cue
from ...markup import BACKGROUND, FONT, LANGUAGE, VOICE, Span
from ...text import Text
from ..document import Cue, Document, Kind, quoted
from ..inner_times import words_of
from . import languages
from .base import Findings, Source
from .settling import Row, settled
from .ttml_lyrics import is_lyrics, parts
from .ttml_paragraph import (
    ALIGN,
    ATTRIBUTE,
    BASE,
    METADATA,
    PLACING,
    REGION,
    TIMED,
    Element,
    Paragraph,
    earlier,
    joined,
    said,
)
from .ttml_plain import model_of, plain_paragraph, row_like
from .ttml_styles import SIZE, STYLE, Sheet, inherited, kinds_of, unread
from .ttml_times import USUAL_TICKS, Times
from .xml_tokens import Token, closed, local, tokens

ROOT = "ttml.root"
"""Of a document's `extra`: the attributes of the root, `name value` a line, as they came."""
HEAD = "ttml.head"
"""Of a document's `extra`: the head, as it came."""
BODY = "ttml.body"
"""Of a document's `extra`: attributes of the body that are no times, and metadata between the paragraphs."""
AGENTS = "ttml.agents"
"""Of a document's `extra`: who speaks, `id name` a line."""
OTHERS = "ttml.others"
"""Of a document's `extra`: tags that say more than the cues can keep: of divisions, and of paragraphs without text."""
COMMENTS = "ttml.comments"
"""Of a document's `extra`: comments, and instructions to programs."""
_METADATA = frozenset({"metadata", "desc", "title", "copyright", "information", "documentMetadata", "agent", "item"})
_BLOCKS = frozenset({"tt", "head", "body", "div", "p"})
_NAMES = _BLOCKS | {"span", "br"}
_DECLARATION = re.compile(r"xml\s+version\s*=\s*[\"'][\d.]+[\"'](?:\s+[a-z]+\s*=\s*[\"'][\w.-]+[\"'])*\s*", re.ASCII)
_LASTING = (BACKGROUND, FONT, SIZE, STYLE, ATTRIBUTE)
"""Kinds that hold inside of an element without being inherited."""
_MOST_KINDS = 16
"""Kinds that an element takes over from the one around it."""
_DEEPEST = 100
"""Elements inside each other. Deeper ones are noted, and their text kept, without taking them in."""
_TOO_DEEP = 2000
"""The same; what is nested deeper is no subtitle file."""


def read(source: Source) -> Document:
    """Raises SubtitleFileError where there is no `tt` element with anything in it."""
    return _Walker(source).document()


class _Walker:
    """Goes through the tokens once, without recursion: depth costs nothing."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._findings = Findings()
        self._open: list[Element] = []
        self._rows: list[Row] = []
        self._extra: dict[str, str] = {}
        self._kept: defaultdict[str, list[str]] = defaultdict(list)
        """Pieces of what goes into `_extra`."""
        self._too_deep = 0
        self._times = Times({}, source.options.fps)
        self._sheet = Sheet({}, self._times)
        self._agents: dict[str, str] = {}
        self._agent = ""
        self._kept_from: tuple[int, int, str] | None = None
        """While head or metadata is read: where it began, how deep, and its name."""
        self._paragraph: Paragraph | None = None
        self._language = ""
        self._body_properties: dict[str, str] = {}
        self._pictures = 0
        self._bases = 0
        self._prefixes: set[str] | None = None
        self._is_lyrics = False
        self._model_of: Element | None = None
        self._models: dict[tuple[tuple[str, str], ...], Cue | None] = {}
        """By attributes: what paragraphs inside of `_model_of` look like."""
        self._waiting: list[int] = []
        """Ruby bases whose readings are still to come."""

    def document(self) -> Document:
        for token in tokens(self._source.text, paragraphs=True):
            if token.kind != "paragraph":
                self._take(token)
            elif (row := self._alike(token)) is not None:
                self._rows.append(row)
            else:
                self._piece_by_piece(token)
        while self._open:
            self._close(len(self._open) - 1)
        if self._kept_from is not None:
            self._keep(closed(self._source.text[self._kept_from[0] :]))
        if self._times.counted and not self._times.said:
            self._findings.rate_taken(self._times.rate)
        if self._times.guessed:
            message = Text("the times count ticks and the file does not say how many a second has; {rate} were taken.",
                           rate=USUAL_TICKS)  # fmt: skip
            self._findings.add(Kind.RATE, message)
        if self._pictures:
            message = Text(
                "there are subtitles as pictures in it, which have no text: {number}.", number=self._pictures
            )
            self._findings.add(Kind.HIDDEN, message)
        self._extra.update((key, "".join(pieces)) for key, pieces in self._kept.items())
        if self._agents:
            self._extra[AGENTS] = "\n".join(f"{agent} {name}" for agent, name in self._agents.items())
        rows, language = languages.chosen(self._rows, self._language, self._source.options, self._findings)
        cues = settled(rows, self._findings)
        if not cues and self._pictures:
            raise self._source.broken(Text("its subtitles are pictures, which cannot be read as text"))
        return Document(
            tuple(cues),
            language=language,
            fps=self._times.rate if self._times.said or self._times.counted else None,
            styles=self._sheet.named(),
            extra=self._extra,
            findings=self._findings.done(),
        )

    # Paragraphs that differ from the one before in times and text only: most of them, ten times as fast

    def _alike(self, token: Token) -> Row | None:
        """The row of a plain paragraph, where one with the same attributes was read at this place; None otherwise."""
        if self._kept_from is not None or self._paragraph is not None or not self._open or self._too_deep:
            return None
        if self._model_of is not self._open[-1]:
            self._model_of, self._models = self._open[-1], {}
        said = plain_paragraph(token)
        model = self._models.get(said.others) if said is not None else None
        return row_like(model, said, token.line) if said is not None and model is not None else None

    def _piece_by_piece(self, token: Token) -> None:
        above = self._open[-1] if self._open else None
        before = len(self._rows), self._noticed()
        for piece in tokens(token.raw):
            self._take(piece._replace(start=piece.start + token.start, line=piece.line + token.line - 1))
        if above is None or self._model_of is not above or (len(self._rows) - 1, self._noticed()) != before:
            return
        said = plain_paragraph(token)
        if said is not None and self._is_usual(above):
            self._models.setdefault(said.others, model_of(self._rows[-1], said))

    def _noticed(self) -> tuple[int, int, int]:
        """How much was found beside the rows so far."""
        return self._findings.number, self._pictures, len(self._kept.get(OTHERS, ()))

    def _is_usual(self, above: Element) -> bool:
        """Whether what is around the paragraph leaves its times and spaces as they are."""
        return (
            above.name in ("div", "body")
            and not above.begin
            and above.end is None
            and not above.clipped
            and not above.preserve
            and not any(element.sequence for element in self._open)
            and not self._sheet.has_timed_regions
        )

    # Tokens

    def _take(self, token: Token) -> None:
        if self._kept_from is not None:
            self._inside_kept(token)
        elif token.kind == "text":
            self._text(token)
        elif token.kind == "open":
            self._start(token)
        elif token.kind == "close":
            self._end(token)
        elif token.kind == "doctype" and "<!ENTITY" in token.raw.upper():
            message = Text("it declares entities of its own, which are not expanded.")
            self._findings.add(Kind.BROKEN, message, token.line, token.raw)
        elif token.kind == "instruction" and token.text.startswith("xml"):
            if not _DECLARATION.fullmatch(token.text):
                self._findings.markup(token.line, token.raw)
        elif token.text.strip():
            self._kept[COMMENTS].append(closed(token.raw) + "\n")

    def _text(self, token: Token) -> None:
        if self._paragraph is not None:
            if not self._is_lyrics or parts(token.text):
                self._paragraph.text(token.text, self._open[-1])
        else:
            self._findings.stray(token.line, token.text.strip("\ufeff \t\n"))

    def _inside_kept(self, token: Token) -> None:
        """Inside a head or metadata: kept as it stands, styles and regions read."""
        assert self._kept_from is not None
        start, depth, name = self._kept_from
        if token.kind == "open" and not token.empty:
            depth += local(token.name) == name
        elif token.kind == "close" and local(token.name) == name:
            depth -= 1
        if depth == 0:
            self._keep(self._source.text[start : token.start + len(token.raw)])
            self._kept_from = None
            return
        if token.name and local(token.name) in ("tt", "body", "div", "p"):
            # Somebody forgot its end.
            self._keep(closed(self._source.text[start : token.start]))
            self._kept_from = None
            self._take(token)
            return
        self._kept_from = start, depth, name
        self._of_head(token)

    def _of_head(self, token: Token) -> None:
        name = local(token.name)
        if token.kind == "open":
            if name == "style":
                self._sheet.style(token.attributes)
            elif name == "region":
                self._sheet.open_region(token.attributes)
            elif name == "agent":
                self._agent = {local(key): value for key, value in token.attributes}.get("id", "")
            if token.empty and name == "region":
                self._sheet.close_region()
        elif token.kind == "close" and name == "region":
            self._sheet.close_region()
        elif token.kind == "close" and name == "agent":
            self._agent = ""
        elif token.kind == "text" and self._agent and token.text.strip():
            self._agents.setdefault(self._agent, " ".join(token.text.split()))

    def _keep(self, raw: str) -> None:
        assert self._kept_from is not None
        self._model_of = None  # Styles may have come to mean something else.
        if self._kept_from[2] == "head":
            self._kept[HEAD].append(raw)
        elif self._paragraph is not None:
            self._paragraph.metadata.append(raw)
        else:
            self._kept[BODY].append(raw)

    # Elements

    def _start(self, token: Token) -> None:
        name = local(token.name)
        if token.unread:
            self._findings.markup(token.line, token.raw)
        if name == "tt" and ROOT not in self._extra:
            self._root(token)
        elif name == "tt":
            self._other(token.raw)
        elif name == "head" or name in _METADATA:
            if not token.empty:
                self._kept_from = token.start, 1, name
            elif name != "head":
                self._kept_from = token.start, 0, name
                self._keep(token.raw)
                self._kept_from = None
            return
        elif name == "br" and self._paragraph is not None:
            self._paragraph.line_break(self._open[-1])
            if token.attributes:
                self._other(token.raw)
            if not token.empty:
                self._open.append(dataclasses.replace(self._open[-1], name="br", ruby=""))
            return
        elif name in ("set", "animate"):
            self._findings.markup(token.line, token.raw)
        elif name == "image" or any(local(key) == "backgroundImage" for key, _ in token.attributes):
            self._pictures += 1
        if name in ("body", "div", "p") and self._paragraph is not None:
            self._close_paragraph()
        if (name not in _NAMES and name not in ("set", "animate")) or not self._declared(token):
            self._findings.markup(token.line, token.raw)
        if name in ("div", "br") and token.attributes:
            self._other(token.raw)
        if len(self._open) > _DEEPEST:
            self._findings.markup(token.line, token.raw)
            self._too_deep += not token.empty
            if self._too_deep > _TOO_DEEP:
                raise self._source.broken(Text("its elements are nested too deeply"))
            return
        self._push(token, name)
        if token.empty:
            self._close(len(self._open) - 1)

    def _is_ours(self, name: str) -> bool:
        """Whether the name's prefix is one that the file declares; before the root all are."""
        prefix, colon, _ = name.rpartition(":")
        return not colon or self._prefixes is None or prefix in self._prefixes

    def _declared(self, token: Token) -> bool:
        """Whether its name and attributes have prefixes that the file declares."""
        if self._prefixes is not None:
            self._prefixes.update(key[6:] for key, _ in token.attributes if key.startswith("xmlns:"))
        return self._is_ours(token.name) and all(self._is_ours(key) for key, _ in token.attributes)

    def _other(self, raw: str) -> None:
        self._kept[OTHERS].append(raw + "\n")

    def _root(self, token: Token) -> None:
        self._extra[ROOT] = "\n".join(f"{name} {' '.join(value.split())}" for name, value in token.attributes)
        self._prefixes = {"xml", "xmlns"}
        self._is_lyrics = is_lyrics(token.attributes)
        values = {local(name): value for name, value in token.attributes}
        self._times = Times(values, self._source.options.fps)
        self._sheet = Sheet(values, self._times)
        self._language = values.get("lang", "")

    def _push(self, token: Token, name: str) -> None:
        above = self._open[-1] if self._open else Element("")
        values = {local(key): value for key, value in token.attributes}
        own = self._sheet.of(values)
        properties = inherited(above.properties, own)
        begin, end = self._interval(token, values, above)
        sung = begin if self._is_lyrics and name == "span" and "begin" in values else None
        if self._is_lyrics and name == "span":
            begin, end = above.begin, above.end
        element = Element(
            name,
            begin,
            end,
            properties,
            own,
            values.get("region", above.region),
            values.get("lang", above.language),
            values.get("space", "preserve" if above.preserve else "") == "preserve",
            values.get("agent", above.agent),
            sequence=values.get("timeContainer") == "seq",
            ends="end" in values or "dur" in values,
            ruby=own.get("ruby", above.ruby) if name == "span" else "",
            base=above.base,
            clipped=above.clipped or (above.end is not None and begin >= above.end),
        )
        element.sung = sung
        element.kinds = self._kinds(element, above, values)
        if name == "span":
            element.raw = token.raw if token.attributes else ""
            element.before = len(self._paragraph.runs) if self._paragraph is not None else 0
            others = unread(token.attributes, self._sheet)
            element.kinds += tuple((ATTRIBUTE, f"{key} {value}") for key, value in others)
            if others and element.ruby in ("text", "delimiter"):  # A reading is letters, and nothing beside.
                self._findings.markup(token.line, token.raw)
        self._open.append(element)
        if name == "p":
            style = values.get("style", "").split(" ")[0]
            others = unread(token.attributes, self._sheet, ("id", "region"))
            self._paragraph = Paragraph(element, token, values, style if self._sheet.knows(style) else "", others)
            self._paragraph.no_begin = "begin" in values and self._times.seconds(values["begin"]) is None
            self._surroundings(self._paragraph, values)
        elif "ruby" in own:
            self._ruby(element, above.ruby == element.ruby)
        if name == "body":
            self._body_properties = own
            self._body(token)

    def _body(self, token: Token) -> None:
        others = [(key, value) for key, value in token.attributes if key not in (*TIMED, "timeContainer")]
        if others:
            said = [f"{key} {' '.join(value.split())}" for key, value in others]
            before = self._extra.get("ttml.body_attributes")
            self._extra["ttml.body_attributes"] = "\n".join([before, *said] if before else said)

    def _surroundings(self, paragraph: Paragraph, values: dict[str, str]) -> None:
        """What the paragraph would look like without what it and its divisions say themselves: written files keep the
        regions, the body and the styles, and say the difference."""
        element = paragraph.element
        region = self._sheet.regions.get(element.region)
        named = self._sheet.of({"style": values.get("style", "")})
        around = region.properties if region else {}
        base = inherited(inherited(around, self._body_properties), named)
        properties = inherited(around, element.properties)
        kinds = kinds_of(base, {})
        if kinds:
            paragraph.extra[BASE] = "\n".join(f"{kind} {value}" for kind, value in kinds)
        for name in ("textAlign", "direction", "writingMode"):
            if properties.get(name, "") != base.get(name, ""):
                paragraph.extra[ALIGN] = paragraph.extra.get(ALIGN, "") + f"{name} {properties.get(name, '')}\n"

    def _ruby(self, element: Element, inside: bool) -> None:
        """Readings belong to bases in the order in which both come, one after another or in two containers."""
        if element.ruby == "container":
            self._waiting = []
        elif element.ruby == "base" and not inside:
            self._bases += 1
            element.base = self._bases
            self._waiting.append(self._bases)
        elif element.ruby == "text" and not inside:
            element.base = self._waiting.pop(0) if self._waiting else self._bases

    def _kinds(self, element: Element, above: Element, values: dict[str, str]) -> tuple[tuple[str, str], ...]:
        region = self._sheet.regions.get(element.region)
        properties = inherited(region.properties, element.properties) if region else dict(element.properties)
        for name in ("backgroundColor", "displayAlign"):
            if name not in element.own:
                properties.pop(name, None)
        if element.name not in ("p", "span"):
            properties.pop("backgroundColor", None)
        kinds = list(kinds_of(properties, values if element.name in ("p", "span") else {}))
        if element.name == "span":
            if values.get("style"):
                kinds.append((STYLE, values["style"]))
            known = {kind for kind, _ in kinds}
            kinds += [pair for pair in above.kinds if pair[0] in _LASTING and pair[0] not in known][:_MOST_KINDS]
        if element.language and element.language != self._language:
            kinds.append((LANGUAGE, element.language))
        if element.agent:
            names = [self._agents.get(agent, agent) for agent in element.agent.split()]
            kinds.append((VOICE, ", ".join(names)))
        return tuple(kinds)

    def _interval(self, token: Token, values: dict[str, str], above: Element) -> tuple[Fraction, Fraction | None]:
        reference = above.cursor if above.sequence and above.cursor is not None else above.begin
        if not any(key in values for key in TIMED):
            return reference, above.end
        found: dict[str, Fraction] = {}
        for key in TIMED:
            if key in values:
                seconds = self._times.seconds(values[key])
                if seconds is None:
                    message = Text('the time "{time}" cannot be read.', time=quoted(values[key]))
                    self._findings.add(Kind.TIME, message, token.line, values[key])
                else:
                    found[key] = seconds
        if self._is_lyrics or ("begin" in found and self._is_from_zero(found["begin"], reference, above, token.line)):
            reference = Fraction(0)
        begin = reference + found["begin"] if "begin" in found else reference
        ends = [above.end] if above.end is not None and not self._is_lyrics else []
        if "end" in found:
            ends.append(reference + found["end"])
        if "dur" in found:
            ends.append(begin + found["dur"])
        return begin, min(ends, default=None)

    def _is_from_zero(self, begin: Fraction, reference: Fraction, above: Element, line: int) -> bool:
        """Whether a time is counted from the beginning of all: nobody would see anything, were it as it should be."""
        if above.from_zero is None:
            above.from_zero = (
                not above.sequence and above.end is not None and above.begin <= begin < above.end <= reference + begin
            )
            if above.from_zero:
                message = Text("times in it are outside of its own; they were counted from the beginning of all.")
                self._findings.add(Kind.TIME, message, line)
        return above.from_zero

    def _end(self, token: Token) -> None:
        name = local(token.name)
        if token.unread or name not in _NAMES or not self._is_ours(token.name):
            self._findings.markup(token.line, token.raw)
        if self._too_deep:
            self._too_deep -= 1
            return
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index].name == name:
                self._close(index)
                return
            if self._open[index].name in _BLOCKS and name not in _BLOCKS:
                break
        if name in _NAMES:
            self._findings.markup(token.line, token.raw)

    def _close(self, index: int) -> None:
        """Close the element at `index` and all that is open inside it."""
        while len(self._open) > index:
            element = self._open[-1]
            if element.name == "p" and self._paragraph is not None:
                if not self._finish(self._paragraph):
                    self._other(self._paragraph.raw + "".join(self._paragraph.metadata))
                self._paragraph = None
            elif element.raw and (self._paragraph is None or len(self._paragraph.runs) == element.before):
                self._other(element.raw)
            self._open.pop()
            if self._open:
                _tell(self._open[-1], element)

    def _close_paragraph(self) -> None:
        index = next(index for index, element in enumerate(self._open) if element.name == "p")
        self._close(index)

    # Paragraphs

    def _finish(self, paragraph: Paragraph) -> bool:
        """Make rows of a paragraph; False where it has no text to show."""
        before = len(self._rows)
        element = paragraph.element
        region = self._sheet.regions.get(element.region)
        begin, end = element.begin, element.end
        if region is not None:
            begin = max(begin, region.begin)
            end = earlier(end, region.end)
        clipped = element.clipped or element.sequence or begin > element.begin or end != element.end
        for first, last, runs in paragraph.shown(begin, end):
            text, spans = joined(runs)
            if not text:
                continue
            if last is not None and last <= first and clipped:
                self._never(paragraph, text, (span.value for span in spans))
            else:
                self._rows.append(self._row(paragraph, first, last, text, spans))
        for run in paragraph.lost():
            self._never(paragraph, run.text.strip(), (value for _, value in run.kinds))
        if not element.sequence:
            element.cursor = paragraph.last
        return len(self._rows) > before

    def _never(self, paragraph: Paragraph, text: str, said: Iterable[str]) -> None:
        """Note a text, and what its formatting says, that no cue has."""
        template = Text('"{text}" is never shown: its time is outside of that of what it stands in.', text=quoted(text))
        self._findings.add(Kind.HIDDEN, template, paragraph.line, "\n".join([text, *filter(None, said)]))

    def _row(
        self, paragraph: Paragraph, begin: Fraction, end: Fraction | None, text: str, spans: tuple[Span, ...]
    ) -> Row:
        element = paragraph.element
        speaker = ""
        voices = [span for span in spans if span.kind == VOICE]
        if len(voices) == 1 and (voices[0].start, voices[0].end) == (0, len(text)):
            speaker = voices[0].value
            spans = tuple(span for span in spans if span.kind != VOICE)
        extra = dict(paragraph.extra)
        if paragraph.metadata:
            extra[METADATA] = "".join(paragraph.metadata)
        placing = self._sheet.placing(element.region, element.properties)
        if element.region:
            extra[REGION] = element.region
            extra[PLACING] = said(placing)
        words = words_of(text, spans, float(begin), float(end if end is not None else begin)) if self._is_lyrics else ()
        cue = new_cue(
            0.0, 0.0, text, spans, placing, paragraph.style, speaker, 0, paragraph.name, extra, paragraph.line, words
        )  # fmt: skip
        start = None if paragraph.no_begin and begin == element.begin else float(begin)
        return Row(start, None if end is None else float(end), cue, paragraph.times)


def _tell(above: Element, element: Element) -> None:
    """When an element ends, for what it is in: the next one of a sequence begins then."""
    if element.ends:
        finish = element.end
    elif element.sequence:
        # As long as its parts, and no time at all without any (TTML 2, 12.4).
        finish = element.cursor or element.begin
    else:
        finish = element.cursor or element.end
    if finish is not None:
        above.cursor = finish if above.sequence or above.cursor is None else max(above.cursor, finish)


_ROOT = re.compile(r"<(?:[\w.-]+:)?tt[\s>/]")


def looks(head: str) -> bool:
    """Whether it is XML with a `tt` element."""
    return head.startswith("<") and _ROOT.search(head) is not None
