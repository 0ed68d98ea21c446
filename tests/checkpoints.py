"""A tiny Whisper with random weights and its own tokenizer, for transformers and for CTranslate2.

It understands nothing: it is there so that loading, batching, languages, word times and errors really run.
"""

from __future__ import annotations

from pathlib import Path

LANGUAGES = ("en", "de", "es", "fr")
TIME_TOKENS = 1_501
SPECIALS = ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")


def build_whisper(folder: Path) -> Path:
    """A checkpoint of transformers in `folder`."""
    import torch
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
    )

    ids = _write_tokenizer(folder)
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
    # Without this the many time tokens win every step and the model says nothing at all.
    with torch.no_grad():
        model.model.decoder.embed_tokens.weight[ids["<|endoftext|>"] :] = 0.0
    model.generation_config = GenerationConfig(
        is_multilingual=True,
        lang_to_id={f"<|{name}|>": ids[f"<|{name}|>"] for name in LANGUAGES},
        task_to_id={name: ids[f"<|{name}|>"] for name in ("translate", "transcribe")},
        alignment_heads=[[0, 0], [1, 1]],
        suppress_tokens=[],
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


def convert_whisper(source: Path, folder: Path) -> Path:
    """The same checkpoint for CTranslate2, int8, in `folder`."""
    from ctranslate2.converters import TransformersConverter

    files = ["tokenizer.json", "preprocessor_config.json"]
    TransformersConverter(str(source), copy_files=files).convert(str(folder), quantization="int8")
    return folder


def _write_tokenizer(folder: Path) -> dict[str, int]:
    """Byte-level BPE without merges, the empty piece, then Whisper's special tokens in its order."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import WhisperTokenizerFast

    pieces = [*sorted(pre_tokenizers.ByteLevel.alphabet()), ""]
    tokenizer = Tokenizer(models.BPE(vocab={piece: i for i, piece in enumerate(pieces)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    names = ["endoftext", "startoftranscript", *LANGUAGES, *SPECIALS]
    names += [f"{index * 0.02:.2f}" for index in range(TIME_TOKENS)]
    tokenizer.add_special_tokens([AddedToken(f"<|{name}|>", special=True) for name in names])
    end = "<|endoftext|>"
    WhisperTokenizerFast(
        tokenizer_object=tokenizer, unk_token=end, bos_token=end, eos_token=end, pad_token=end
    ).save_pretrained(folder)
    vocabulary: dict[str, int] = tokenizer.get_vocab()
    return vocabulary
