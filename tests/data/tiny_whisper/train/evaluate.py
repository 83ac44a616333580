# SPDX-License-Identifier: GPL-3.0-or-later
"""Honest evaluation through faster_whisper.WhisperModel.transcribe on held-out voices and texts.
evaluate.py model_dir [compute_type] [n] [--quick]"""

import json
import random
import subprocess
import sys
import tempfile
import time

import numpy as np
from faster_whisper import WhisperModel

from data import Bank, noise


def align(ref, hyp):
    d = np.zeros((len(ref) + 1, len(hyp) + 1), int)
    d[:, 0] = range(len(ref) + 1)
    d[0] = range(len(hyp) + 1)
    for i in range(1, len(ref) + 1):
        for j in range(1, len(hyp) + 1):
            d[i, j] = min(d[i - 1, j - 1] + (ref[i - 1] != hyp[j - 1]), d[i - 1, j] + 1, d[i, j - 1] + 1)
    return d[-1, -1]


bank = Bank("bank_test.npz")


def clip(rng, k, lead=None, gap=(0.6, 2.5), noisy=None, level=1.0, trail=(0.3, 1.5)):
    """k utterances -> audio, [(start, end, words, onsets)]"""
    x = [np.zeros(int(16000 * (rng.uniform(0.1, 0.9) if lead is None else lead)), np.float32)]
    t = len(x[0])
    U = []
    rng.random()  # Keeps the clips those of the published numbers.
    for i in range(k):
        w, on, words = bank.get(rng.randrange(bank.n))
        w = w * level
        U.append((t / 16000, (t + len(w)) / 16000, words, [t / 16000 + o for o in on]))
        x.append(w)
        t += len(w)
        g = np.zeros(int(16000 * (rng.uniform(*gap) if i < k - 1 else rng.uniform(*trail))), np.float32)
        x.append(g)
        t += len(g)
    x = np.concatenate(x)
    if noisy is not None:
        reps = np.concatenate([noise(rng, min(len(x), 16000 * 30)) for _ in range(len(x) // (16000 * 30) + 1)])[
            : len(x)
        ]
        x = x + reps * (0.15 * level * 10 ** (-noisy / 20))
    return x.astype(np.float32), U


def run(model, items, label, match_tol=None, **kw):
    err = n = 0
    ds, de, cnt_ok, nseg, nref, exact = [], [], 0, 0, 0, 0
    tt = ta = 0
    bad = []
    wd = []
    fb = 0
    lps = []
    args = dict(language="en", condition_on_previous_text=False)
    args.update(kw)
    for x, U in items:
        t = time.time()
        segs, info = model.transcribe(x, **args)
        segs = list(segs)
        tt += time.time() - t
        ta += len(x) / 16000
        ref = [w for u in U for w in u[2]]
        hyp = " ".join(s.text for s in segs).split()
        e = align(ref, hyp)
        err += e
        n += len(ref)
        exact += e == 0
        if e:
            bad.append((" ".join(ref), " ".join(hyp)))
        nseg += len(segs)
        nref += len(U)
        fb += sum(s.temperature > 0 for s in segs)
        lps += [s.avg_logprob for s in segs]
        if len(segs) == len(U):
            cnt_ok += 1
            for s, u in zip(segs, U):
                ds.append(abs(s.start - u[0]))
                de.append(abs(s.end - u[1]))
                if kw.get("word_timestamps") and s.words and [w.word.strip() for w in s.words] == u[2]:
                    bs = u[3] + [u[1]]
                    for j, w in enumerate(s.words):
                        wd.append((abs(w.start - bs[j]), abs(w.end - bs[j + 1])))
    r = dict(
        label=label,
        clips=len(items),
        WER=round(100 * err / max(1, n), 2),
        words=n,
        exact_clips=round(100 * exact / len(items), 1),
        seg=f"{nseg}/{nref}",
        segcount_ok=round(100 * cnt_ok / len(items), 1),
        start_MAE=round(float(np.mean(ds)), 3) if ds else None,
        end_MAE=round(float(np.mean(de)), 3) if de else None,
        start_p95=round(float(np.percentile(ds, 95)), 3) if ds else None,
        end_p95=round(float(np.percentile(de, 95)), 3) if de else None,
        speed_x=round(ta / tt, 1),
        fallback_segs=fb,
        mean_logprob=round(float(np.mean(lps)), 3) if lps else None,
    )
    if wd:
        r["word_start_MAE"], r["word_end_MAE"] = [round(float(v), 3) for v in np.mean(wd, 0)]
        r["words_timed"] = len(wd)
    print(json.dumps(r), flush=True)
    if "-v" in sys.argv:
        for b in bad[:8]:
            print("    REF", b[0], "| HYP", b[1])
    return r


def main():
    a = [x for x in sys.argv[1:] if not x.startswith("-")]
    path = a[0]
    ct = a[1] if len(a) > 1 else "int8"
    N = int(a[2]) if len(a) > 2 else 150
    quick = "--quick" in sys.argv
    t = time.time()
    m = WhisperModel(path, device="cpu", compute_type=ct, cpu_threads=1)
    lt = time.time() - t
    print("load", round(lt, 3), "s; multilingual", m.model.is_multilingual, "compute", m.model.compute_type, flush=True)
    rng = random.Random(7)
    one = [clip(rng, 1) for _ in range(N)]
    run(m, one, "1 utt clean beam5", beam_size=5)
    if not quick:
        run(m, one, "1 utt clean beam1", beam_size=1)
    three = [clip(rng, 3) for _ in range(N // 3)]
    run(m, three, "3 utt clean beam5", beam_size=5)
    if quick:
        lng = [clip(rng, 18, gap=(0.8, 3)) for _ in range(2)]
        run(m, lng, "~60s", beam_size=5)
        for nm, x in (
            ("digital", np.zeros(16000 * 5, np.float32)),
            ("white -40dB", np.random.default_rng(0).standard_normal(16000 * 5).astype(np.float32) * 0.01),
        ):
            s = list(m.transcribe(x, language="en")[0])
            print("silence", nm, [(q.start, q.end, q.text, q.no_speech_prob) for q in s])
        return
    run(m, three, "3 utt clean beam1", beam_size=1)
    run(m, [clip(rng, 1, noisy=25) for _ in range(N // 2)], "1 utt noise 25 dB", beam_size=5)
    run(m, [clip(rng, 2, noisy=15) for _ in range(N // 3)], "2 utt noise 15 dB", beam_size=5)
    run(m, [clip(rng, 1, level=0.05) for _ in range(N // 3)], "1 utt quiet -26 dB", beam_size=5)
    lead = [clip(rng, 1, lead=2.5) for _ in range(N // 3)]
    run(m, lead, "lead silence 2.5 s, max_initial_timestamp 1.0", beam_size=5)
    run(m, lead, "lead silence 2.5 s, max_initial_timestamp 30", beam_size=5, max_initial_timestamp=30.0)
    lng = [clip(rng, 18, gap=(0.8, 3)) for _ in range(6)]
    print("long clips:", [round(len(x) / 16000, 1) for x, _ in lng])
    run(m, lng, "~60 s 18 utt", beam_size=5)
    run(m, lng, "~60 s 18 utt beam1", beam_size=1)
    run(m, lng, "~60 s max_initial_timestamp 30", beam_size=5, max_initial_timestamp=30.0)
    run(m, lng, "~60 s cond_prev=True", beam_size=5, condition_on_previous_text=True)
    run(m, lng, "~60 s vad_filter", beam_size=5, vad_filter=True)
    run(m, lng, "~60 s word_timestamps", beam_size=5, word_timestamps=True)
    run(m, three, "3 utt word_timestamps", beam_size=5, word_timestamps=True)
    run(m, three, "3 utt vad_filter", beam_size=5, vad_filter=True)
    run(m, three, "3 utt without_timestamps", beam_size=5, without_timestamps=True)
    run(m, three[:20], "3 utt initial_prompt", beam_size=5, initial_prompt="hello blender please open the model")
    run(m, three[:20], "3 utt hotwords", beam_size=5, hotwords="blender subtitle")
    dense = [clip(rng, 6, gap=(0.35, 0.7)) for _ in range(10)]
    run(m, dense, "6 utt short gaps .35-.7", beam_size=5)
    r = np.random.default_rng(0)
    sil = {
        "digital 5s": np.zeros(80000, np.float32),
        "digital 40s": np.zeros(640000, np.float32),
        "white 1e-2 5s": r.standard_normal(80000) * 0.01,
        "white 1e-4 5s": r.standard_normal(80000) * 1e-4,
        "white .1 10s": r.standard_normal(160000) * 0.1,
        "brown-ish": noise(random.Random(1), 160000) * 0.02,
        "tone 440": 0.2 * np.sin(2 * np.pi * 440 * np.arange(80000) / 16000),
        "0.1 s empty": np.zeros(1600, np.float32),
    }
    for nm, x in sil.items():
        for vad in (False, True):
            try:
                s = list(m.transcribe(x.astype(np.float32), language="en", vad_filter=vad)[0])
                print(
                    "silence",
                    nm,
                    "vad" if vad else "",
                    [(q.start, q.end, q.text, round(q.no_speech_prob, 2)) for q in s],
                )
            except Exception as e:
                print("silence", nm, "vad" if vad else "", "EXC", type(e).__name__, e)
    # CLI espeak -> file path (PyAV decode + resample), and lossy codecs
    with tempfile.TemporaryDirectory() as td:
        txts = [
            "hello blender",
            "open the red model",
            "the cat sits on a table",
            "one two three four",
            "please start the download",
            "no stop the subtitle nine",
        ]
        for ext in ("wav", "mp3", "opus", "m4a"):
            e = n = 0
            out = []
            for k, tx in enumerate(txts):
                w = f"{td}/{k}.wav"
                subprocess.run(
                    ["espeak-ng", "-v", ["en-us-nyc+f3", "en-us+m4", "en-gb+linda"][k % 3], "-s", "150", "-w", w, tx],
                    check=True,
                )
                f = w
                if ext != "wav":
                    f = f"{td}/{k}.{ext}"
                    subprocess.run(["ffmpeg", "-y", "-loglevel", "error", "-i", w, f], check=True)
                h = " ".join(s.text.strip() for s in m.transcribe(f, language="en")[0])
                e += align(tx.split(), h.split())
                n += len(tx.split())
                out.append(h)
            print("CLI espeak", ext, f"WER {100 * e / n:.1f}", out if e else "")
    try:
        s, info = m.transcribe(one[0][0])
        s = list(s)
        print("language=None ->", info.language, round(info.language_probability, 3), [q.text for q in s])
        s, info = m.transcribe(one[0][0], language="fa")
        s = list(s)
        print("language=fa ->", info.language, [q.text for q in s])
        s, info = m.transcribe(one[0][0], language="en", task="translate")
        print("translate ->", [q.text for q in s])
    except Exception as e:
        print("lang EXC", type(e).__name__, e)
    from faster_whisper import BatchedInferencePipeline

    try:
        B = BatchedInferencePipeline(m)
        s, i = B.transcribe(lng[0][0], language="en", batch_size=4)
        s = list(s)
        print(
            "batched pipeline:",
            len(s),
            "segments; WER",
            round(
                100
                * align([w for u in lng[0][1] for w in u[2]], " ".join(q.text for q in s).split())
                / sum(len(u[2]) for u in lng[0][1]),
                1,
            ),
        )
    except Exception as e:
        print("batched EXC", type(e).__name__, e)


if __name__ == "__main__":
    main()
