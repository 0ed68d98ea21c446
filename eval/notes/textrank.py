"""TextRank for sentence extraction, after Mihalcea and Tarau, "TextRank: Bringing Order into Texts" (2004).

Sentences are the nodes of a graph. An edge weighs as many words as its two sentences share, over the sum of
the logarithms of their lengths; PageRank with a damping of 0.85 says which sentences the others recommend.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

DAMPING = 0.85
_TOLERANCE = 1e-8
_ROUNDS = 200


def rank(sentences: Sequence[frozenset[str]]) -> list[float]:
    """PageRank of sentences, each given as its set of words. Without any edge all are equal."""
    if not sentences:
        return []
    weights = _weights(sentences)
    outgoing = weights.sum(axis=1)
    shares = csr_array((weights / np.where(outgoing > 0, outgoing, 1.0)[:, None]).T)
    ranks = np.ones(len(sentences))
    for _ in range(_ROUNDS):
        moved = (1 - DAMPING) + DAMPING * (shares @ ranks)
        if np.abs(moved - ranks).max() < _TOLERANCE:
            break
        ranks = moved
    return [float(value) for value in moved]


def _weights(sentences: Sequence[frozenset[str]]) -> npt.NDArray[np.float64]:
    """Words shared over log lengths, [sentences, sentences]; no loops, and no edges of single words."""
    places = {word: place for place, word in enumerate(sorted(frozenset().union(*sentences)))}
    rows = [row for row, words in enumerate(sentences) for _ in words]
    columns = [places[word] for words in sentences for word in sorted(words)]
    held = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(sentences), max(len(places), 1)))
    shared = (held @ held.T).toarray()
    logs = np.log([max(len(words), 1) for words in sentences])
    lengths = logs[:, None] + logs[None, :]
    weights: npt.NDArray[np.float64] = np.divide(
        shared, lengths, out=np.zeros_like(shared), where=lengths > 0
    )
    np.fill_diagonal(weights, 0)
    return weights
