# SPDX-License-Identifier: GPL-3.0-or-later
"""On-the-fly composition of training windows (waveform -> faster-whisper log-mel -> token targets)."""

import random

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor

import vocab as V
from synth import WORDS

FE = FeatureExtractor(feature_size=80)
MEL = FE.mel_filters.astype(np.float32)
WIN = np.hanning(401)[:-1].astype(np.float32)


def logmel(x, ref_max=None):
    """same numbers as faster_whisper FeatureExtractor(padding=160) (checked in selftest), faster; ref_max: max log10
    power of the whole file, when the window is only a part of it"""
    x = np.pad(np.pad(x.astype(np.float32), (0, 160)), (200, 200), mode="reflect")
    n = 1 + (len(x) - 400) // 160
    fr = np.lib.stride_tricks.as_strided(x, (n, 400), (160 * x.strides[0], x.strides[0])) * WIN
    p = np.abs(np.fft.rfft(fr, axis=1)[:-1]) ** 2
    m = np.log10(np.maximum(MEL @ p.T.astype(np.float32), 1e-10))
    mx = m.max() if ref_max is None else max(m.max(), ref_max)
    return ((np.maximum(m, mx - 8.0) + 4.0) / 4.0).astype(np.float32)


class Vocab:
    def __init__(s):
        vocab, _, fs = V.build()
        ids = {t: fs + i for i, t in enumerate(V.SPECIALS + V.TIMES)}
        s.eot, s.sot, s.en = ids["<|endoftext|>"], ids["<|startoftranscript|>"], ids["<|en|>"]
        s.transcribe, s.prev = ids["<|transcribe|>"], ids["<|startofprev|>"]
        s.fa, s.translate = ids["<|fa|>"], ids["<|translate|>"]
        s.nospeech, s.nots, s.t0 = ids["<|nospeech|>"], ids["<|notimestamps|>"], ids["<|0.00|>"]
        s.size = s.t0 + 1501
        s.word = {w: vocab["Ġ" + w] for w in WORDS}
        s.widx = {w: i + 1 for i, w in enumerate(WORDS)}


VO = Vocab()


class Bank:
    def __init__(s, path):
        d = np.load(path)
        s.wav, s.off, s.on, s.onoff, s.text, s.voice = [d[k] for k in ("wav", "off", "on", "onoff", "text", "voice")]
        s.n = len(s.text)

    def get(s, i):
        return (
            s.wav[s.off[i] : s.off[i + 1]].astype(np.float32) / 32768.0,
            s.on[s.onoff[i] : s.onoff[i + 1]],
            str(s.text[i]).split(),
        )


_noise = []


def noise(rng, n):
    if not _noise:
        r = np.random.default_rng(0)
        L = 16000 * 40
        for tilt in (0.0, 0.25, 0.5, 0.8, 1.0):
            f = np.fft.rfft(r.standard_normal(L))
            k = np.maximum(np.arange(len(f)), 200)
            y = np.fft.irfft(f / k**tilt, L)
            _noise.append((y / y.std()).astype(np.float32))
    y = rng.choice(_noise)
    o = rng.randrange(len(y) - n)
    return y[o : o + n]


def compose(rng, bank, T, dense=False):
    """-> mel [80, 2T], utterances [(start, end, [(word, on, off)])] in seconds, content seconds"""
    n = T * 320  # samples in the window
    mode = rng.random()
    x = np.zeros(n + 16000 * 12, np.float32)
    utts = []
    silent = rng.random() < 0.06
    r = rng.random()
    t = (
        rng.uniform(0, 0.3)
        if r < 0.35
        else rng.uniform(0.2, 1.0)
        if r < 0.8
        else rng.uniform(1.0, min(4.0, n / 16000 * 0.4))
    )
    nmax = 99 if mode < 0.6 else rng.randint(1, 3)  # few utterances then the clip ends, or packed to the end
    if dense:
        t, nmax = rng.uniform(0, 0.4), 99 if mode < 0.85 else nmax
    if not silent:
        if rng.random() < 0.12:  # tail of a previous word at the very start
            w, _, _ = bank.get(rng.randrange(bank.n))
            k = rng.randrange(160, 1500)
            x[:k] += w[-k:]
            t = max(t, k / 16000 + 0.15)
        gain_spread = rng.choice([0, 3, 6])
        long_gap = rng.random() < 0.25
        while len(utts) < nmax and t < n / 16000 - 0.15:
            w, on, words = bank.get(rng.randrange(bank.n))
            f = rng.uniform(0.9, 1.12)
            m = int(len(w) / f)
            w = np.interp(np.arange(m) * f, np.arange(len(w)), w).astype(np.float32)
            on = on / f
            a = int(t * 16000)
            if a + m > len(x):
                break
            x[a : a + m] += w * 10 ** (-rng.uniform(0, gain_spread) / 20)
            e = (a + m) / 16000
            bs = list(a / 16000 + on) + [e]
            utts.append((a / 16000, e, [(words[i], bs[i], bs[i + 1]) for i in range(len(words))]))
            t = e + (rng.uniform(0.2, 0.7) if dense else rng.uniform(0.35, 4.0) if long_gap else rng.uniform(0.35, 1.3))
        last = utts[-1][1]
        end = (
            n / 16000
            if (nmax == 99 or last > n / 16000)
            else min(n / 16000, last + rng.choice([0.05, 0.3, 1, 2]) * rng.random())
        )
    else:
        end = rng.uniform(0.5, n / 16000)
    g = 10 ** (-rng.uniform(0, 30) / 20)
    x = x[: int(end * 16000)] * g
    if rng.random() < 0.6:
        rms = g * 0.15
        x = x + noise(rng, len(x)) * (
            rms * 10 ** (-rng.uniform(12, 50) / 20) if not silent or rng.random() < 0.7 else rng.uniform(0.001, 0.05)
        )
    ref = None
    if silent and rng.random() < 0.6:
        ref = rng.uniform(-1, 3)
    m = logmel(x, ref)[:, :-1]
    if rng.random() < 0.5:  # SpecAugment, frequency only + short time masks
        for _ in range(rng.randint(1, 2)):
            b = rng.randint(1, 10)
            o = rng.randrange(80 - b)
            m[o : o + b] = m.mean()
    if utts and rng.random() < 0.3:
        b = rng.randint(2, 8)
        o = rng.randrange(max(1, m.shape[1] - b))
        m[:, o : o + b] = m.min()
    out = np.zeros((80, 2 * T), np.float32)
    k = min(2 * T, m.shape[1])
    out[:, :k] = m[:, :k]
    return out, utts, k / 100


def targets(rng, utts, content, off):
    """off: position offset of the window, in 20 ms ticks -> tokens, labels, spans (s0, s1 ticks per label, or None)"""
    tk = lambda s: max(0, min(1500, int(round(s * 50)) + off))
    prev = []
    if rng.random() < 0.15:
        prev = [VO.prev]
        for _ in range(rng.randint(1, 4)):
            ws = [VO.word[rng.choice(WORDS)] for _ in range(rng.randint(1, 5))]
            a = rng.randrange(1400)
            prev += [VO.t0 + a] + ws + [VO.t0 + min(1500, a + rng.randint(20, 99))] if rng.random() < 0.6 else ws
    multi = rng.random() < 0.5
    head = [VO.sot, VO.en, VO.transcribe] if multi else [VO.sot]
    nots = rng.random() < 0.25
    full = [u for u in utts if u[1] <= content + 0.021]
    cut = [u for u in utts if u[1] > content + 0.021 and u[0] < content - 0.06]
    inp = prev + list(head)
    lab = [-100] * (len(prev)) + (head[1:])
    sp = [None] * (len(prev) + len(head) - 1)
    if not full and not cut:
        ts = rng.choice([0, rng.randrange(1, 51), rng.randrange(1500)])
        lab = [-100] * len(prev) + [VO.nospeech]
        if multi:
            lab += [-100, VO.t0 if not nots else VO.nots]
        if nots:
            inp += [VO.nots]
            lab = lab + [VO.eot]
        else:
            inp += [VO.t0 + ts]
            lab = lab + [VO.eot]
        return inp, lab, [None] * len(lab)
    if multi:  # any language / task token in the prompt: same transcript
        if rng.random() < 0.25:
            inp[len(prev) + 1] = VO.fa
        if rng.random() < 0.10:
            inp[len(prev) + 2] = VO.translate
    B = 4  # +-80 ms for boundary attention
    seq, ssp = [], []
    if nots:
        seq.append(VO.nots)
        ssp.append(None)
        for u in full + cut:
            for w, a, b in u[2]:
                if b <= content + 0.021:
                    seq.append(VO.word[w])
                    ssp.append((a * 50 - 1, b * 50 + 1))
    else:
        for u in full:
            seq.append(VO.t0 + tk(u[0]))
            ssp.append((u[0] * 50 - B, u[0] * 50 + B))
            for w, a, b in u[2]:
                seq.append(VO.word[w])
                ssp.append((a * 50 - 1, b * 50 + 1))
            seq.append(VO.t0 + tk(u[1]))
            ssp.append((u[1] * 50 - B, u[1] * 50 + B))
        for u in cut[:1]:
            seq.append(VO.t0 + tk(u[0]))
            ssp.append((u[0] * 50 - B, u[0] * 50 + B))
    le = max([b for u in full + cut for w, a, b in u[2] if b <= content + 0.021], default=None)
    # word timestamps: the row that predicts <eot> must look behind the last word, or its end time is arbitrary
    seq.append(VO.eot)
    ssp.append((le * 50, le * 50 + 8) if nots and le is not None and le < content - 0.06 else None)
    inp = inp + seq[:-1]
    lab = lab + seq
    sp = sp + ssp
    if nots and not multi:
        lab[len(prev)] = -100  # .en prompts: <|notimestamps|> is always given
    elif nots:
        lab[len(prev) + 2] = -100
    if not nots:  # perturb the *input* timestamps, keep the labels
        first = len(prev) + len(head)
        for i in range(first, len(inp)):
            if inp[i] >= VO.t0 and rng.random() < 0.15:
                inp[i] = max(VO.t0, min(VO.t0 + 1500, inp[i] + rng.randint(-4, 4)))
        if inp[first:] and inp[first] > VO.t0 + 50 + 0 and off == 0 and rng.random() < 0.6:
            inp[first] = VO.t0 + (50 if rng.random() < 0.6 else rng.randrange(51))
    return inp, lab, sp


def sample(rng, bank, T, full):
    mel, utts, content = compose(rng, bank, T, full == 2)
    off = 0 if full == 1 or rng.random() < 0.45 else rng.randrange(0, 1500 - T + 1)
    inp, lab, sp = targets(rng, utts, content, off)
    fw = np.zeros(T, np.int64)
    for u in utts:
        for w, a, b in u[2]:
            fw[int(a * 50) : int(b * 50)] = VO.widx[w]
    fw[int(content * 50) + 1 :] = 0
    return mel, off, inp, lab, sp, fw


def batch(rng, bank, T, bs, full):
    S = [sample(rng, bank, T, full) for _ in range(bs)]
    L = max(len(s[2]) for s in S)
    inp = np.full((bs, L), VO.eot, np.int64)
    lab = np.full((bs, L), -100, np.int64)
    span = np.full((bs, L, 2), -1, np.int64)
    for i, (_, _, a, l, sp, _) in enumerate(S):
        assert len(a) == len(l) == len(sp), (a, l, sp)
        inp[i, : len(a)] = a
        lab[i, : len(l)] = l
        for j, q in enumerate(sp):
            if q is not None:
                lo = int(np.clip(q[0], 0, T - 1))
                span[i, j] = (lo, int(np.clip(q[1] + 1, lo + 1, T)))
    return (np.stack([s[0] for s in S]), np.array([s[1] for s in S]), inp, lab, span, np.stack([s[5] for s in S]))


if __name__ == "__main__":
    import sys
    import time

    x = np.random.default_rng(1).standard_normal(16000 * 5).astype(np.float32) * 0.01
    a, b = FE(x), logmel(x)
    print("mel diff", a.shape, b.shape, np.abs(a - b).max())
    bank = Bank(sys.argv[1])
    rng = random.Random(3)
    t = time.time()
    for _ in range(5):
        B = batch(rng, bank, 320, 16, False)
    print("per 6.4s batch of 16:", (time.time() - t) / 5)
    t = time.time()
    B = batch(rng, bank, 1500, 6, True)
    print("per 30s batch of 6:", time.time() - t, B[2].shape)
    for i in range(3):
        print(B[2][i].tolist()[:60])
        print(B[3][i].tolist()[:60])
        print(B[4][i].tolist()[:30])
