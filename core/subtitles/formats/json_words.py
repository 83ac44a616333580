# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON that has words and no subtitles: what services and libraries that hear speech answer, and what aligns texts.

The words are put together into rows as `json_rows` reads them: up to the end of a sentence, a silence, or as much as
two lines hold. A cue keeps the times of its words, so that they can be put together otherwise.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..breaks import is_unspaced

Row = dict[str, Any]

_SILENCE = 1.0
"""Seconds between two words that belong to two subtitles."""
_MOST_LETTERS = 84
"""Two lines of 42."""
_LONGEST = 7.0
"""Seconds."""
_FEWEST = 20
"""Letters, before the end of a sentence ends a subtitle."""
_END = re.compile(r"[.?!…。！？।؟][\"'”’»)\]]*$")
_ANSWER = {"result", "text", "spk", "spk_frames"}
"""What an answer of Vosk has."""
_OF_ASSEMBLYAI = {"utterances", "chapters", "entities", "sentiment_analysis_results"}
"""What AssemblyAI says of the same words besides."""
_TAG = re.compile(r"</?[A-Za-z]+\b[^<>]*>")
_TICKS = 10_000_000
"""A second, where Azure counts in them."""


def rows_of(data: Any) -> list[Row] | None:
    """The rows that such a file means; None where it is none of these, or a part of it is not as it should be."""
    try:
        return _rows(data)
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
        return None


def _rows(data: Any) -> list[Row] | None:
    if isinstance(data, list):
        # Vosk, an answer after the other; between them silence is an answer too.
        heard = [one for one in data if one.get("result")] if all(one.keys() <= _ANSWER for one in data) else []
        return [row for one in heard for row in _grouped(one["result"])] if heard else None
    if not isinstance(data, dict):
        return None
    if "materials" in data and "tracks" in data and "cues" not in data:
        return sorted(_of_capcut(data), key=lambda row: row["start"]) or None
    segments = data.get("segments")
    if isinstance(segments, list) and segments and all("words" in one and "text" not in one for one in segments):
        names = {speaker["id"]: speaker["name"] for speaker in data.get("speakers", ())}
        return [row for one in segments for row in _grouped(_of_premiere(one, names))]
    results = data.get("results")
    if isinstance(results, dict) and "items" in results:
        return list(_grouped(_of_amazon(results["items"])))
    if isinstance(results, dict) and "channels" in results:
        heard = [channel["alternatives"][0] for channel in results["channels"]]
        return [row for one in heard for row in _grouped(map(_of_deepgram, one["words"]))]
    if isinstance(results, list) and any(one.get("type") == "word" for one in results):
        return list(_grouped(map(_of_speechmatics, results)))
    if isinstance(results, list) and any("timestamps" in one.get("alternatives", [{}])[0] for one in results):
        speakers = {label["from"]: label["speaker"] for label in data.get("speaker_labels", ())}
        return [row for one in results for row in _grouped(_of_watson(one["alternatives"][0], speakers))]
    if isinstance(results, list) and any("alternatives" in one for one in results):
        heard = [one["alternatives"][0] for one in results if one.get("alternatives")]
        said = [list(map(_of_google, one["words"])) for one in heard]
        return [row for words in _once_each(said) for row in _grouped(words)]
    if "monologues" in data:
        return [row for one in data["monologues"] for row in _grouped(_of_rev(one))]
    if "recognizedPhrases" in data:
        return [_of_azure(one) for one in data["recognizedPhrases"]]
    if "fragments" in data:
        return [{**one, "text": "\n".join(one["lines"])} for one in data["fragments"] if any(one["lines"])]
    if data.get("tokens") and all("start_ms" in token for token in data["tokens"]):
        return list(_grouped(_of_soniox(data["tokens"])))
    if isinstance(data.get("transcript"), dict) and "words" in data["transcript"]:
        return list(_grouped(map(_of_trint, data["transcript"]["words"])))
    name = next((name for name in ("words", "word_segments") if data.get(name)), "result")
    lists = {key for key, value in data.items() if isinstance(value, list) and value and isinstance(value[0], dict)}
    return list(_grouped(data[name])) if lists - _OF_ASSEMBLYAI == {name} else None


def beside(data: Any) -> dict[str, Any]:
    """What such a file says besides."""
    used = {"words", "result", "results", "monologues", "recognizedPhrases", "fragments", "text", "tokens",
            "word_segments"}  # fmt: skip
    if isinstance(data, dict) and isinstance(data.get("transcript"), dict):
        used.add("transcript")
    if isinstance(data, dict) and "speakers" in data:
        used.add("segments")  # Premiere's; its speakers stay, for one may say nothing.
    return {key: value for key, value in data.items() if key not in used} if isinstance(data, dict) else {}


def _grouped(words: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Rows of the words, each of which says where it stands in time but for signs, which belong to the one before."""
    words = list(words)
    times = [word["end"] for word in words if word.get("end") is not None]
    # Whole numbers that would be a quarter of an hour are thousandths of a second.
    unit = 1000 if all(isinstance(time, int) for time in times) and max(times, default=0) >= 1000 else 1
    row: Row | None = None
    for word in words:
        letters = word.get("word", word.get("text", ""))
        start, end = word.get("start"), word.get("end")
        if row is not None and (start is None or not letters.strip()):
            row["text"] += letters
            continue
        start, end = _number(start), _number(end)
        if row is None or _is_another(row, letters, (start, end), unit, word):
            if row is not None:
                yield row
            row = {"start": start, "text": "", "words": [], "speaker": _speaker(word)}
        row["text"] += _glue(row["text"], letters) + letters
        row["words"].append({**word, "word": letters})
        row["end"] = end
    if row is not None:
        yield row


def _glue(before: str, after: str) -> str:
    """What stands between two words: nothing in scripts that write no spaces."""
    if not before or before[-1].isspace() or after[:1].isspace():
        return ""
    return "" if is_unspaced(before[-1]) and is_unspaced(after[:1]) else " "


def _number(value: Any) -> float:
    """As it is: whole numbers mean something."""
    return value if isinstance(value, int | float) else float(value)


def _is_another(row: Row, letters: str, times: tuple[float, float], unit: int, word: Mapping[str, Any]) -> bool:
    text = row["text"].rstrip()
    return (
        _speaker(word) not in ("", row["speaker"])
        or times[0] - row["end"] > _SILENCE * unit
        or times[1] - row["start"] > _LONGEST * unit
        or len(text) + len(letters) >= _MOST_LETTERS
        or (len(text) >= _FEWEST and _END.search(text) is not None)
    )


def _speaker(word: Mapping[str, Any]) -> str:
    said = word.get("speaker_id", word.get("speaker_label", word.get("speaker")))
    return "" if said is None else str(said)


def _of_amazon(items: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    for item in items:
        best = item["alternatives"][0]
        word = {"word": best["content"], "speaker_label": item.get("speaker_label")}
        if "start_time" in item:
            yield {**word, "start": float(item["start_time"]), "end": float(item["end_time"]),
                   "probability": float(best.get("confidence") or 1.0)}  # fmt: skip
        else:
            yield word


def _of_deepgram(word: Mapping[str, Any]) -> Row:
    return {**word, "word": word.get("punctuated_word", word["word"]), "probability": word.get("confidence", 1.0)}


def _of_google(word: Mapping[str, Any]) -> Row:
    times = (word.get(name, word.get(other, "0s")) for name, other in (("startTime", "startOffset"),
                                                                       ("endTime", "endOffset")))  # fmt: skip
    start, end = (_of_parts(time) if isinstance(time, dict) else float(str(time).rstrip("s")) for time in times)
    return {"word": word["word"], "start": start, "end": end, "speaker": word.get("speakerTag")}


def _of_parts(time: Mapping[str, Any]) -> float:
    """As protocol buffers say a time, where they are made JSON by hand."""
    return float(time.get("seconds", 0)) + float(time.get("nanos", 0)) / 1e9


def _once_each(said: list[list[Row]]) -> Iterator[list[Row]]:
    """The words of results, but for those that the last one says again: it has all, where speakers are told apart."""
    last = {(word["word"], word["start"]) for word in said[-1]} if said else set()
    yield from (words for words in said[:-1] if not last.issuperset((word["word"], word["start"]) for word in words))
    yield from said[-1:]


def _of_speechmatics(item: Mapping[str, Any]) -> Row:
    best = item["alternatives"][0]
    word = {"word": best["content"], "speaker": best.get("speaker"), "probability": best.get("confidence", 1.0)}
    return word if item["type"] == "punctuation" else {**word, "start": item["start_time"], "end": item["end_time"]}


def _of_watson(heard: Mapping[str, Any], speakers: Mapping[float, Any]) -> Iterator[Row]:
    for letters, start, end in heard.get("timestamps", ()):
        yield {"word": letters, "start": start, "end": end, "speaker": speakers.get(start)}


def _of_soniox(tokens: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Pieces of words: one with a space in front begins another, and in scripts that write no spaces each does."""
    word: Row = {}
    for token in tokens:
        letters = token["text"]
        if word and not letters[:1].isspace() and not is_unspaced(letters[:1]):
            word.update(word=word["word"] + letters, end=token["end_ms"] / 1000)
            continue
        if word:
            yield word
        word = {"word": letters.lstrip(), "start": token["start_ms"] / 1000, "end": token["end_ms"] / 1000,
                "speaker": token.get("speaker")}  # fmt: skip
    if word:
        yield word


def _of_rev(monologue: Mapping[str, Any]) -> Iterator[Row]:
    for element in monologue["elements"]:
        if element["type"] == "text":
            yield {"word": element["value"], "start": element["ts"], "end": element["end_ts"],
                   "probability": element.get("confidence", 1.0), "speaker": monologue.get("speaker")}  # fmt: skip
        else:
            yield {"word": element["value"]}


def _of_premiere(segment: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Row]:
    speaker = str(segment.get("speaker") or "")
    for word in segment["words"]:
        yield {**word, "word": word["text"], "end": word["start"] + word["duration"],
               "probability": word.get("confidence", 1.0), "speaker": names.get(speaker, speaker)}  # fmt: skip


def _of_trint(word: Mapping[str, Any]) -> Row:
    return {**word, "word": word["text"], "start": word["time"], "end": word["time"] + word["duration"]}


def _of_capcut(draft: Mapping[str, Any]) -> Iterator[Row]:
    """The texts on the tracks of a draft of CapCut (or Jianying), which counts in millionths of a second. One that says
    nothing is there without a text."""
    materials = draft["materials"]
    texts = {text["id"]: _said_in(str(text.get("content") or "")) for text in materials["texts"]}
    for template in materials.get("text_templates") or ():
        parts = (texts.get(part.get("text_material_id"), "") for part in template.get("text_info_resources") or ())
        texts[template["id"]] = "\n".join(filter(None, parts))
    for track in draft["tracks"]:
        for segment in track["segments"]:
            material = segment.get("material_id")
            if track["type"] != "text" and material not in texts:  # Templates are on tracks of stickers, too.
                continue
            times = segment["target_timerange"]
            start = times["start"] / 1_000_000
            end = (times["start"] + times["duration"]) / 1_000_000
            yield {"start": start, "end": end, "text": texts.get(material, "")}


def _said_in(content: str) -> str:
    """The letters of a text, which is JSON itself, or in older drafts tags around brackets around it. What is neither
    is as it stands."""
    if content.startswith("{"):
        with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
            return str(json.loads(content)["text"])
    bare = _TAG.sub("", content)
    return bare[1:-1] if bare != content and bare.startswith("[") and bare.endswith("]") else bare


def _of_azure(phrase: Mapping[str, Any]) -> Row:
    start, length = phrase["offsetInTicks"] / _TICKS, phrase["durationInTicks"] / _TICKS
    speaker = phrase.get("speaker")
    return {"start": start, "end": start + length, "text": phrase["nBest"][0]["display"],
            "speaker": "" if speaker is None else str(speaker)}  # fmt: skip
