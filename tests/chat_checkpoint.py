"""A tiny chat model with random weights and its own tokenizer.

It understands nothing. It leans to ending what it began, so that what a grammar bounds ends soon.
"""

from __future__ import annotations

from pathlib import Path

TEMPLATE = (
    "{% for m in messages %}"
    "{% if m.role == 'system' and no_system %}{{ raise_exception('no system') }}{% endif %}"
    "|{{ m.role }}| {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}|assistant| {% endif %}"
)
ENDS = {'"': 6.0, "]": 4.0, "}": 4.0, "{": 5.0}


def build_chat(folder: Path, window: int = 16_384, system: bool = True, chat: bool = True) -> Path:
    """A checkpoint of transformers in `folder`."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import GenerationConfig, PhiConfig, PhiForCausalLM, PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<end>": 0} | {letter: place for place, letter in enumerate(letters, start=1)}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<end>", pad_token="<end>")
    if chat:
        tokenizer.chat_template = TEMPLATE if system else "{% set no_system = true %}" + TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = PhiConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=window,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    model = PhiForCausalLM(config)
    with torch.no_grad():
        for letter, weight in ENDS.items():
            model.lm_head.bias[vocabulary[letter]] = weight
        model.lm_head.bias[0] = 9.0
    model.generation_config = GenerationConfig(bos_token_id=0, eos_token_id=0, pad_token_id=0)
    model.save_pretrained(folder)
    return folder
