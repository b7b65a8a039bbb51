import numpy as np
import pytest

from gan_keras import latent


def test_slerp_stays_on_the_circle_at_even_angles():
    t = np.linspace(0, 1, 7)
    arc = latent.slerp([2.0, 0.0], [0.0, 2.0], t)
    angles = t * np.pi / 2
    expected = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    np.testing.assert_allclose(arc, expected, atol=1e-6)
    assert arc.dtype == np.float32


def test_slerp_of_lengths():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 64))
    lengths = np.linalg.norm(latent.slerp(a, b, np.linspace(0, 1, 9)), axis=1)
    low, high = sorted([np.linalg.norm(a), np.linalg.norm(b)])
    # The chord's middle would be shorter by about sqrt(2).
    assert lengths.min() > 0.95 * low
    assert lengths.max() < 1.05 * high


@pytest.mark.parametrize("end", [[1.0, 2.0], [2.0, 4.0], [-1.0, -2.0]])
def test_slerp_of_parallel_vectors_is_finite(end):
    arc = latent.slerp([1.0, 2.0], end, [0.0, 0.5, 1.0])
    assert np.isfinite(arc).all()
    np.testing.assert_allclose(arc[[0, 2]], [[1.0, 2.0], end], atol=1e-6)


def test_walk_visits_every_stop_and_closes():
    stops = np.random.default_rng(0).normal(size=(3, 8)).astype("float32")
    way = latent.walk(stops, frames=5)
    assert way.shape == (15, 8)
    np.testing.assert_allclose(way[::5], stops, atol=1e-6)
    np.testing.assert_allclose(
        way[11], latent.slerp(stops[2], stops[0], [0.2])[0], atol=1e-6
    )
