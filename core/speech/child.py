# SPDX-License-Identifier: GPL-3.0-or-later
"""The child process that listens: faster-whisper and nothing else.

Run as a plain script by `process.py`; it imports nothing of this package. One JSON object on stdin says what to
do. Records, one JSON object a line, come back on stdout:

    {"type": "loading", "device": "cpu"}            before a model is loaded
    {"type": "started", "seconds": 12.5, "language": "en", "probability": 0.98}
    {"type": "segment", "start": 1.0, "end": 2.5, "text": ..., "words": [...], ...}   seconds of the media
    {"type": "notice", "message": ..., "fields": {...}}  the message is a template, see text.py
    {"type": "error", "code": "no_audio" | "media_unreadable" | "model_unusable" | "library_missing" | "usage",
     "reason": ..., "fields": {...}}            the reason is a template too
    {"type": "end"}                                 all segments are out: what happens after this does not matter

stdout carries nothing else: file descriptor 1 is given away to stderr before any library is imported, because native
code prints where it likes. The process ends when its parent does, however that ended.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any, NoReturn

RATE = 16000
"""Samples per second that Whisper hears."""
SEEK_FROM = 10.0
"""Before this many seconds it is not worth seeking: reading from the start is exact in every container."""
_NICE = 10
"""How much less urgent than Blender: the share that batch jobs commonly get (the default of nice(1))."""
PREROLL = 2.0
"""Seconds decoded and thrown away after a seek: MP3, AAC and Opus need a run-up."""


class ChildError(Exception):
    """Something the user can mend. `code` is the code of the error class in errors.py, `reason` a template."""

    def __init__(self, code: str, reason: str, /, **fields: str) -> None:
        super().__init__(reason.format(**fields))
        self.code = code
        self.reason = reason
        self.fields = fields


class Records:
    """The line back to the parent."""

    def __init__(self) -> None:
        self._file = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
        os.dup2(2, 1)

    def send(self, type: str, **fields: Any) -> None:
        """One record, at once: the parent may be all that is left of us in a moment."""
        self._file.write(json.dumps({"type": type, **fields}, ensure_ascii=True) + "\n")
        self._file.flush()


def main() -> NoReturn:
    """Do what stdin says, and end without any teardown: CUDA and CTranslate2 have been seen to abort in theirs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches the whole group; the parent decides.
    records = Records()
    request = json.loads(sys.stdin.buffer.readline())
    _die_with_parent(request["parent"])
    _step_back()
    try:
        transcribe(request, records)
        records.send("end")
    except ChildError as error:
        records.send("error", code=error.code, reason=error.reason, fields=error.fields)
    except ImportError as error:
        records.send("error", code="library_missing", reason="{reason}", fields={"reason": _first_line(error)})
    sys.stderr.flush()
    os._exit(0)


def _step_back() -> None:
    """Let Blender's window go first where both want the processor. On Windows the parent has seen to it."""
    if os.name == "posix":
        with contextlib.suppress(OSError):
            os.nice(_NICE)


def _die_with_parent(parent: int) -> None:
    """Start a thread that ends this process when the parent is gone, `kill -9` included."""
    threading.Thread(target=_watch_handle if os.name == "nt" else _watch_stdin, args=(parent,), daemon=True).start()


def _watch_stdin(parent: int) -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(3)


def _watch_handle(parent: int) -> None:
    # Not stdin: on Windows a pending read on it blocks everyone who asks for the type of that handle,
    # and the start-up code of several DLLs does.
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined, unused-ignore]
    kernel.OpenProcess.restype = ctypes.c_void_p
    kernel.WaitForSingleObject.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
    synchronize, infinite = 0x00100000, 0xFFFFFFFF
    handle = kernel.OpenProcess(synchronize, False, parent)
    if handle:
        kernel.WaitForSingleObject(handle, infinite)
    os._exit(3)


def transcribe(request: dict[str, Any], records: Records) -> None:
    """Decode, load, listen; on a graphics card that fails, go on with the processor from where it stopped."""
    start, end = float(request["start"]), request["end"]
    check_model(request["model_path"])
    audio = decode(request["media"], start, end)
    if len(audio) == 0:
        records.send("notice", message="The chosen part of the media holds no sound.", fields={})
        return
    done = 0
    devices = _devices(request["device"])
    for device, next_device in zip(devices, [*devices[1:], None], strict=True):
        try:
            for segment in _listen(request, device, audio[done:], start + done / RATE, records):
                records.send("segment", **segment)
                done = max(done, int((segment["end"] - start) * RATE))
            return
        except RuntimeError as error:
            if next_device is None:
                raise
            print(f"{device}: {error}", file=sys.stderr, flush=True)
            records.send(
                "notice",
                message="The graphics card cannot be used ({reason}); using the processor.",
                fields={"reason": _first_line(error)},
            )


def _devices(wanted: str) -> list[str]:
    """What to try, in order."""
    if wanted != "auto":
        return [wanted]
    import ctranslate2

    return ["cuda", "cpu"] if ctranslate2.get_cuda_device_count() > 0 else ["cpu"]


def check_model(path: str) -> None:
    """Raises ChildError unless the folder has what faster-whisper would otherwise look for on the network."""
    if not os.path.isdir(path):
        raise ChildError("model_unusable", "the folder does not exist")
    for names in (("model.bin",), ("config.json",), ("tokenizer.json",), ("vocabulary.json", "vocabulary.txt")):
        if not any(os.path.isfile(os.path.join(path, name)) for name in names):
            raise ChildError("model_unusable", "{name} is missing", name=names[0])


def load_model(request: dict[str, Any], device: str) -> Any:
    """The model on `device`. Raises ChildError, or on a graphics card RuntimeError when it is the card's fault."""
    from faster_whisper import WhisperModel

    try:
        return WhisperModel(
            request["model_path"],
            device=device,
            compute_type=request["compute_type"],
            cpu_threads=request["threads"],
            local_files_only=True,
        )
    except Exception as error:  # Native code: RuntimeError, ValueError, and what pybind11 makes of the rest.
        if device == "cuda":
            raise RuntimeError(str(error)) from error
        raise ChildError("model_unusable", "{reason}", reason=_first_line(error)) from error


def _listen(
    request: dict[str, Any], device: str, audio: Any, offset: float, records: Records
) -> Iterator[dict[str, Any]]:
    records.send("loading", device=device)
    model = load_model(request, device)
    vad = request["vad"]
    if vad and importlib.util.find_spec("onnxruntime") is None:
        vad = False
        records.send("notice", message="Voice detection is not available on this machine; going on without.", fields={})
    try:
        segments, info = model.transcribe(
            audio,
            language=request["language"],
            task=request["task"],
            beam_size=request["beam_size"],
            word_timestamps=request["words"],
            vad_filter=vad,
            initial_prompt=request["prompt"] or None,
            # True makes long recordings fall into a loop of one phrase, the complaint heard most.
            condition_on_previous_text=False,
        )
    except ValueError as error:  # A language or task that this model does not have.
        raise ChildError("usage", "{reason}", reason=_first_line(error)) from error
    records.send("started", seconds=len(audio) / RATE, language=info.language, probability=info.language_probability)
    for segment in segments:
        if segment.text.strip():
            yield as_record(segment, offset)


def as_record(segment: Any, offset: float) -> dict[str, Any]:
    """A faster-whisper segment as plain values, in seconds of the media."""
    words = [
        {
            "start": word.start + offset,
            "end": max(word.start, word.end) + offset,
            "text": word.word.strip(),
            "probability": word.probability,
            "glued": index > 0 and not word.word[:1].isspace(),
        }
        for index, word in enumerate(segment.words or ())
        if word.word.strip()
    ]
    return {
        "start": segment.start + offset,
        "end": max(segment.start, segment.end) + offset,
        "text": segment.text.strip(),
        "words": words,
        "avg_logprob": segment.avg_logprob,
        "no_speech_prob": segment.no_speech_prob,
        "compression_ratio": segment.compression_ratio,
    }


def decode(path: str, start: float, end: float | None) -> Any:
    """The first audio track from `start` to `end` seconds, 16 kHz mono, 32-bit floats.

    Second 0 is where the file begins, also in containers whose clock begins elsewhere (MPEG-TS).
    Raises ChildError: missing, without sound, or not decodable.
    """
    import av
    import numpy

    try:
        with av.open(path, mode="r", metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise ChildError("no_audio", "")
            blocks, first = _decode_blocks(container, start, end)
    except FileNotFoundError as error:
        raise ChildError("media_not_found", "") from error
    except av.FFmpegError as error:
        raise ChildError("media_unreadable", "{reason}", reason=error.strerror or _first_line(error)) from error
    except (OSError, ValueError) as error:
        raise ChildError("media_unreadable", "{reason}", reason=_first_line(error)) from error
    if not blocks:
        return numpy.zeros(0, numpy.float32)
    audio = numpy.concatenate(blocks)
    skip = round((start - first) * RATE)
    if skip < 0:  # The track begins later than the film: silence until then keeps the times right.
        audio = numpy.concatenate([numpy.zeros(-skip, audio.dtype), audio])
        skip = 0
    stop = None if end is None else skip + max(0, round((end - start) * RATE))
    return audio[skip:stop].astype(numpy.float32) / 32768.0


def _decode_blocks(container: Any, start: float, end: float | None) -> tuple[list[Any], float]:
    """Blocks of 16-bit samples that cover the part, and when the first begins, in seconds of the media."""
    import av

    stream = container.streams.audio[0]
    stream.thread_type = "AUTO"
    zero = (container.start_time or 0) / 1_000_000
    if start > SEEK_FROM:
        container.seek(int((start - PREROLL + zero) * 1_000_000), backward=True)
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    blocks: list[Any] = []
    first = 0.0
    broken = 0
    packets = container.demux(stream)
    for packet in packets:
        try:
            frames = packet.decode()
        except av.InvalidDataError:  # One bad packet is a click; players go on, and so do we.
            broken += 1
            continue
        for frame in frames:
            time = frame.time - zero if frame.time is not None else 0.0
            if not blocks:
                first = time
            frame.pts = None  # The resampler would refuse a gap in the clock.
            blocks += [out.to_ndarray()[0] for out in resampler.resample(frame)]
            if end is not None and time > end + 0.5:
                return blocks, first
    if not blocks and broken:
        raise ChildError("media_unreadable", "no part of its sound can be decoded")
    blocks += [out.to_ndarray()[0] for out in resampler.resample(None)] if blocks else []
    return blocks, first


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")[:300]


if __name__ == "__main__":
    main()
