"""Coverage-guided fuzzing of every door: any opening request, then any messages, events and answers.

    python -m tests.fuzz.doors NAME -max_total_time=20      (libFuzzer's options behind the name)

A door may give nothing but values of the contract, whatever comes, and never raises.
"""

from __future__ import annotations

import atheris

with atheris.instrument_imports(include=["pipeline.doors"]):
    from pipeline.doors.messages import (
        Alive,
        Away,
        Back,
        Chunk,
        Closing,
        Ended,
        Flush,
        Reply,
        Started,
        Updated,
    )

OUTPUTS = (Alive, Away, Back, Chunk, Closing, Ended, Flush, Reply, Started, Updated)
MESSAGES = 24
