"""A tiny pyannote.audio 4 pipeline with random weights, in the layout of community-1. Needs the extra."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

CONFIG = """\
dependencies:
  pyannote.audio: 4.0.0
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    clustering: VBxClustering
    segmentation: $model/segmentation
    segmentation_batch_size: 4
    embedding: $model/embedding
    embedding_batch_size: 4
    embedding_exclude_overlap: true
    plda: $model/plda
params:
  clustering:
    threshold: 0.6
    Fa: 0.07
    Fb: 0.8
  segmentation:
    min_duration_off: 0.0
"""


def build(folder: Path, speech_bias: float = 3.0) -> Path:
    """Write the pipeline; a positive `speech_bias` makes the network hear its first speaker everywhere."""
    import torch
    from pyannote.audio.models.embedding.wespeaker import WeSpeakerResNet34
    from pyannote.audio.models.segmentation import PyanNet

    torch.manual_seed(1)
    segmentation = PyanNet(
        lstm={"hidden_size": 16, "num_layers": 1, "bidirectional": True, "monolithic": True, "dropout": 0.0},
        linear={"hidden_size": 16, "num_layers": 1},
    )
    _specify(segmentation, powerset=True)
    with torch.no_grad():
        segmentation.classifier.bias[1] += speech_bias
    embedding = WeSpeakerResNet34()
    _specify(embedding, powerset=False)
    _save(segmentation, folder / "segmentation", "PyanNet", "pyannote.audio.models.segmentation")
    _save(embedding, folder / "embedding", "WeSpeakerResNet34", "pyannote.audio.models.embedding.wespeaker")
    _save_plda(folder / "plda")
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    return folder


def _specify(model: Any, powerset: bool) -> None:
    from pyannote.audio.core.task import Problem, Resolution, Specifications

    if powerset:
        model.specifications = Specifications(
            problem=Problem.MONO_LABEL_CLASSIFICATION,
            resolution=Resolution.FRAME,
            duration=5.0,
            classes=["one", "two", "three"],
            powerset_max_classes=2,
            permutation_invariant=True,
        )
    else:
        model.specifications = Specifications(
            problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0
        )
    model.build()
    model.eval()


def _save(model: Any, folder: Path, name: str, module: str) -> None:
    import pytorch_lightning
    import torch

    folder.mkdir(parents=True)
    torch.save(
        {
            "state_dict": model.state_dict(),
            "hyper_parameters": dict(model.hparams),
            "pyannote.audio": {
                "versions": {"torch": torch.__version__, "pyannote.audio": "4.0.0"},
                "architecture": {"module": module, "class": name},
                "specifications": model.specifications,
            },
            "pytorch-lightning_version": pytorch_lightning.__version__,
        },
        folder / "pytorch_model.bin",
    )


def _save_plda(folder: Path) -> None:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(1)
    np.savez(
        folder / "xvec_transform.npz",
        mean1=np.zeros(256),
        mean2=np.zeros(128),
        lda=rng.normal(size=(256, 128)),
    )
    np.savez(folder / "plda.npz", mu=np.zeros(128), tr=np.eye(128), psi=np.linspace(4, 1, 128))
