"""Commands of `wrapup eval`, a file each; `eval.cli` puts them together."""
