# SPDX-License-Identifier: GPL-3.0-or-later
"""ckpt.pt -> transformers WhisperForConditionalGeneration directory -> CTranslate2 directory.
convert.py ckpt.pt out_dir [quantization=int8] [--multilingual]"""

import json
import os
import shutil
import sys

import torch

torch.set_num_threads(1)
import ctranslate2
from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration

import vocab as V
from data import VO
from model import TinyWhisper
from synth import WORDS


def main(ck, out, quant="int8", multi=False):
    c = torch.load(ck)
    cfg, sd = c["cfg"], {k: v for k, v in c["sd"].items() if not k.startswith("aux")}
    hf = out.rstrip("/") + ".hf"
    shutil.rmtree(hf, ignore_errors=True)
    os.makedirs(hf)
    # training uses two language tokens; the shipped vocabulary has all of faster-whisper's, the others copy the <|fa|> row
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    langs = ["en"] + [l for l in _LANGUAGE_CODES if l != "en"] if multi else V.LANGS
    toks = V.write(hf + "/tokenizer.json", langs)
    if multi:
        E = sd["model.decoder.embed_tokens.weight"]
        k = VO.en
        sd["model.decoder.embed_tokens.weight"] = torch.cat(
            [E[: k + 1], E[k + 1 : k + 2].repeat(len(langs) - 1, 1), E[k + 2 :]]
        )
    i = {t: k for k, t in enumerate(toks)}
    d, h = cfg["d"], cfg["h"]
    conf = WhisperConfig(
        vocab_size=len(toks),
        num_mel_bins=80,
        d_model=d,
        encoder_layers=cfg["ne"],
        decoder_layers=cfg["nd"],
        encoder_attention_heads=h,
        decoder_attention_heads=h,
        encoder_ffn_dim=4 * d,
        decoder_ffn_dim=4 * d,
        max_source_positions=1500,
        max_target_positions=448,
        activation_function="gelu",
        bos_token_id=i["<|endoftext|>"],
        eos_token_id=i["<|endoftext|>"],
        pad_token_id=i["<|endoftext|>"],
        decoder_start_token_id=i["<|startoftranscript|>"],
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    m = WhisperForConditionalGeneration(conf).eval()
    sd["proj_out.weight"] = sd["model.decoder.embed_tokens.weight"]
    print("load:", m.load_state_dict(sd, strict=True))
    if not multi:  # parity with the training-time network
        net = TinyWhisper(d, h, cfg["ne"], cfg["nd"], cfg["vocab"], cfg["t0"], len(WORDS))
        net.load_state_dict(c["sd"])
        net.eval()
        mel = torch.randn(1, 80, 3000)
        ids = torch.randint(0, 1900, (1, 12))
        with torch.no_grad():
            a = net(mel, torch.zeros(1, dtype=torch.long), ids)[0]
            b = m(input_features=mel, decoder_input_ids=ids).logits
        print("parity max diff", (a - b).abs().max().item())
    g = GenerationConfig()
    g.suppress_tokens = [
        i["<|startoftranscript|>"],
        i["<|translate|>"],
        i["<|transcribe|>"],
        i["<|startoflm|>"],
        i["<|startofprev|>"],
        i["<|nospeech|>"],
    ]
    g.begin_suppress_tokens = [i["Ġ"], i["<|endoftext|>"]]
    g.alignment_heads = [[cfg["nd"] - 1, k] for k in range(max(1, h // 2))]
    g.lang_to_id = {f"<|{l}|>": i[f"<|{l}|>"] for l in langs}
    m.generation_config = g
    m.save_pretrained(hf)
    json.dump(
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": 448,
            "eos_token": "<|endoftext|>",
            "bos_token": "<|endoftext|>",
            "unk_token": "<|endoftext|>",
            "pad_token": "<|endoftext|>",
        },
        open(hf + "/tokenizer_config.json", "w"),
    )
    json.dump(
        {
            "feature_extractor_type": "WhisperFeatureExtractor",
            "feature_size": 80,
            "sampling_rate": 16000,
            "hop_length": 160,
            "chunk_length": 30,
            "n_fft": 400,
            "n_samples": 480000,
            "nb_max_frames": 3000,
            "padding_side": "right",
            "padding_value": 0.0,
            "return_attention_mask": False,
        },
        open(hf + "/preprocessor_config.json", "w"),
    )
    ctranslate2.converters.TransformersConverter(hf, copy_files=["tokenizer.json", "preprocessor_config.json"]).convert(
        out, quantization=None if quant == "float32" else quant, force=True
    )
    # CTranslate2 >= 4.7 (PR 2000): a Whisper model is multilingual iff its vocabulary holds the empty token "" (as OpenAI's
    # multilingual vocabulary does); older releases want len(vocabulary) >= 51865.  Byte 0x00 (id 0) never occurs: rename it.
    if multi:
        toks[0] = ""
    # the converter numbers the vocabulary by *position in tokenizer.get_vocab()*: with id gaps (fillers) that is wrong; so write it explicitly
    json.dump(toks, open(out + "/vocabulary.json", "w"), ensure_ascii=False, separators=(",", ":"))
    for f in sorted(os.listdir(out)):
        print(f, os.path.getsize(os.path.join(out, f)))
    print(open(out + "/config.json").read()[:600])


if __name__ == "__main__":
    a = [x for x in sys.argv[1:] if not x.startswith("--")]
    main(a[0], a[1], a[2] if len(a) > 2 else "int8", "--multilingual" in sys.argv)
