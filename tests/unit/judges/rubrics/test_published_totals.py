"""Totals that were published, made again from the tables of groups that they were published with."""

import pytest

from snakedit.judges.rubrics.formulas import FORMULAS
from snakedit.judges.rubrics.rubric_file import load_rubric
from snakedit.stats.summaries import macro, micro, summarise

# Items of each group: attribute, spatial, temporal perception; social, natural science; logical reasoning,
# decomposition of instructions.
KRIS_ITEMS = (275, 100, 74, 125, 393, 150, 150)
KRIS_TYPES = {"factual": slice(0, 3), "conceptual": slice(3, 5), "procedural": slice(5, 7)}
# Wu et al., KRIS-Bench, 2025, and Qin et al., Uni-CoT, 2025: the table in the README of Fr0zenCrane/UniCoT.
# Each group's score, then each type's, then the overall one. The two rows of BAGEL there do not follow from
# their groups.
KRIS = {
    "Gemini 2.0": ((66.33, 63.33, 63.92, 68.19, 56.94, 54.13, 71.67), (65.26, 59.65, 62.90), 62.41),
    "Step 3": ((69.67, 61.08, 63.25, 66.88, 60.88, 49.06, 54.92), (66.70, 62.32, 51.99), 61.43),
    "Doubao": ((70.92, 59.17, 40.58, 65.50, 61.19, 47.75, 60.58), (63.30, 62.23, 54.17), 60.70),
    "Uni-CoT": ((72.76, 72.87, 67.10, 70.81, 66.00, 53.43, 73.93), (71.85, 67.16, 63.68), 68.00),
    "GPT-4o": ((83.17, 79.08, 68.25, 85.50, 80.06, 71.56, 85.08), (79.80, 81.37, 78.32), 80.09),
}

# Background, colour, material, motion, portrait, style, add, remove, replace, text, tone.
GEDIT_ITEMS = (40, 40, 40, 40, 70, 60, 60, 55, 60, 99, 40)
# GEdit-EN, full set: the table in the README of UCSC-VLAA/GPT-Image-Edit-1.5M (arXiv 2507.21033); its average
# is the last number.
GEDIT = {
    "AnyEdit": ((4.31, 4.25, 2.64, 0.67, 1.90, 1.95, 3.72, 3.75, 3.23, 0.77, 4.21), 2.85),
    "MagicBrush": ((6.17, 5.41, 4.75, 1.55, 2.90, 4.10, 5.53, 4.13, 5.10, 1.33, 5.07), 4.19),
    "InstructPix2Pix": ((3.94, 5.40, 3.52, 1.27, 2.62, 4.39, 3.07, 1.50, 3.48, 1.13, 5.10), 3.22),
    "OmniGen": ((5.23, 5.93, 5.44, 3.12, 3.17, 4.88, 6.33, 6.35, 5.34, 4.31, 4.96), 5.01),
    "Step1X-Edit": ((7.03, 6.26, 6.46, 3.66, 5.23, 7.24, 7.17, 6.42, 7.39, 7.40, 6.62), 6.44),
    "BAGEL": ((7.44, 6.99, 6.26, 5.09, 4.82, 6.04, 7.94, 7.37, 7.31, 7.16, 6.17), 6.60),
    "Step1X-Edit 1.1": ((7.45, 7.38, 6.95, 4.73, 4.70, 7.11, 8.20, 7.59, 7.80, 7.91, 6.85), 6.97),
}

# ImgEdit: the table in the same README, add to action, then overall. The rows of MagicBrush and GPT-4o there
# do not follow from their types.
IMGEDIT = {
    "UltraEdit": ((3.44, 2.81, 2.13, 2.96, 1.45, 2.83, 3.76, 1.91, 2.98), 2.70),
    "OmniGen": ((3.47, 3.04, 1.71, 2.94, 2.43, 3.21, 4.19, 2.24, 3.38), 2.96),
    "Step1X-Edit": ((3.88, 3.14, 1.76, 3.40, 2.41, 3.16, 4.63, 2.64, 2.52), 3.06),
    "BAGEL": ((3.56, 3.31, 1.70, 3.30, 2.62, 3.24, 4.49, 2.38, 4.17), 3.20),
    "UniWorld-V1": ((3.82, 3.64, 2.27, 3.47, 3.24, 2.99, 4.21, 2.96, 2.74), 3.26),
    "OmniGen2": ((3.57, 3.06, 1.77, 3.74, 3.20, 3.57, 4.81, 2.52, 4.68), 3.44),
}

# Temporal, causal, spatial, logical.
RISE_ITEMS = (85, 90, 100, 85)
# README of PhoenixZ810/RISEBench: accuracy in per cent by category, then overall.
RISE = {
    "GPT-4o": ((34.1, 32.2, 37.0, 10.6), 28.9),
    "Gemini 2.0 exp": ((8.2, 15.5, 23.0, 4.7), 13.3),
    "Gemini 2.0 pre": ((10.6, 13.3, 11.0, 2.3), 9.4),
    "BAGEL with CoT": ((5.9, 17.8, 21.0, 1.2), 11.9),
    "BAGEL": ((2.4, 5.6, 14.0, 1.2), 6.1),
    "Step1X-Edit": ((0.0, 2.2, 2.0, 3.5), 1.9),
    "OmniGen": ((1.2, 1.0, 0.0, 1.2), 0.8),
}


def groups_of(means, items):
    """Summaries of groups of so many items with these means, no two items alike."""
    groups = []
    for mean, n in zip(means, items, strict=True):
        offsets = [(place - (n - 1) / 2) / n for place in range(n)]
        groups.append(summarise([mean + offset for offset in offsets]))
    return groups


@pytest.mark.parametrize("model", KRIS)
def test_kris_totals_weigh_items_alike(model):
    means, types, overall = KRIS[model]
    assert load_rubric("kris").headline == "micro"
    groups = groups_of(means, KRIS_ITEMS)
    # Means are published to two digits.
    assert micro(groups).mean == pytest.approx(overall, abs=0.011)
    for (name, part), published in zip(KRIS_TYPES.items(), types, strict=True):
        assert micro(groups[part]).mean == pytest.approx(published, abs=0.011), name
    assert micro(groups).n == 1267


def test_kris_totals_are_no_mean_of_groups_and_no_mean_of_single_numbers():
    means, _, overall = KRIS["GPT-4o"]
    groups = groups_of(means, KRIS_ITEMS)
    assert abs(macro(groups).mean - overall) > 0.5
    # Wherever a fourth number, knowledge, is asked: in science, or in logical reasoning too.
    for explained in ((3, 4), (3, 4, 5)):
        asked = [4 if place in explained else 3 for place in range(7)]
        weights = [n * numbers for n, numbers in zip(KRIS_ITEMS, asked, strict=True)]
        flat = sum(mean * weight for mean, weight in zip(means, weights, strict=True)) / sum(weights)
        assert abs(flat - overall) > 0.05


@pytest.mark.parametrize("model", GEDIT)
def test_gedit_totals_weigh_groups_alike(model):
    means, average = GEDIT[model]
    assert load_rubric("viescore").headline == "macro"
    groups = groups_of(means, GEDIT_ITEMS)
    assert macro(groups).mean == pytest.approx(average, abs=0.011)
    assert macro(groups).n == 604


@pytest.mark.parametrize("model", IMGEDIT)
def test_imgedit_totals_weigh_types_alike(model):
    means, overall = IMGEDIT[model]
    assert load_rubric("imgedit").headline == "macro"
    # The sizes of the types have no part in it.
    groups = groups_of(means, range(10, 10 + 5 * len(means), 5))
    assert macro(groups).mean == pytest.approx(overall, abs=0.011)


def test_gedit_totals_are_no_mean_of_items():
    means, average = GEDIT["AnyEdit"]
    assert abs(micro(groups_of(means, GEDIT_ITEMS)).mean - average) > 0.2


@pytest.mark.parametrize("model", RISE)
def test_rise_accuracy_weighs_items_alike(model):
    means, overall = RISE[model]
    assert load_rubric("rise").headline == "micro"
    right = [round(mean / 100 * n) for mean, n in zip(means, RISE_ITEMS, strict=True)]
    accurate = FORMULAS["all_fives"].compute
    groups = [
        summarise(accurate({"reasoning": 5 if place < count else 4, "consistency": 5}) for place in range(n))
        for count, n in zip(right, RISE_ITEMS, strict=True)
    ]
    assert 100 * micro(groups).mean == pytest.approx(overall, abs=0.06)
    for group, published in zip(groups, means, strict=True):
        # 2 of 85 and 1 of 90 were cut off there rather than rounded.
        assert 100 * group.mean == pytest.approx(published, abs=0.12)
