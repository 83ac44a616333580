# SPDX-License-Identifier: GPL-3.0-or-later
"""What a panel, the status bar and the clipboard say of a download: words and numbers, no layout.

Memory only: made for `draw()`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..events import Progress, State
from ..text import Text
from ..units import human_duration, human_size, human_speed

if TYPE_CHECKING:
    from ..events import Checked
    from .record import JobRecord

WORDS: dict[State, Text] = {
    State.QUEUED: Text("Waiting its turn"),
    State.CHECKING: Text("Checking"),
    State.DOWNLOADING: Text("Downloading"),
    State.STALLED: Text("Nothing arrives"),
    State.RETRYING: Text("Trying again"),
    State.WAITING: Text("Another program downloads it"),
    State.VERIFYING: Text("Verifying"),
    State.UNPACKING: Text("Unpacking"),
    State.PAUSED: Text("Paused"),
    State.INTERRUPTED: Text("Interrupted"),
    State.LOADING: Text("Loading"),
    State.TRANSCRIBING: Text("Transcribing"),
    State.DONE: Text("Finished"),
    State.FAILED: Text("Failed"),
    State.CANCELLED: Text("Cancelled"),
}

_AT_REST = (State.PAUSED, State.INTERRUPTED)


def headline(event: Progress) -> Text:
    """What stands on the bar: the state, and the percent once the total is known.

    >>> print(headline(Progress(job="1", model="tiny", state=State.DOWNLOADING, bytes_done=45, bytes_total=100)))
    45%
    >>> print(headline(Progress(job="1", model="tiny", state=State.RETRYING, retry_in=4.2)))
    Trying again in 5 s
    """
    word = WORDS[event.state]
    if event.state is State.RETRYING and event.retry_in is not None:
        word = Text("Trying again in {time}", time=human_duration(event.retry_in))
    if not event.bytes_total or event.state in (State.QUEUED, State.CHECKING):
        return word
    # Cut, not rounded: 100% is for what is complete.
    percent = f"{int(event.fraction * 100)}%"
    if event.state is State.DOWNLOADING:
        return Text("{percent}", percent=percent)
    if event.state in _AT_REST:
        return Text("{state} at {percent}", state=word, percent=percent)
    return Text("{percent}  {state}", percent=percent, state=word)


def amounts(event: Progress) -> Text:
    """Bytes, and while they move their speed and the time left; empty before the total is known.

    >>> event = Progress(job="1", model="tiny", state=State.DOWNLOADING, bytes_done=25_000_000,
    ...     bytes_total=78_000_000, speed=5e6, eta=10.6)
    >>> print(amounts(event))
    25.0 MB of 78.0 MB  5.0 MB/s  11 s left
    """
    amount, moving = amount_lines(event)
    return Text("{amount}  {pace}", amount=amount, pace=moving) if moving else amount


def amount_lines(event: Progress) -> tuple[Text, Text]:
    """The same for two short lines: bytes; speed and time left. What is not known is empty.

    >>> event = Progress(job="1", model="tiny", state=State.DOWNLOADING, bytes_done=25_000_000,
    ...     bytes_total=78_000_000, speed=5e6, eta=10.6)
    >>> print(*amount_lines(event), sep="; ")
    25.0 MB of 78.0 MB; 5.0 MB/s  11 s left
    """
    if not event.bytes_total:
        return Text(""), Text("")
    text = Text("{done} of {total}", done=human_size(event.bytes_done), total=human_size(event.bytes_total))
    if event.speed <= 0:
        return text, Text("")
    speed = human_speed(event.speed)
    if event.eta is None:
        return text, Text("{speed}", speed=speed)
    return text, Text("{speed}  {time} left", speed=speed, time=human_duration(event.eta))


def file_line(event: Progress) -> Text:
    """Which file moves; empty before the first.

    >>> print(file_line(Progress(job="1", model="tiny", state=State.DOWNLOADING, file="a.bin", files_total=3)))
    File 1 of 3: a.bin
    """
    if not event.file or not event.files_total:
        return Text("")
    number = min(event.files_done + 1, event.files_total)
    return Text("File {number} of {total}: {name}", number=number, total=event.files_total, name=event.file)


def status(name: str, event: Progress) -> Text:
    """All of it in one line, for the status bar and the bar of a transcription that waits for it."""
    numbers = amounts(event)
    if not numbers:
        return Text("{name}: {state}", name=name, state=headline(event))
    return Text("{name}: {state}  {numbers}", name=name, state=headline(event), numbers=numbers)


def when(seconds: float | None) -> str:
    """A time of the store, unix seconds, as the user's clock shows it; empty for none."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds)) if seconds else ""


def checks(checked: Checked) -> list[tuple[Text, Text]]:
    """What was looked at before the first byte, as name and finding, in the order in which it was."""
    here, free = human_size(checked.bytes_present), checked.bytes_free
    total = human_size(checked.bytes_total)
    if checked.account:
        account = Text("{name}", name=checked.account)
    else:
        account = Text("the token was accepted") if checked.token else Text("none needed")
    return [
        (Text("Server"), Text("{name}", name=checked.endpoint)),
        (Text("Account"), account),
        (Text("Licence"), Text("accepted") if checked.gated else Text("free to download")),
        (Text("Files"), Text("{number}", number=checked.files_total)),
        (Text("Size"), Text("{total}, {here} of it here", total=total, here=here)),
        (Text("Free Space"), Text("not known") if free is None else Text("{size}", size=human_size(free))),
    ]


def report(record: JobRecord) -> str:
    """A job in full, for the clipboard and an issue: English, and without anything secret."""
    lines = [
        ("Job", record.id),
        ("Model", record.model),
        ("Revision", record.revision or "newest"),
        ("State", record.state.value),
        ("Bytes", f"{record.bytes_done} of {record.bytes_total}"),
        ("Started", when(record.started)),
        ("Ended", when(record.ended)),
        ("Error", record.error),
        ("Message", f"{record.message} {record.hint}".strip()),
        ("Details", record.details),
    ]
    return "\n".join(f"{name}: {value}" for name, value in lines if value)
