# SPDX-License-Identifier: GPL-3.0-or-later
"""Synthesise a bank of short espeak-ng utterances (16 kHz int16) with word onsets.

Uses libespeak-ng in process (ctypes), because its WORD events give the sample
position of every word - the CLI does not.  Output: bank_<split>.npz
"""

import ctypes as C
import json
import random
import sys
import time

import numpy as np

DIGITS = "zero one two three four five six seven eight nine ten".split()
NOUNS = "blender subtitle download model cat dog table world window".split()
VERBS = "cancel start stop open close".split()
ADJ = "red green blue left right".split()
OTHER = "hello yes no please and sits on the a".split()
WORDS = DIGITS + NOUNS + VERBS + ADJ + OTHER
ACCENTS = ["en-us", "en", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029"]
HELD_ACCENT = "en-us-nyc"
TRAIN_VAR = [
    "m1",
    "m2",
    "m3",
    "m5",
    "m6",
    "m7",
    "m8",
    "f1",
    "f2",
    "f4",
    "f5",
    "Alex",
    "Annie",
    "Michael",
    "Lee",
    "adam",
    "belinda",
    "david",
    "ed",
    "john",
    "paul",
    "rob",
    "steph",
    "",
]
TEST_VAR = ["m4", "f3", "linda", "Andy"]


def sentence(rng):
    if rng.random() < 0.65:  # random word string: coverage, no language model
        n = rng.choice([1, 1, 2, 2, 3, 3, 4, 4, 5, 6])
        w = [rng.choice(WORDS) for _ in range(n)]
        for i in range(n):  # 'a' alone is read as the letter: only before a word
            if w[i] == "a" and i == n - 1:
                w[i] = rng.choice(NOUNS)
            if w[i] == "the" and i == n - 1:
                w[i] = rng.choice(NOUNS)
        return w
    N, V, A, D = (
        (lambda: rng.choice(NOUNS)),
        (lambda: rng.choice(VERBS)),
        (lambda: rng.choice(ADJ)),
        (lambda: rng.choice(DIGITS)),
    )
    t = rng.randrange(8)
    return {
        0: lambda: ["the", N(), "sits", "on", rng.choice(["a", "the"]), N()],
        1: lambda: ["please", V(), "the", N()],
        2: lambda: [V(), "the", A(), N()],
        3: lambda: ["hello", N()],
        4: lambda: [D() for _ in range(rng.randint(2, 6))],
        5: lambda: ["a", A(), N(), "and", "a", N()],
        6: lambda: [rng.choice(["yes", "no"]), V(), N(), D()],
        7: lambda: [V(), N(), "and", V(), N()],
    }[t]()


class Event(C.Structure):
    _fields_ = [
        ("type", C.c_int),
        ("uid", C.c_uint),
        ("text_position", C.c_int),
        ("length", C.c_int),
        ("audio_position", C.c_int),
        ("sample", C.c_int),
        ("user_data", C.c_void_p),
        ("id", C.c_char * 8),
    ]


class Espeak:
    def __init__(self):
        self.l = C.CDLL("libespeak-ng.so.1")
        self.rate = self.l.espeak_Initialize(2, 0, None, 0)  # AUDIO_OUTPUT_SYNCHRONOUS
        CB = C.CFUNCTYPE(C.c_int, C.POINTER(C.c_short), C.c_int, C.POINTER(Event))
        self.cb = CB(self._cb)
        self.l.espeak_SetSynthCallback(self.cb)
        self.buf, self.ev = [], []

    def _cb(self, wav, n, ev):
        if n > 0 and wav:
            self.buf.append(np.ctypeslib.as_array(wav, (n,)).copy())
        i = 0
        while ev[i].type != 0:
            if ev[i].type == 1:
                self.ev.append((ev[i].text_position, ev[i].length, ev[i].sample))
            i += 1
        return 0

    def say(self, text, voice, speed, pitch, prange=50):
        self.buf, self.ev = [], []
        if self.l.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(voice)
        self.l.espeak_SetParameter(1, int(speed), 0)
        self.l.espeak_SetParameter(3, int(pitch), 0)
        self.l.espeak_SetParameter(4, int(prange), 0)
        b = text.encode()
        self.l.espeak_Synth(b, len(b) + 1, 0, 1, 0, 1, None, None)
        self.l.espeak_Synchronize()
        return np.concatenate(self.buf) if self.buf else np.zeros(0, np.int16), list(self.ev)


def resample(x, r0, r1=16000):
    n = int(round(len(x) * r1 / r0))
    f = np.fft.rfft(x)
    k = n // 2 + 1
    f = f[:k] if len(f) >= k else np.pad(f, (0, k - len(f)))
    return np.fft.irfft(f, n) * (n / len(x))


def trim(x, thr=0.01):
    """-> first, last sample index of audible speech (10 ms resolution)"""
    n = len(x) // 160
    e = np.abs(x[: n * 160].reshape(n, 160)).max(1)
    on = np.flatnonzero(e > thr * e.max())
    return on[0] * 160, (on[-1] + 1) * 160


def make(es, words, voice, speed, pitch, prange):
    wav, ev = es.say(" ".join(words), voice, speed, pitch, prange)
    pos, p = [], 0
    for w in words:
        pos.append(p + 1)
        p += len(w) + 1
    d = {tp: s for tp, ln, s in ev}
    if len(wav) < 2000 or any(q not in d for q in pos):
        return None
    x = resample(wav.astype(np.float64), es.rate)
    a, b = trim(x)
    on = [max(0, d[q] * 16000 / es.rate - a) for q in pos]
    x = x[a:b]
    if any(on[i + 1] - on[i] < 300 for i in range(len(on) - 1)) or on[-1] > len(x) - 300:
        return None
    m = np.abs(x).max()
    return (x / m * 30000).astype(np.int16), np.array(on) / 16000


def main(split, n, seed):
    rng = random.Random(seed)
    es = Espeak()
    print("rate", es.rate)
    seen = set()
    if split == "test":
        seen = set(json.load(open("train_texts.json")))
    wavs, ons, texts, meta, bad = [], [], [], [], 0
    t0 = time.time()
    while len(wavs) < n:
        w = sentence(rng)
        if len(w) >= 3 and " ".join(w) in seen:
            continue
        if split == "train":
            acc, var = rng.choice(ACCENTS), rng.choice(TRAIN_VAR)
        else:
            acc, var = rng.choice(ACCENTS + [HELD_ACCENT]), rng.choice(TEST_VAR)
        v = acc + ("+" + var if var else "")
        r = make(es, w, v, rng.randint(115, 195), rng.randint(25, 75), rng.randint(30, 70))
        if r is None:
            bad += 1
            continue
        wavs.append(r[0])
        ons.append(r[1])
        texts.append(" ".join(w))
        meta.append(v)
        if len(wavs) % 2000 == 0:
            print(len(wavs), bad, round(time.time() - t0), flush=True)
    off = np.cumsum([0] + [len(w) for w in wavs])
    np.savez(
        f"bank_{split}.npz",
        wav=np.concatenate(wavs),
        off=off,
        on=np.concatenate(ons),
        onoff=np.cumsum([0] + [len(o) for o in ons]),
        text=np.array(texts),
        voice=np.array(meta),
    )
    if split == "train":
        json.dump(sorted(set(texts)), open("train_texts.json", "w"))
    print("done", split, n, "rejected", bad, "hours", off[-1] / 16000 / 3600, round(time.time() - t0), "s")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
