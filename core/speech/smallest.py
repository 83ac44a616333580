# SPDX-License-Identifier: GPL-3.0-or-later
"""A Whisper model of the smallest size that computes like any other: to try a device with, where no model is at hand.

What it hears is nonsense. Its weights are drawn at random, always the same ones.
"""

from __future__ import annotations

from typing import Any

_WIDTH = 64
_INNER = 256
_HEADS = 2
_MELS = 80
_FRAMES = 1500
"""Of Whisper's encoder, and below of its decoder: what real models have."""
_TOKENS = 448
_WORDS = ("<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>")
_BEGIN = [1, 2, 3, 4]
_SECOND = 100
"""Frames of Whisper's spectrum in a second."""


def save(folder: str) -> None:
    """Write it into an existing folder, about 1 MB."""
    from ctranslate2.specs import whisper_spec

    words = [*_WORDS, *(f"w{number}" for number in range(_WIDTH - len(_WORDS)))]
    spec = whisper_spec.WhisperSpec(1, _HEADS, 1, _HEADS)
    _Weights().fill(spec, len(words))
    spec.register_vocabulary(words)
    spec.config.lang_ids, spec.config.alignment_heads = [2], [(0, 0)]
    spec.config.suppress_ids = spec.config.suppress_ids_begin = []
    spec.validate()
    spec.optimize()
    spec.save(folder)


def decode(folder: str, device: str, index: int, compute_type: str) -> str:
    """Have it listen to a second of sound; the compute type that the device has made of it. Raises as CTranslate2."""
    import ctranslate2
    import numpy

    model = ctranslate2.models.Whisper(folder, device=device, device_index=index, compute_type=compute_type)
    features = numpy.zeros((1, _MELS, _SECOND), numpy.float32)
    model.generate(ctranslate2.StorageView.from_array(features), [_BEGIN], beam_size=5, max_length=16)
    return str(model.compute_type)


class _Weights:
    """The arrays of a model, drawn one after the other."""

    def __init__(self) -> None:
        import numpy

        self._numpy = numpy
        self._random = numpy.random.default_rng(1)

    def fill(self, spec: Any, words: int) -> None:
        """All weights of a WhisperSpec of one layer."""
        encoder, decoder = spec.encoder, spec.decoder
        encoder.conv1.weight, encoder.conv1.bias = self._drawn(_WIDTH, _MELS, 3), self._drawn(_WIDTH)
        encoder.conv2.weight, encoder.conv2.bias = self._drawn(_WIDTH, _WIDTH, 3), self._drawn(_WIDTH)
        encoder.position_encodings.encodings = self._drawn(_FRAMES, _WIDTH)
        decoder.embeddings.weight = decoder.projection.weight = self._drawn(words, _WIDTH)
        decoder.position_encodings.encodings = self._drawn(_TOKENS, _WIDTH)
        for half in (encoder, decoder):
            self._norm(half.layer_norm)
            for layer in half.layer:
                self._attention(layer.self_attention, (3, 1))
                self._norm(layer.ffn.layer_norm)
                self._linear(layer.ffn.linear_0, _INNER, _WIDTH)
                self._linear(layer.ffn.linear_1, _WIDTH, _INNER)
        for layer in decoder.layer:
            self._attention(layer.attention, (1, 2, 1))

    def _drawn(self, *shape: int) -> Any:
        return (self._random.standard_normal(shape) * 0.05).astype(self._numpy.float32)

    def _norm(self, spec: Any) -> None:
        spec.gamma = self._numpy.ones(_WIDTH, self._numpy.float32)
        spec.beta = self._numpy.zeros(_WIDTH, self._numpy.float32)

    def _linear(self, spec: Any, out: int, into: int) -> None:
        spec.weight, spec.bias = self._drawn(out, into), self._drawn(out)

    def _attention(self, spec: Any, widths: tuple[int, ...]) -> None:
        self._norm(spec.layer_norm)
        for linear, width in zip(spec.linear, widths, strict=True):
            self._linear(linear, width * _WIDTH, _WIDTH)
