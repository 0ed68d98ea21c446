"""How many people there are, and what each sounds like.

Embeddings are first grouped by agglomerative clustering, then by VBx without its temporal model: a Bayesian
mixture over PLDA-whitened embeddings that drives needless speakers to zero. Equation numbers are those of
Landini, Profant, Diez and Burget, "Bayesian HMM clustering of x-vector sequences (VBx) in speaker
diarization", 2022. Constants that say nothing else are those published with pyannote community-1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.special import logsumexp, softmax

from models.diarization.networks import PldaArrays

Array = NDArray[np.float64]

JOIN_DISTANCE = 0.6
"""Centroid distance of unit embeddings at which the agglomeration stops."""
MOST_GROUPS = 50
"""Groups that the mixture starts from at most; from hundreds of single embeddings it cannot get away."""
SAME_VOICE = 0.95
"""Cosine from which two speakers' means are one voice; of people who sound much alike it is up to 0.87."""
EVIDENCE = 0.08
"""Fa: weight of an embedding when there is one each second, which makes neighbours all but copies. Published:
0.07, for voices of ten seconds; shorter ones overlap less. Measured on 13 recordings, two voices were taken
for one in 20 of 88 windows (24 with ten seconds and 0.07), one voice for two in 7 of 41 (3)."""
PAIR_EVIDENCE = 0.14
"""Fa where two speakers is the most: it splits sooner, and what it splits too far is joined again.
Chosen on overlapping windows of the very recordings that it was measured on: two voices taken for one fall
from 24 to 4 %, one voice taken for two rises from 4 to 25 %."""
SPEAKER_PENALTY = 0.8
"""Fb: how much evidence a speaker must bring to stay."""
START_SHARPNESS = 7.0
"""Log odds of the first grouping as the start of the mixture."""
ROUNDS = 20
TOLERANCE = 1e-4
LEAST_PRIOR = 1e-7
MOST_TRAINED = 200
"""Embeddings that speakers are found from at most, spread evenly over the recording. VBx takes embeddings for
independent, so that with enough of them any drift within one voice becomes a speaker."""


def find_speakers(
    embeddings: Array, plda: PldaArrays, interval_s: float, max_speakers: int | None = None
) -> Array:
    """Mean embedding of each speaker, shape (speakers, 256), at least one.

    `embeddings` (n, 256), n >= 1, about one per speaker every `interval_s` seconds.
    """
    stride = -(-len(embeddings) // MOST_TRAINED)
    trained = embeddings[::stride]
    if len(trained) < 2:
        return trained.copy()
    tree = linkage(unit(trained), method="centroid")
    groups = fcluster(tree, JOIN_DISTANCE, criterion="distance")
    if groups.max() > MOST_GROUPS:
        groups = fcluster(tree, MOST_GROUPS, criterion="maxclust")
    groups = np.unique(groups, return_inverse=True)[1]
    evidence = (PAIR_EVIDENCE if max_speakers == 2 else EVIDENCE) * interval_s
    shares, priors = _mixture(_whiten(trained, plda), groups, plda.psi, evidence)
    shares = shares[:, priors > LEAST_PRIOR]
    weights = shares.sum(axis=0)
    return _merge(shares.T @ trained / weights[:, None], weights, max_speakers)


def unit(vectors: Array) -> Array:
    """Vectors (n, d) at length one; a zero vector stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float64).tiny))


def _whiten(embeddings: Array, plda: PldaArrays) -> Array:
    """Into the space where speakers spread by psi and each speaker's embeddings by the identity."""
    raw_size, size = plda.lda.shape
    centred = np.sqrt(raw_size) * unit(embeddings - plda.mean_raw)
    reduced = np.sqrt(size) * unit(centred @ plda.lda - plda.mean_lda)
    return np.asarray((reduced - plda.mean) @ plda.transform.T)


def _mixture(points: Array, groups: NDArray[np.intp], psi: Array, evidence: float) -> tuple[Array, Array]:
    """Responsibilities (n, speakers) and priors (speakers,) at the optimum of the lower bound, eq. 25."""
    shares: Array = softmax(START_SHARPNESS * np.eye(int(groups.max()) + 1)[groups], axis=1)
    priors = np.full(shares.shape[1], 1 / shares.shape[1])
    scaled = points * np.sqrt(psi)
    constant = -0.5 * ((points**2).sum(axis=1, keepdims=True) + points.shape[1] * np.log(2 * np.pi))
    ratio = evidence / SPEAKER_PENALTY
    best = -np.inf
    for _ in range(ROUNDS):
        spread = 1 / (1 + ratio * shares.sum(axis=0)[:, None] * psi)  # eq. 17
        means = ratio * spread * (shares.T @ scaled)  # eq. 16
        fit = evidence * (scaled @ means.T - 0.5 * ((spread + means**2) @ psi) + constant)  # eq. 23
        fit += np.log(priors + 1e-8)
        total = logsumexp(fit, axis=1, keepdims=True)
        shares = np.exp(fit - total)
        priors = shares.sum(axis=0) / len(points)
        bound = total.sum() + 0.5 * SPEAKER_PENALTY * (np.log(spread) - spread - means**2 + 1).sum()
        if bound - best < TOLERANCE:
            break
        best = bound
    return shares, priors


def _merge(centroids: Array, weights: Array, most: int | None) -> Array:
    """Join the two most alike while they are one voice or there are more than `most`."""
    while len(centroids) > 1:
        likeness = unit(centroids) @ unit(centroids).T
        np.fill_diagonal(likeness, -np.inf)
        if likeness.max() < SAME_VOICE and (most is None or len(centroids) <= most):
            break
        kept, gone = sorted(divmod(int(likeness.argmax()), len(centroids)))
        pair = weights[[kept, gone]]
        centroids[kept] = pair @ centroids[[kept, gone]] / pair.sum()
        weights[kept] = pair.sum()
        centroids = np.delete(centroids, gone, axis=0)
        weights = np.delete(weights, gone)
    return centroids
