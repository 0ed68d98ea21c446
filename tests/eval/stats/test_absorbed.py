"""The model with a level a cluster: beside the same model written out, and what data cannot tell."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from eval.stats.absorbed import Absorbed, dummies, merged

GENERATOR = np.random.default_rng(5)
CLUSTER = np.repeat(np.arange(12), 6)
KIND = GENERATOR.integers(0, 3, 72)
PERIOD = np.tile(np.arange(6), 12)
TRIALS = GENERATOR.integers(0, 9, 72)
SUCCESSES = GENERATOR.binomial(TRIALS, 0.3 + 0.2 * (KIND == 2))


def test_a_contrast_as_with_a_dummy_for_every_cluster() -> None:
    design, places = merged({"kind": dummies(KIND, 3), "period": dummies(PERIOD, 6)})
    weights = np.zeros(design.shape[1])
    weights[places["kind"].start], weights[places["kind"].stop - 1] = -1.0, 1.0
    found = Absorbed(design, CLUSTER, SUCCESSES, TRIALS).contrast(weights)
    assert found is not None
    some = TRIALS > 0
    written = np.concatenate(
        [dummies(KIND, 3)[:, 1:], dummies(PERIOD, 6)[:, 1:], dummies(CLUSTER, 12)], axis=1
    )
    fit = sm.WLS((SUCCESSES[some] / TRIALS[some]), written[some], TRIALS[some]).fit(
        cov_type="cluster", cov_kwds={"groups": CLUSTER[some], "use_correction": False}
    )
    assert found.estimate.value == pytest.approx(fit.params[1])
    assert np.square(found.estimate.influence).sum() == pytest.approx(fit.cov_params()[1, 1])


def test_what_moves_together_cannot_be_told_apart() -> None:
    late = (PERIOD >= 3).astype(np.int64)
    design, places = merged({"late": dummies(late, 2), "period": dummies(PERIOD, 6)})
    model = Absorbed(design, CLUSTER, SUCCESSES, TRIALS)
    weights = np.zeros(design.shape[1])
    weights[places["late"]] = [-1.0, 1.0]
    assert model.contrast(weights) is None
    # Two periods of the same kind can still be compared.
    within = np.zeros(design.shape[1])
    within[places["period"].start : places["period"].start + 2] = [-1.0, 1.0]
    assert model.contrast(within) is not None


def test_a_contrast_rests_on_the_clusters_that_saw_both() -> None:
    # Only clusters 0 and 1 ever saw another kind than 0.
    kind = np.where((CLUSTER < 2) & (PERIOD == 4), 1, 0)
    design, places = merged({"kind": dummies(kind, 2), "period": dummies(PERIOD, 6)})
    weights = np.zeros(design.shape[1])
    weights[places["kind"]] = [-1.0, 1.0]
    found = Absorbed(design, CLUSTER, SUCCESSES, np.maximum(TRIALS, 1) + 5).contrast(weights)
    assert found is not None and found.clusters < 4


def test_a_contrast_of_nothing_is_nothing() -> None:
    found = Absorbed(dummies(KIND, 3), CLUSTER, SUCCESSES, TRIALS).contrast(np.zeros(3))
    assert found is not None
    assert found.estimate.value == 0
    assert found.clusters == 12
