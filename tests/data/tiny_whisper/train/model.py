# SPDX-License-Identifier: GPL-3.0-or-later
"""Minimal Whisper with the parameter names of transformers' WhisperForConditionalGeneration (state dict is loaded there as is)."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


def sinusoids(length, channels, max_timescale=10000):
    inc = math.log(max_timescale) / (channels // 2 - 1)
    inv = torch.exp(-inc * torch.arange(channels // 2))
    st = torch.arange(length).view(-1, 1) * inv.view(1, -1)
    return torch.cat([st.sin(), st.cos()], dim=1)


class Attn(nn.Module):
    def __init__(s, d, h):
        super().__init__()
        s.h = h
        s.k_proj = nn.Linear(d, d, bias=False)
        s.v_proj = nn.Linear(d, d)
        s.q_proj = nn.Linear(d, d)
        s.out_proj = nn.Linear(d, d)

    def forward(s, x, kv=None, causal=False, weights=False):
        B, L, D = x.shape
        kv = x if kv is None else kv
        h = s.h
        q = s.q_proj(x).view(B, L, h, -1).transpose(1, 2)
        k = s.k_proj(kv).view(B, kv.shape[1], h, -1).transpose(1, 2)
        v = s.v_proj(kv).view(B, kv.shape[1], h, -1).transpose(1, 2)
        w = None
        if weights:
            w = (q @ k.transpose(-1, -2) * (D // h) ** -0.5).softmax(-1)
            o = w @ v
        else:
            o = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return s.out_proj(o.transpose(1, 2).reshape(B, L, D)), w


class EncLayer(nn.Module):
    def __init__(s, d, h):
        super().__init__()
        s.self_attn = Attn(d, h)
        s.self_attn_layer_norm = nn.LayerNorm(d)
        s.fc1 = nn.Linear(d, 4 * d)
        s.fc2 = nn.Linear(4 * d, d)
        s.final_layer_norm = nn.LayerNorm(d)

    def forward(s, x, p):
        x = x + F.dropout(s.self_attn(s.self_attn_layer_norm(x))[0], p, s.training)
        return x + F.dropout(s.fc2(F.gelu(s.fc1(s.final_layer_norm(x)))), p, s.training)


class DecLayer(nn.Module):
    def __init__(s, d, h):
        super().__init__()
        s.self_attn = Attn(d, h)
        s.self_attn_layer_norm = nn.LayerNorm(d)
        s.encoder_attn = Attn(d, h)
        s.encoder_attn_layer_norm = nn.LayerNorm(d)
        s.fc1 = nn.Linear(d, 4 * d)
        s.fc2 = nn.Linear(4 * d, d)
        s.final_layer_norm = nn.LayerNorm(d)

    def forward(s, x, m, p):
        x = x + F.dropout(s.self_attn(s.self_attn_layer_norm(x), causal=True)[0], p, s.training)
        c, w = s.encoder_attn(s.encoder_attn_layer_norm(x), m, weights=True)
        x = x + F.dropout(c, p, s.training)
        return x + F.dropout(s.fc2(F.gelu(s.fc1(s.final_layer_norm(x)))), p, s.training), w


class Encoder(nn.Module):
    def __init__(s, d, h, n):
        super().__init__()
        s.conv1 = nn.Conv1d(80, d, 3, padding=1)
        s.conv2 = nn.Conv1d(d, d, 3, stride=2, padding=1)
        # content must not drown in the position signal (rms .7): default conv init gives a rms of only ~.05 after the stem
        nn.init.normal_(s.conv1.weight, std=2.0 * (240) ** -0.5)
        nn.init.normal_(s.conv2.weight, std=2.2 * (3 * d) ** -0.5)
        s.embed_positions = nn.Embedding(1500, d)
        s.embed_positions.weight.data = sinusoids(1500, d)
        s.embed_positions.weight.requires_grad = False
        s.layers = nn.ModuleList(EncLayer(d, h) for _ in range(n))
        s.layer_norm = nn.LayerNorm(d)

    def forward(s, mel, off, p):
        x = F.gelu(s.conv2(F.gelu(s.conv1(mel)))).transpose(1, 2)
        pos = off[:, None] + torch.arange(x.shape[1])[None]
        x = x + s.embed_positions.weight[pos]
        for l in s.layers:
            x = l(x, p)
        return s.layer_norm(x)


class Decoder(nn.Module):
    def __init__(s, d, h, n, vocab, t0):
        super().__init__()
        s.embed_tokens = nn.Embedding(vocab, d)
        s.embed_positions = nn.Embedding(448, d)
        nn.init.normal_(s.embed_tokens.weight, std=0.05)
        # timestamps start as scaled copies of the encoder's position sinusoids: reading out "where" becomes a dot product
        s.embed_tokens.weight.data[t0:] = 0.08 * sinusoids(1501, d)
        s.embed_positions.weight.data = 0.1 * sinusoids(448, d)
        s.layers = nn.ModuleList(DecLayer(d, h) for _ in range(n))
        s.layer_norm = nn.LayerNorm(d)

    def forward(s, ids, m, p):
        x = s.embed_tokens(ids) + s.embed_positions.weight[: ids.shape[1]]
        ws = []
        for l in s.layers:
            x, w = l(x, m, p)
            ws.append(w)
        return F.linear(s.layer_norm(x), s.embed_tokens.weight), ws


class Core(nn.Module):
    def __init__(s, d, h, ne, nd, vocab, t0):
        super().__init__()
        s.encoder = Encoder(d, h, ne)
        s.decoder = Decoder(d, h, nd, vocab, t0)


class TinyWhisper(nn.Module):
    def __init__(s, d=96, h=4, ne=2, nd=2, vocab=1907, t0=406, nwords=35):
        super().__init__()
        s.cfg = dict(d=d, h=h, ne=ne, nd=nd, vocab=vocab, t0=t0)
        s.model = Core(d, h, ne, nd, vocab, t0)
        s.aux = nn.Linear(d, nwords + 1)  # training only: word class of every 20 ms frame
        s.local_init()

    @torch.no_grad()
    def local_init(s):
        """Start the encoder's heads as soft 'look delta ticks away' heads: with sinusoidal positions a shift is a rotation
        of every (sin, cos) pair, so W_q = R(delta) W_k on the fastest pairs makes q.k peak at key = query + delta.
        Without it a from-scratch encoder needs thousands of steps to find local context."""
        d, h = s.cfg["d"], s.cfg["h"]
        hd = d // h
        half = d // 2
        npair = hd // 2
        inc = math.log(10000) / (half - 1)
        for li, l in enumerate(s.model.encoder.layers):
            far = [(-6, -2, 2, 6), (-14, -5, 5, 14), (-9, -3, 3, 9)][li % 3]
            q, k = l.self_attn.q_proj.weight, l.self_attn.k_proj.weight
            q.mul_(0.1)
            k.mul_(0.1)
            l.self_attn.q_proj.bias.zero_()
            for a in range(h):
                dl = far[a % 4]
                for j in range(npair):
                    w = math.exp(-inc * j)
                    r = a * hd + 2 * j
                    sc = 1.3
                    k[r, j] += sc
                    k[r + 1, half + j] += sc  # key: (sin wp, cos wp)
                    c, sn = math.cos(w * dl), math.sin(w * dl)
                    q[r, j] += sc * c
                    q[r, half + j] += sc * sn  # query: (sin w(p+dl), cos w(p+dl))
                    q[r + 1, half + j] += sc * c
                    q[r + 1, j] -= sc * sn

    def forward(s, mel, off, ids, p=0.0):
        m = s.model.encoder(mel, off, p)
        logits, ws = s.model.decoder(ids, m, p)
        return logits, ws, s.aux(m)
