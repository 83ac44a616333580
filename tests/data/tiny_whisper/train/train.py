# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the tiny Whisper in phases; see ../README.md for the ones that made the model.

python train.py --phases 256:16:2:0.002:840 --aux 1.0 --init ckpt_0.pt --out ckpt_a.pt
"""

import argparse
import math
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, IterableDataset

torch.set_num_threads(1)
from data import VO, Bank, batch
from model import TinyWhisper
from synth import WORDS

ap = argparse.ArgumentParser()
ap.add_argument("--bank", default="bank_train.npz")
ap.add_argument("--d", type=int, default=96)
ap.add_argument("--h", type=int, default=4)
ap.add_argument("--ne", type=int, default=2)
ap.add_argument("--nd", type=int, default=2)
ap.add_argument("--phases", default="320:16:0:0.0015:1500,1500:6:1:0.0004:200", help="T:batch:full:lr:seconds")
ap.add_argument("--aux", type=float, default=1.0)
ap.add_argument("--init")
ap.add_argument("--out", default="ckpt.pt")
ap.add_argument("--drop", type=float, default=0.03)
ap.add_argument("--minlr", type=float, default=0.05)
ap.add_argument("--seed", type=int, default=1)
A = ap.parse_args()


class DS(IterableDataset):
    def __init__(s, bank, T, bs, full, seed):
        s.a = (bank, T, bs, full)
        s.seed = seed

    def __iter__(s):
        rng = random.Random(s.seed)
        bank, T, bs, full = s.a
        while True:
            yield batch(rng, bank, T, bs, full)


def main():
    bank = Bank(A.bank)
    torch.manual_seed(A.seed)
    net = TinyWhisper(A.d, A.h, A.ne, A.nd, VO.size, VO.t0, len(WORDS))
    if A.init:
        net.load_state_dict(torch.load(A.init)["sd"])
    print(
        "params",
        sum(p.numel() for n, p in net.named_parameters() if not n.startswith("aux")),
        "bank",
        bank.n,
        flush=True,
    )
    G = max(1, A.h // 2)  # guided heads: the first half of the heads of the last decoder layer
    step = 0
    t_all = time.time()
    for ph in A.phases.split(","):
        T, bs, full, lr, secs = ph.split(":")
        minlr = A.minlr if ph != A.phases.split(",")[-1] else 0.03
        T, bs, full, lr, secs = int(T), int(bs), int(full), float(lr), float(secs)
        opt = torch.optim.AdamW(
            [p for p in net.parameters() if p.requires_grad], lr=lr, betas=(0.9, 0.98), weight_decay=0.01
        )
        dl = iter(
            DataLoader(
                DS(bank, T, bs, full, A.seed * 1000 + T + step), batch_size=None, num_workers=1, prefetch_factor=8
            )
        )
        net.train()
        t0 = time.time()
        acc = []
        k = 0
        while True:
            fr = (time.time() - t0) / secs
            if fr >= 1:
                break
            cur = (
                lr
                * min(1, (k + 1) / (200 if not A.init and step < 200 else 40))
                * (minlr + (1 - minlr) * 0.5 * (1 + math.cos(math.pi * fr)))
            )
            for g in opt.param_groups:
                g["lr"] = cur
            mel, off, inp, lab, span, fw = [torch.as_tensor(x) for x in next(dl)]
            logits, ws, aux = net(mel, off, inp, A.drop)
            B, L, Vn = logits.shape
            ok = lab >= 0
            lp = logits.float().log_softmax(-1)
            y = lab.clamp(min=0)
            nll = -lp.gather(-1, y[..., None])[..., 0]
            ist = ok & (y >= VO.t0)
            nb = -(
                lp.gather(-1, (y - 1).clamp(min=VO.t0)[..., None]) + lp.gather(-1, (y + 1).clamp(max=Vn - 1)[..., None])
            )[..., 0]
            loss_t = torch.where(ist, 0.84 * nll + 0.08 * nb, nll)  # +-1 tick smoothing for timestamps
            ce = loss_t[ok].mean()
            has = span[..., 0] >= 0
            pos = torch.arange(T)
            win = (pos >= span[..., :1]) & (pos < span[..., 1:])  # B L T
            w = ws[-1][:, :G]  # B G L T
            mass = (w * win[:, None]).sum(-1).clamp(min=1e-5)
            ga = -(mass.log().mean(1))[has].mean()
            ax = F.cross_entropy(aux.reshape(-1, aux.shape[-1]), fw.reshape(-1))
            loss = ce + 0.3 * ga + A.aux * ax
            opt.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            opt.step()
            with torch.no_grad():
                pred = logits.argmax(-1)
                isw = ok & (y < VO.eot)
                acc.append(
                    [
                        ce.item(),
                        ga.item(),
                        ax.item(),
                        (pred[isw] == y[isw]).float().mean().item(),
                        (pred[ist] - y[ist]).abs().float().clamp(max=100).mean().item() * 0.02,
                    ]
                )
            step += 1
            k += 1
            if k % 50 == 0:
                a = np.nanmean(np.array(acc), 0)
                acc = []
                print(
                    f"T{T} step {step} {time.time() - t_all:.0f}s lr {cur:.5f} ce {a[0]:.3f} attn {a[1]:.3f} aux {a[2]:.3f} wordacc {a[3]:.3f} tsMAE {a[4]:.3f}s",
                    flush=True,
                )
            if k % 400 == 0:
                torch.save({"sd": net.state_dict(), "cfg": net.cfg}, A.out)
        del dl
        torch.save({"sd": net.state_dict(), "cfg": net.cfg}, A.out)
    print("finished", step, "steps", round(time.time() - t_all), "s")


if __name__ == "__main__":
    main()
