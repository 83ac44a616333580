# SPDX-License-Identifier: GPL-3.0-or-later
"""XML and HTML as subtitle files have them, cut into tags and text, whatever is wrong with them.

Not an XML parser of the library: these stop at the first fault, and a file with one stray `&` would be lost. Nothing is
expanded here but characters' own names, so that there is no entity to make a bomb of, and nothing outside is read. On
a file without faults it sees what an XML parser sees, which a test compares. Time is linear in the text.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal, NamedTuple

_NAME = r"[A-Za-z_\u0080-\U0010ffff][^\s<>/=\"'&]*+"
_TOKEN = re.compile(
    r"<!--(?P<comment>.*?)(?:-->|\Z)"
    r"|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)"
    r"|<\?(?P<instruction>.*?)(?:\?>|\Z)"
    r"|(?P<doctype><!DOCTYPE\b[^\[>]*+(?:\[.*?(?:\]\s*>|\Z)|>|\Z))"
    rf"|</(?P<close>{_NAME})(?P<behind>[^<>]*+)>"
    rf"|<(?P<open>{_NAME})(?P<attributes>(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)>",
    re.DOTALL | re.IGNORECASE,
)
BEFORE_ROOT = (
    r"\A(?:[^\S<]*+<(?:\?[^>]*+>|!--(?:[^-]|-(?!->))*+-->|!DOCTYPE\b[^\[>]*+(?:\[[^\]]*+\]\s*+)?+>))*+[^\S<]*+"
)
"""Pattern of what may stand above a file's first element."""
_PARAGRAPH = re.compile(
    r"(?P<paragraph><(?P<prefix>(?:[\w.-]++:)?)(?-i:p)(?P<said>(?:\s++[\w:.-]++=\"[^\"<&]*+\")++)\s*+>"
    r"(?P<inside>[^<]*+(?:<(?P=prefix)(?-i:br)\s*+/>[^<]*+)*+)</(?P=prefix)(?-i:p)>)|" + _TOKEN.pattern,
    re.DOTALL | re.IGNORECASE,
)
# The one before the name: without it each letter of a long word would be tried as the beginning of a name.
_ATTRIBUTE = re.compile(r"(?<![^\s=<>\"'/])([^\s=<>\"'/]++)\s*=\s*(\"[^\"]*+\"|'[^']*+'|[^\s\"'<>]++)")
_MOST_ATTRIBUTES = 1000
"""A tag that has more is damaged, or made to fill the memory: each takes thirty times its letters."""
_AT_A_TIME = 8192
"""Letters of a text whose entities are read together."""
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")

Kind = Literal["open", "close", "text", "comment", "instruction", "doctype", "paragraph"]


class Token(NamedTuple):
    """A piece of the file."""

    kind: Kind
    raw: str
    """As it stands in the file."""
    start: int
    """Where, in characters."""
    line: int
    """Counted from 1."""
    name: str = ""
    """Of a tag, with its prefix as it stands."""
    text: str = ""
    """What a text says, its entities read; what a comment or an instruction holds."""
    attributes: tuple[tuple[str, str], ...] = ()
    """With their prefixes, values read."""
    empty: bool = False
    """Whether an opening tag closes itself."""
    unread: str = ""
    """What stands in a tag and is no attribute."""


def tokens(
    text: str, *, paragraphs: bool = False, start: int = 0, end: int | None = None, line: int = 1
) -> Iterator[Token]:
    """All of the text, in order: every character is in the `raw` of one token.

    With `start` and `end` what is between them, as if it were all; `line` is that of its first character.

    With `paragraphs` a `p` with nothing inside but text and `br` is one token: its `text` is what is inside, its
    `unread` are its attributes, both as they stand. White space in front of it, which means nothing, is in no token.
    """
    position = start
    end = len(text) if end is None else end
    for match in (_PARAGRAPH if paragraphs else _TOKEN).finditer(text, start, end):
        first, last = match.span()
        is_paragraph = match.lastgroup == "paragraph"
        if first > position:
            before = text[position:first]
            if not is_paragraph or not before.isspace():
                yield Token("text", before, position, line, text=unescaped(before))
            line += before.count("\n")
        raw = match[0]
        if is_paragraph:
            prefix, said, inside = match.group("prefix", "said", "inside")
            yield Token("paragraph", raw, first, line, f"{prefix}p", inside, unread=said)
        else:
            yield _token(match, line)
        line += raw.count("\n")
        position = last
    if position < end:
        raw = text[position:end]
        yield Token("text", raw, position, line, text=unescaped(raw))


def _token(match: re.Match[str], line: int) -> Token:
    raw, start = match[0], match.start()
    match match.lastgroup:
        case "cdata":
            return Token("text", raw, start, line, text=match["cdata"])
        case "comment" | "instruction" | "doctype" as kind:
            return Token(kind, raw, start, line, text=match[kind])
        case "behind":
            return Token("close", raw, start, line, match["close"], unread=match["behind"].strip())
    inside = match["attributes"]
    empty = inside.rstrip().endswith("/")
    if empty:
        inside = inside.rstrip()[:-1]
    if not inside.strip():
        return Token("open", raw, start, line, match["open"], empty=empty)
    if len(inside) > _MOST_ATTRIBUTES and inside.count("=") > _MOST_ATTRIBUTES:
        return Token("open", raw, start, line, match["open"], empty=empty, unread=inside.strip())
    pairs = tuple((name, unescaped(value.strip("\"'"))) for name, value in _ATTRIBUTE.findall(inside))
    unread = _ATTRIBUTE.sub("", inside).strip(" \t\n/")
    return Token("open", raw, start, line, match["open"], attributes=pairs, empty=empty, unread=unread)


def unescaped(text: str) -> str:
    """With the characters that entities stand for; an entity that nobody knows, or that is no character, stays.

    >>> unescaped("a &amp; b &lt; c &nbsp; d & e &what; &#0;")
    'a & b < c \\xa0 d & e &what; &#0;'
    """
    if "&" not in text:
        return text
    if len(text) <= _AT_A_TIME:
        return _ENTITY.sub(_character, text)
    return "".join(_ENTITY.sub(_character, piece) for piece in _pieces(text))


def _character(match: re.Match[str]) -> str:
    return character(match[0])


def _pieces(text: str) -> Iterator[str]:
    """Some thousand letters at a time, no entity cut in two: all entities of a long text, each an object, would take
    fifteen times what it does."""
    start = 0
    while (stop := text.find("&", start + _AT_A_TIME)) >= 0:
        yield text[start:stop]
        start = stop
    yield text[start:]


def character(entity: str) -> str:
    """What one entity stands for; the entity itself where nobody knows it, or where it is no character of a text.

    >>> character("&lt;"), character("&#6;"), character("&#xD800;")
    ('<', '&#6;', '&#xD800;')
    """
    found = html.unescape(entity)
    usable = found != "" and all(char in "\t\n" or (char >= " " and not "\ud800" <= char <= "\udfff") for char in found)
    return found if usable and "\ufffd" not in found else entity


def closed(raw: str) -> str:
    """A piece of a file that ends where the file does, or where something else has to begin, so that more can stand
    behind it: what is open in it is closed.

    >>> closed("<head><metadata>a<!-- b"), closed("<!-->"), closed("<!DOCTYPE a [<!b>")
    ('<head><metadata>a<!-- b--></metadata></head>', '<!-->-->', '<!DOCTYPE a [<!b>]>')
    """
    names: list[str] = []
    times: Counter[str] = Counter()
    last = ""
    for token in tokens(raw):
        last = token.raw
        if token.kind == "open" and not token.empty:
            names.append(token.name)
            times[token.name] += 1
        elif token.kind == "close" and times[token.name]:
            while (name := names.pop()) != token.name:
                times[name] -= 1
            times[name] -= 1
    return raw + _missing_end(last) + "".join(f"</{name}>" for name in reversed(names))


def _missing_end(raw: str) -> str:
    """What a comment, an instruction or the like lacks at its end: only the last token of a file can."""
    for begin, end in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")):
        if raw.startswith(begin):
            return "" if raw.endswith(end) and len(raw) >= len(begin) + len(end) else end
    if not raw.startswith("<!"):
        return ""
    inside = raw.partition("[")[1] != "" and not re.search(r"\]\s*>\Z", raw)
    return "]>" if inside else "" if raw.endswith(">") else ">"


def local(name: str) -> str:
    """A name without its prefix."""
    return name.rpartition(":")[2]


_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escaped(text: str) -> str:
    """As XML wants it inside an element; what no XML file may hold becomes U+FFFD."""
    if not text.isprintable():
        text = _ILLEGAL.sub("\ufffd", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quoted(text: str) -> str:
    """The same for the value of an attribute, with its quotes."""
    return '"' + escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;") + '"'
