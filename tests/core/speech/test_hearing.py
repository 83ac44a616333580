# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a prompt reaches the model."""

from __future__ import annotations

import tokenizers

from subtitle_editor.core.speech.hearing import without_orders
from tests.core.speech_kit import MODEL


def test_only_what_is_a_token_of_the_model_is_an_order() -> None:
    tokenizer = tokenizers.Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    assert without_orders("<|Neo|> <3 |> <|fr|><|translate|>a", tokenizer) == (
        "<|Neo|> <3 |>   a", ["<|fr|>", "<|translate|>"]
    )  # fmt: skip
    for text in ("<|<|fr|>fr|>", "<|fr<|fr|>|>", "<<|translate|><|0.00|>|>", "<|FR|><|fr |>"):
        left, _ = without_orders(text, tokenizer)
        tokens = tokenizer.encode(left, add_special_tokens=False).ids
        assert not set(tokens) & set(tokenizer.get_added_tokens_decoder()), left
