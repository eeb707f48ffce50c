"""Entropy and CRITIC weights against scikit-criteria, which must give the same numbers."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from skcriteria.preprocessing import weighters

from convergence.measures.weights import critic_weights, entropy_weights, minmax

SHAPES = [(248, 8), (100_000, 8), (1_000_000, 8)]
REPEATS = 5


def best(call: Callable[..., np.ndarray], *arguments: object) -> tuple[float, np.ndarray]:
    """Time a call: the fastest of several."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = call(*arguments)
        times.append(time.perf_counter() - start)
    return min(times), result


def peer_critic_weights(z: np.ndarray) -> np.ndarray:
    """Weigh indicators that are scaled already."""
    return weighters.critic_weights(z, [1] * z.shape[1], scale=False)


PAIRS = {
    "entropy": (entropy_weights, weighters.entropy_weights),
    "critic": (critic_weights, peer_critic_weights),
}


def run() -> bool:
    """Print one line for each shape and kind of weights; there is no budget."""
    random = np.random.default_rng(0)
    print(f"{'rows':>10} {'weights':<8} {'ours ms':>9} {'scikit-criteria ms':>19} {'ratio':>7}")
    for shape in SHAPES:
        z = minmax(random.lognormal(0, 1, shape))
        for name, (own, peer) in PAIRS.items():
            ours, found = best(own, z)
            theirs, expected = best(peer, z)
            assert np.allclose(found, expected, rtol=1e-9)
            print(
                f"{shape[0]:>10,} {name:<8} {1e3 * ours:>9.2f} {1e3 * theirs:>19.2f} "
                f"{theirs / ours:>6.1f}×"
            )
    return True
