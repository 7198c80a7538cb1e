"""What the keys of animal signatures demand of each other."""

from pathlib import Path

import pytest

from amygene.io.problems import InputError
from amygene.settings import complete, read_schema

SCHEMA = read_schema(Path(__file__).parents[2] / "config/schemas/config.schema.yaml")
ONE = {"AvsB": {"case": "A", "control": "B"}}
FILES = {"NAc": {"counts": "c.tsv", "samples": "s.tsv"}}


def config(expression=None, **preclinical):
    return {
        "study": "s", "stages": ["preclinical"], "atlas": "DK83", "expression": expression or {},
        "preclinical": preclinical,
    }  # fmt: skip


def test_counts_or_signatures_are_enough():
    found = complete(config(tissues=FILES, contrasts=ONE), SCHEMA)["preclinical"]
    assert found["thresholds"] == {"log2fc": 0.2, "p": 0.05, "q": 0.1}
    found = complete(config(signatures={"own": {"table": "t.tsv"}}), SCHEMA)["preclinical"]
    assert found["signatures"]["own"]["log2fc"] == "log2fc"
    complete(config({"source": "DK83"}, tissues="simulated", contrasts=ONE), SCHEMA)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (config(), "preclinical.tissues and preclinical.signatures are both missing"),
        (config(tissues=FILES), "preclinical.contrasts is empty"),
        (config(tissues=FILES, contrasts={"a": {"case": "A", "control": "A"}}), "case and control are both 'A'"),
        (config(tissues=FILES, contrasts=ONE, signatures={"AvsB": {"table": "t"}}), "a contrast has that name"),
        (config(tissues="simulated", contrasts=ONE), "expression.source is missing; simulated tissues need it"),
        (
            config(tissues=FILES, contrasts=ONE, responders={"tests": "simulated", "steps": {"F": ["1", "2"]}}),
            "responders.tests is simulated, but preclinical.tissues is not",
        ),
        (config(tissues=FILES, contrasts=ONE, collection="GO"), "GO is none of GOBP, KEGG"),
        (config(tissue=FILES), "did you mean tissues?"),
        (config(tissues={"NAc": {"counts": "c"}}, contrasts=ONE), "preclinical.tissues.NAc.samples is missing"),
        (config(tissues={"N/c": FILES["NAc"]}, contrasts=ONE), "preclinical.tissues"),
    ],
)
def test_problems(given, words):
    with pytest.raises(InputError) as error:
        complete(given, SCHEMA)
    assert words in str(error.value)
