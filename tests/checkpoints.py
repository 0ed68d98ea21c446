"""A tiny Whisper with random weights and its own tokenizer, for transformers and for CTranslate2.

It understands nothing: it is there so that loading, batching, languages, word times and errors really run.
Its texts are a few letters and spaces that depend on the clip, and they end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

LANGUAGES = ("en", "de", "es", "fr")
TIME_TOKENS = 1_501
SPECIALS = ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")


LETTERS = "\u0120abcdefghijklmnopqrstuvwxyz"
"""What the model writes; the first piece is the space."""

TEXT_TOKENS = 12
SPACES = (7, 10)
"""Where texts end and words part, counted from the first token of the prompt."""


def build_whisper(folder: Path, multilingual: bool = True) -> Path:
    """A checkpoint of transformers in `folder`."""
    import torch
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
    )

    ids = _write_tokenizer(folder, multilingual)
    torch.manual_seed(0)
    config = WhisperConfig(
        vocab_size=len(ids),
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        pad_token_id=ids["<|endoftext|>"],
        bos_token_id=ids["<|endoftext|>"],
        eos_token_id=ids["<|endoftext|>"],
        decoder_start_token_id=ids["<|startoftranscript|>"],
    )
    model = WhisperForConditionalGeneration(config)
    with torch.no_grad():
        _make_talk(model.model.decoder, ids)
    model.generation_config = GenerationConfig(
        is_multilingual=multilingual,
        lang_to_id={f"<|{name}|>": ids[f"<|{name}|>"] for name in LANGUAGES},
        task_to_id={name: ids[f"<|{name}|>"] for name in ("translate", "transcribe")},
        alignment_heads=[[0, 0], [1, 1]],
        suppress_tokens=sorted(
            place for piece, place in ids.items() if place < ids["<|endoftext|>"] and piece not in LETTERS
        ),
        begin_suppress_tokens=[ids["<|endoftext|>"]],
        no_timestamps_token_id=ids["<|notimestamps|>"],
        decoder_start_token_id=ids["<|startoftranscript|>"],
        eos_token_id=ids["<|endoftext|>"],
        pad_token_id=ids["<|endoftext|>"],
        bos_token_id=ids["<|endoftext|>"],
        max_length=64,
        return_timestamps=False,
        prev_sot_token_id=ids["<|startofprev|>"],
    )
    model.save_pretrained(folder)
    WhisperFeatureExtractor().save_pretrained(folder)
    return folder


def _make_talk(decoder: Any, ids: dict[str, int]) -> None:
    """Strong letters that hang on the sound, and an end of text that wins from `TEXT_TOKENS` on."""
    import torch

    tokens, places = decoder.embed_tokens.weight, decoder.embed_positions.weight
    end = torch.randn(tokens.shape[1])
    end -= end.mean()
    end /= end.norm()
    tokens.normal_(0.0, 1.0)
    tokens[ids["<|endoftext|>"] :] = 0.0
    tokens[ids["<|endoftext|>"]] = 4.0 * end
    places.normal_(0.0, 2.0)
    places[:TEXT_TOKENS] -= 10.0 * end
    places[TEXT_TOKENS:] += 3000.0 * end
    places[list(SPACES)] += 50.0 * tokens[ids[LETTERS[0]]]
    for layer in decoder.layers:
        attention = layer.encoder_attn
        for part in (attention.q_proj, attention.k_proj, attention.v_proj):
            part.weight *= 30.0
        attention.out_proj.weight *= 60.0


def convert_whisper(source: Path, folder: Path) -> Path:
    """The same checkpoint for CTranslate2, int8, in `folder`."""
    from ctranslate2.converters import TransformersConverter

    files = ["tokenizer.json", "preprocessor_config.json"]
    TransformersConverter(str(source), copy_files=files).convert(str(folder), quantization="int8")
    return folder


def _write_tokenizer(folder: Path, multilingual: bool) -> dict[str, int]:
    """Byte-level BPE without merges, then Whisper's special tokens in its order.

    An empty piece before them is what makes CTranslate2 take a checkpoint for a multilingual one.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import WhisperTokenizerFast

    pieces = sorted(pre_tokenizers.ByteLevel.alphabet()) + [""] * multilingual
    tokenizer = Tokenizer(models.BPE(vocab={piece: i for i, piece in enumerate(pieces)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    names = ["endoftext", "startoftranscript", *LANGUAGES, *SPECIALS]
    names += [f"{index * 0.02:.2f}" for index in range(TIME_TOKENS)]
    tokenizer.add_special_tokens([AddedToken(f"<|{name}|>", special=True) for name in names])
    end = "<|endoftext|>"
    # Named as special, or the pipeline of transformers writes them into texts and finds no language.
    special = [f"<|{name}|>" for name in ("startoftranscript", *LANGUAGES, *SPECIALS)]
    WhisperTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token=end,
        bos_token=end,
        eos_token=end,
        pad_token=end,
        additional_special_tokens=special,
    ).save_pretrained(folder)
    vocabulary: dict[str, int] = tokenizer.get_vocab()
    return vocabulary
