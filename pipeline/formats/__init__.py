"""Formats of calls and transcripts: one inner format (`segments`, `call_json`), one file an outside format.

`writers.WRITERS` is the table of what `wrapup run --format` writes; `readers.read_transcript` reads any
transcript. Text of a call is data: writers escape whatever a format would take for markup.
"""
