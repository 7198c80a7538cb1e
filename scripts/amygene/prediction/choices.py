"""Classifiers of the prediction."""

from __future__ import annotations

from dataclasses import dataclass

from amygene.io.choices import Choice, Registry


@dataclass(frozen=True)
class ClassifierChoice(Choice):
    """One classifier; its function has the signature of `models.ridge`, its grid stands in the config's schema.

    Attributes
    ----------
    linear
        Its weights can be turned into patterns.
    """

    linear: bool = False


CLASSIFIERS = Registry(
    "prediction.models",
    ClassifierChoice(
        "rbf-svm",
        "amygene.prediction.models:rbf_svm",
        label="SVM, Gaussian kernel",
        sentence="support vector machines with a Gaussian kernel",
    ),
    ClassifierChoice(
        "linear-svm",
        "amygene.prediction.models:linear_svm",
        label="SVM, linear",
        sentence="linear support vector machines",
        linear=True,
    ),
    ClassifierChoice(
        "logistic",
        "amygene.prediction.models:logistic",
        label="logistic regression",
        sentence="L2-penalised logistic regression",
        linear=True,
    ),
    ClassifierChoice(
        "ridge",
        "amygene.prediction.models:ridge",
        label="ridge",
        sentence="ridge classifiers",
        linear=True,
    ),
)
