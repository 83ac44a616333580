# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a SubRip subtitle: HTML's tags, SubStation's and MicroDVD's, and entities, as its files borrow them; also
for the formats that borrow from SubRip."""

from __future__ import annotations

import html
import re

from ...markup import BELOW, BOLD, COLOR, FONT, ITALIC, LANGUAGE, SIZE, STRIKE, UNDERLINE, VOICE, Placing, Span
from ..document import Cue
from . import codes, overrides
from .base import Findings, is_too_long
from .colors import from_css
from .tags import TextBuilder, marked_up, tidied_text, without_empty_lines
from .xml_tokens import character

_MARKUP = re.compile(
    r"<(?P<close> ?/ ?|(?:(?<!\w<) (?=(?P<twin>[ibu]) ?>[^<]*< ?/ ?(?P=twin) ?>))?)"
    r"(?P<tag>i|b|u|s|em|strong|strike|del|font|span|c|v|lang|ruby|rt|p|small|big|tt)"
    r"(?P<attributes>(?:[\s.=/][^<>]*)?)>"
    r"|<(?P<ansi>/?3[0-7])>|<(?P<break>br)\s*/?>|\[br\s?/?\]|<(?P<time>\d[\d:.]*)>"
    r"|\{(?P<block> ?\\[^{}]*|an[1-9])\}|\{(?:(?P<shut>/)(?P<end>[ibus])"
    r"|(?P<switch>[ibus])(?=\}[^{}]*(?:\{[^{}]*\}[^{}]*){0,16}?\{/(?P=switch)\}))\}|\{(?P<dvd>[a-zA-Z]:[^{}]*)\}"
    r"|&(?P<entity>amp|lt|gt|quot|apos|nbsp|lrm|rlm|zwnj|zwj|shy|hellip|mdash|ndash|#\d{1,7}|#x[0-9a-f]{1,6}"
    r"|[a-z](?:acute|grave|circ|tilde|uml|cedil|ring|slash|caron)|(?:ae|oe|sz)lig|[lr]?[ls]aquo|[lrsb][sd]quo|[lr]aquo"
    r"|i?(?:excl|quest)|copy|reg|trade|euro|pound|yen|cent|sect|para|deg|middot|bull|ord[fm]|sup[123]|frac(?:12|14|34)"
    r"|times|divide|plusmn|micro|eth|thorn|[rl]arr|sung|(?:th|en|em)sp);",
    re.IGNORECASE,
)
_PICTURE = (384.0, 288.0)
"""What players measure `{\\pos(192,20)}` in, where a file does not say how large its picture is."""
_ATTRIBUTE = re.compile(r"(?<![a-z-])([a-z-]+)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)", re.IGNORECASE)
_STYLE = re.compile(r"\s+style\s*=\s*([\"'])([^\"'<>]*)\1\s*", re.IGNORECASE)
_DECLARATIONS: dict[tuple[str, str], tuple[str, str]] = {
    ("font-style", "italic"): (ITALIC, ""),
    ("font-weight", "bold"): (BOLD, ""),
    ("font-weight", "700"): (BOLD, ""),
    ("text-decoration", "underline"): (UNDERLINE, ""),
    ("text-decoration", "line-through"): (STRIKE, ""),
}
_ANSI = ("#000000", "#ff0000", "#00ff00", "#ffff00", "#0000ff", "#ff00ff", "#00ffff", "#ffffff")
"""The colours of terminals, by whose numbers (`<36>`) Sweden's television tells its speakers apart."""
_SAME = {"em": "i", "strong": "b", "strike": "s", "del": "s"}
_KINDS = {"i": ITALIC, "b": BOLD, "u": UNDERLINE, "s": STRIKE}
_TAG_OF = {kind: tag for tag, kind in _KINDS.items()}
_MAY_BE_MARKUP = re.compile(r"[<{&\[]")


def read_text(raw: str, findings: Findings, line: int) -> tuple[str, tuple[Span, ...], Placing, str]:
    """The text of a subtitle without its tags, their spans, where it stands, and who says it. Also for SBV and others
    that borrow SubRip's tags."""
    if not _MAY_BE_MARKUP.search(raw):
        return (*tidied_text(raw), BELOW, "")
    if is_too_long(raw, "<{\\"):
        findings.too_long(line)
        return (*tidied_text(raw), BELOW, "")
    builder = TextBuilder()
    blocks = overrides.Overrides(builder, _PICTURE)
    end = 0
    for match in _MARKUP.finditer(raw):
        _say(raw[end : match.start()], builder)
        end = match.end()
        _apply(match, builder, blocks, findings, line)
    _say(raw[end:], builder)
    text, spans = builder.done()
    for value in builder.empty:
        findings.markup(line, value)
    placing = Placing(blocks.align or 2, *(blocks.position or (None, None)))
    voices = [span for span in spans if span.kind == VOICE]
    if len(voices) == 1 and (voices[0].start, voices[0].end) == (0, len(text)):
        return text, tuple(span for span in spans if span.kind != VOICE), placing, voices[0].value
    return text, spans, placing, ""


def _say(piece: str, builder: TextBuilder) -> None:
    """Letters between two pieces of markup; codes of MicroDVD in small letters end with their line."""
    if "\n" in piece and builder.is_open("dvd.line"):
        line, _, piece = piece.partition("\n")
        builder.text(line)
        builder.close_all("dvd.line")
        piece = f"\n{piece}"
    builder.text(piece)


def _apply(
    match: re.Match[str], builder: TextBuilder, blocks: overrides.Overrides, findings: Findings, line: int
) -> None:
    if tag := match["tag"]:
        tag = _SAME.get(tag.lower(), tag.lower())
        if match["close"].strip():
            if not builder.close(tag) or match["attributes"].strip():
                findings.markup(line, match[0])
        else:
            _open(tag, match, builder, findings, line)
    elif match["break"]:
        builder.text("\n")
    elif match[0][0] == "[":
        builder.text("\n")
        findings.new_line(line, match[0])
    elif match["block"]:
        block = match["block"].strip()
        blocks.apply(block if block[0] == "\\" else f"\\{block}")  # Somebody lost the backslash of {\\an8}.
    elif switch := match["switch"] or match["end"]:
        letter = switch.lower()
        if not match["shut"]:
            builder.open(letter, (_KINDS[letter], ""))
        elif not builder.close(letter):
            findings.markup(line, match[0])
    elif match["ansi"]:
        if match["ansi"][0] != "/":
            builder.open("ansi", (COLOR, _ANSI[int(match["ansi"][-1])]))
        elif not builder.close("ansi"):
            findings.markup(line, match[0])
    elif match["dvd"] and (looks := codes.looks_of(match["dvd"])):
        builder.open("dvd" if match["dvd"][0].isupper() else "dvd.line", *looks)
    elif match["entity"]:
        # As it is, for &Eacute; is another letter than &eacute;; then as who shouts &NBSP; means it.
        found = character(match[0])
        builder.text(character(match[0].lower()) if found == match[0] and match[0][1] != "#" else found)
    else:
        builder.point("srt.tag", match[0])


def _open(tag: str, match: re.Match[str], builder: TextBuilder, findings: Findings, line: int) -> None:
    attributes = match["attributes"]
    if tag in _KINDS:
        builder.open(tag, (_KINDS[tag], ""))
        if attributes.strip():
            findings.markup(line, match[0])
    elif tag == "font":
        kinds, unread = font(attributes)
        builder.open(tag, *kinds)
        if unread:
            findings.markup(line, match[0])
    elif tag == "span" and (look := _styled(attributes)):
        builder.open(tag, *look)
    elif tag == "c" and (color := next(filter(None, map(from_css, attributes.split("."))), None)):
        builder.open(tag, (COLOR, color))
    elif tag == "v" and attributes.strip():
        builder.open(tag, (VOICE, " ".join(attributes.lstrip(".").split())))
    elif tag == "lang" and attributes.strip():
        builder.open(tag, (LANGUAGE, attributes.strip()))
    else:
        builder.open(tag, ("srt.tag", match[0]))


def _styled(attributes: str) -> list[tuple[str, str]]:
    """What a span of HTML with a style looks like; empty where it says more than a span of ours can."""
    style = _STYLE.fullmatch(attributes)
    declarations = [part.partition(":") for part in style[2].lower().split(";") if part.strip()] if style else []
    kinds = [_declared(name.strip(), value.strip()) for name, _, value in declarations]
    return [kind for kind in kinds if kind] if all(kinds) else []


def _declared(name: str, value: str) -> tuple[str, str] | None:
    if name == "color" and (color := from_css(value)):
        return COLOR, color
    return _DECLARATIONS.get((name, value))


def font(attributes: str) -> tuple[list[tuple[str, str]], bool]:
    """What a font tag says, and whether it says something else besides."""
    kinds: list[tuple[str, str]] = []
    unread = bool(re.search(r"[^\s/]", _ATTRIBUTE.sub("", attributes)))
    for name, quoted_value in _ATTRIBUTE.findall(attributes):
        value = html.unescape(quoted_value.strip("\"'")).strip()
        color = from_css(value) if name.lower() == "color" else None
        if color:
            kinds.append((COLOR, color))
        elif name.lower() == "face" and value:
            kinds.append((FONT, value))
        elif name.lower() == "size" and value:
            kinds.append((SIZE, value))
        else:
            unread = True
    return kinds, unread


# Writing

KEEPS = frozenset({BOLD, ITALIC, UNDERLINE, STRIKE, COLOR, FONT, SIZE, "srt.tag", overrides.TAG, "placing"})


def written(cue: Cue, own: bool) -> str:
    """The text of a cue with its tags; for other formats that borrow them too. `own`: also what only SubRip says."""
    if cue.spans:
        spans = [span for span in cue.spans if own or not span.kind.startswith(("srt.", "ass."))]
        # What looks like markup is found before the tags are put in: one of them may stand in the middle of it.
        text = marked_up(_all_marked(cue.text), spans, _opening, _closing, _unmarked)
    else:
        text = _escaped(cue.text)
    if "\n" in text or "-->" in text:
        text = without_empty_lines(text)
        text = text.replace("-->", "->")
    if own and cue.placing.x is not None and cue.placing.y is not None:
        return f"{_place(cue.placing)}{text}"
    corner = _corner(cue.placing) if cue.placing.align != 2 else 2
    return f"{{\\an{corner}}}{text}" if corner != 2 else text


def _place(placing: Placing) -> str:
    """As SubStation says it, which some players obey in SubRip too."""
    x, y = (round((share or 0.0) * size, 3) for share, size in zip((placing.x, placing.y), _PICTURE, strict=True))
    corner = f"\\an{placing.align}" if placing.align != 2 else ""
    return f"{{{corner}\\pos({x:g},{y:g})}}"


def _corner(placing: Placing) -> int:
    """As on a number pad, where nothing more exact can be said: a text that begins a third from the edge, as services
    centre theirs, is nearer to the middle than to the corner."""
    is_inside = placing.x is not None and _EDGE < placing.x < 1 - _EDGE
    return placing.align - (placing.align - 1) % 3 + 1 if is_inside else placing.align


def _opening(span: Span) -> str:
    if span.kind in _TAG_OF:
        return f"<{_TAG_OF[span.kind]}>"
    if span.kind == COLOR:
        return f'<font color="{span.value[:7]}">'
    if span.kind == FONT:
        return f'<font face="{html.escape(span.value)}">'
    if span.kind == SIZE:
        return f'<font size="{html.escape(span.value)}">'
    if span.kind == "srt.tag":
        return span.value
    return f"{{{span.value}}}" if span.kind == overrides.TAG else ""


def _closing(span: Span) -> str:
    if span.kind in _TAG_OF:
        return f"</{_TAG_OF[span.kind]}>"
    if span.kind in (COLOR, FONT, SIZE):
        return "</font>"
    if span.kind == "srt.tag" and (match := re.match(r"<(\w+)", span.value)):
        return f"</{match[1]}>"
    return ""


_EDGE = 0.2
"""Share of the picture's width from its left and right edge on, in which a text that begins or ends there is at it."""
_MOST_NESTED = 8
"""Markup inside of markup that is looked for; in a text with more no sign is left to begin any."""
_MARKS = {"<": "\ufdd0", "{": "\ufdd1", "&": "\ufdd2", "[": "\ufdd3"}
"""Signs that begin markup, and code points that are no characters to stand for them meanwhile."""


def _marked(match: re.Match[str]) -> str:
    return _MARKS[match[0][0]] + match[0][1:]


def _all_marked(text: str) -> str:
    """The text with a mark in place of each sign that begins markup: without what is inside, what is around may."""
    for _ in range(_MOST_NESTED):
        marked = _MARKUP.sub(_marked, text)
        if marked == text:
            return text
        text = marked
    for sign, mark in _MARKS.items():
        text = text.replace(sign, mark)
    return text


def _unmarked(text: str) -> str:
    for sign, mark in _MARKS.items():
        text = text.replace(mark, f"&#{ord(sign)};")
    return text


def _escaped(text: str) -> str:
    """Only what would be read as markup is written as an entity: players show entities as they stand."""
    if not _MAY_BE_MARKUP.search(text):
        return text
    return _unmarked(_all_marked(text))
