"""Generated programs, stock and accelerated: a fixed set of seeds many to a process, and programs Hypothesis chooses."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.differential.fuzz import compare
from tests.differential.generator import generate
from tests.support import MODES, run_both


@pytest.mark.parametrize("mode", MODES)
def test_fixed_seeds(mode: str) -> None:
    differences = compare(0, 300, [mode])
    assert not differences, "\n".join(f"seed {seed}, {mode}:\n{text[:1500]}" for seed, mode, text in differences[:3])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(st.randoms(use_true_random=False))
def test_program_chosen_by_hypothesis(rng: random.Random) -> None:
    """Slower for each program than the seeds, but a failing one is shrunk to the smallest that still fails."""
    run_both(generate(rng), modes=("compile_all",))


def test_generation_is_deterministic() -> None:
    assert generate(random.Random(11)) == generate(random.Random(11))


def test_every_program_compiles() -> None:
    """A program with a syntax error would be the same on both sides and test nothing."""
    for seed in range(500):
        compile(generate(random.Random(seed)), f"<seed {seed}>", "exec")
