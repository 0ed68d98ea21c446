"""The proof that the harness says what is true: `python -m eval.worlds.proof --out docs/eval-proof.md`."""
