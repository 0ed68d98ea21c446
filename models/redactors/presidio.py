"""Presidio's default English patterns, on a blank spaCy pipeline: no model, and nothing of the network.

It reads what is written ("4111 1111 1111 1111"), hardly what is spoken. Every match counts, however low its
score: without a model there is no lemma, and so none of the context that would raise it.
"""

from __future__ import annotations

import logging
from importlib.metadata import version
from threading import Lock
from typing import Any

import spacy
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from tldextract import TLDExtract

from models.errors import EngineError
from models.ports import FoundSpan

KINDS = {
    "CREDIT_CARD": "card",
    "US_SSN": "ssn",
    "US_ITIN": "itin",
    "US_BANK_NUMBER": "account",
    "IBAN_CODE": "account",
    "ABA_ROUTING_NUMBER": "routing",
    "PHONE_NUMBER": "phone",
    "EMAIL_ADDRESS": "email",
    "DATE_TIME": "birth_date",
}
"""Presidio's entities as kinds; all others are "number": a secret of a kind that has no name here."""

_READS_DOMAINS = frozenset({"EmailRecognizer", "UrlRecognizer"})


class PresidioRedactor:
    """Finds secrets in written text. One analyzer serves all callers, one at a time."""

    def __init__(self, analyzer: Any) -> None:
        self.version = f"presidio:patterns@{version('presidio-analyzer')}"
        self._analyzer = analyzer
        self._lock = Lock()

    def find(self, text: str) -> tuple[FoundSpan, ...]:
        """See `Redactor`. Of spans that overlap, the one with the higher score counts, for both."""
        if not text.strip():
            return ()
        with self._lock:
            try:
                results = self._analyzer.analyze(text, language="en")
            except (ValueError, TypeError, KeyError, IndexError) as error:
                raise EngineError("presidio could not read an utterance") from error
        best = sorted(results, key=lambda found: (found.start, -found.score))
        spans: list[FoundSpan] = []
        scores: list[float] = []
        for found in best:
            kind = KINDS.get(found.entity_type, "number")
            if spans and found.start < spans[-1].end:
                last = spans[-1]
                kept = kind if found.score > scores[-1] else last.kind
                spans[-1] = FoundSpan(kept, last.start, max(last.end, found.end))
                scores[-1] = max(scores[-1], found.score)
            else:
                spans.append(FoundSpan(kind, found.start, found.end))
                scores.append(found.score)
        return tuple(spans)


def open_engine(argument: str) -> PresidioRedactor:
    """Presidio with its own patterns for English. Raises `EngineError` for an argument: it takes none."""
    if argument:
        raise EngineError(f"presidio takes no argument, not {argument!r}")
    # It warns of every recognizer of another language that it leaves out.
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    nlp = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": "blank"}])
    nlp.nlp = {"en": spacy.blank("en")}
    recognizers = RecognizerRegistry(supported_languages=["en"])
    recognizers.load_predefined_recognizers(languages=["en"], nlp_engine=nlp)
    # The list of public suffixes is the one that is in the package; else it is asked of the network.
    domains = TLDExtract(suffix_list_urls=(), cache_dir=None)
    for recognizer in recognizers.recognizers:
        if recognizer.name in _READS_DOMAINS:
            recognizer.validate_result = lambda text: domains(text).fqdn != ""
    return PresidioRedactor(AnalyzerEngine(registry=recognizers, nlp_engine=nlp, supported_languages=["en"]))
