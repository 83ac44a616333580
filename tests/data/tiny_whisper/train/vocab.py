# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiny byte-level BPE Whisper tokenizer: 256 bytes + prefix merges that make every known ' word' one token
+ the Whisper specials in the order CTranslate2 relies on
 (text < <|endoftext|> < <|startoftranscript|> < langs < tasks.. < <|notimestamps|> < timestamps, nothing after)."""

import json
import sys

from synth import WORDS


def bytes_to_unicode():
    bs = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    cs = bs[:]
    n = 0
    for b in range(256):
        if b not in bs:
            bs.append(b)
            cs.append(256 + n)
            n += 1
    return dict(zip(bs, map(chr, cs)))


LANGS = ["en", "fa"]
SPECIALS = (
    ["<|endoftext|>", "<|startoftranscript|>"]
    + [f"<|{l}|>" for l in LANGS]
    + ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
)
TIMES = ["<|%.2f|>" % (i * 0.02) for i in range(1501)]


def build():
    b2u = bytes_to_unicode()
    vocab = {c: i for i, c in enumerate(b2u[b] for b in range(256))}
    merges = []
    for w in WORDS:
        s = "Ġ" + w
        for k in range(2, len(s) + 1):
            if s[:k] not in vocab:
                vocab[s[:k]] = len(vocab)
                merges.append((s[: k - 1], s[k - 1]))
    return vocab, merges, len(vocab)


def write(path, langs=LANGS):
    vocab, merges, fs = build()
    specials = SPECIALS[:2] + [f"<|{l}|>" for l in langs] + SPECIALS[2 + len(LANGS) :]
    sp = specials + TIMES
    full = dict(vocab)
    added = [
        {
            "id": fs + i,
            "content": t,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": i < len(specials),
        }
        for i, t in enumerate(sp)
    ]
    for i, t in enumerate(sp):
        full[t] = fs + i
    js = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": full,
            "merges": [f"{a} {b}" for a, b in merges],
        },
    }
    json.dump(js, open(path, "w"), ensure_ascii=False, separators=(",", ":"))
    inv = {v: k for k, v in full.items()}
    return [inv.get(i, f"~{i:x}") for i in range(fs + len(sp))]


if __name__ == "__main__":
    v = write("tokenizer.json")
    from tokenizers import Tokenizer

    t = Tokenizer.from_file("tokenizer.json")
    print(
        len(v),
        t.encode(" hello blender zero -x", add_special_tokens=False).tokens,
        t.token_to_id("<|endoftext|>"),
        t.token_to_id("<|0.00|>"),
        t.token_to_id("<|30.00|>"),
    )
    e = t.encode(" the cat sits on a table")
    print(e.ids, repr(t.decode(e.ids)), [t.decode([i]) for i in e.ids])
    sys.path.insert(0, ".")
    import faster_whisper.tokenizer as ft

    F = ft.Tokenizer(t, True, "transcribe", "en")
    print(
        F.sot_sequence,
        F.no_speech,
        F.timestamp_begin,
        len(F.non_speech_tokens),
        [t.id_to_token(i) for i in F.non_speech_tokens],
    )
    print(F.split_to_word_tokens(e.ids + [F.eot]))
