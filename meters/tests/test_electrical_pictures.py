"""Phasors, bars and rests: the same cases as static/js/tests/electrical-pictures."""

import json
from pathlib import Path

import pytest

from meters.domain.balance import contradicts, rest_of
from meters.domain.phase_bars import bar_groups
from meters.domain.phasors import diagram

CASES = Path(__file__).resolve().parents[2] / "static/js/tests"


def cases(name):
    found = json.loads((CASES / f"{name}-cases.json").read_text())
    return [pytest.param(case, id=case["name"]) for case in found]


@pytest.mark.parametrize("case", cases("phasor"))
def test_phasors(case):
    found = diagram(case["values"])
    assert found.source == case["source"]
    assert [(p.kind, p.phase) for p in found.phasors] == [
        (kind, phase) for kind, phase, _, _ in case["phasors"]
    ]
    for phasor, (_, _, size, angle) in zip(found.phasors, case["phasors"], strict=True):
        assert phasor.size == pytest.approx(size, abs=1e-3)
        assert phasor.angle == pytest.approx(angle, abs=1e-3)


@pytest.mark.parametrize("case", cases("phase-bar"))
def test_bars(case):
    found = bar_groups(
        case["values"], nominal_voltage=case["nominal"], rated_current=case["rated"]
    )
    shown = [
        [g.quantity, g.mark, g.reference, [[bar.phase, bar.share] for bar in g.bars]]
        for g in found
    ]
    assert len(shown) == len(case["groups"])
    for group, wanted in zip(shown, case["groups"], strict=True):
        assert group[:3] == [wanted[0], *map(pytest.approx, wanted[1:3])]
        assert [bar[0] for bar in group[3]] == [bar[0] for bar in wanted[3]]
        assert [b[1] for b in group[3]] == pytest.approx([b[1] for b in wanted[3]])


@pytest.mark.parametrize("case", cases("balance"))
def test_rest(case):
    found = rest_of(case["above"], case["below"])
    assert found == (None if case["rest"] is None else pytest.approx(case["rest"]))
    says = contradicts(found, case["above"], case["below"])
    assert says is case["contradicts"]
