"""Copies are found in the whole training set, however few are compared."""

import keras
import numpy as np
import pytest
from conftest import tiny_recipe

import gan_keras as gk
from gan_keras import metrics
from gan_keras.metrics import copies


def test_chance_is_the_share_of_the_training_images():
    rng = np.random.default_rng(0)
    train, held_out = rng.normal(size=(2000, 6)), rng.normal(size=(500, 6))
    found = metrics.memorisation(rng.normal(size=(800, 6)), train, held_out)
    assert found.chance == 0.8
    assert found.low < 0.8 < found.high and not found.flagged
    copied = metrics.memorisation(train[::4], train, held_out)
    assert copied.share == 1 and copied.flagged


@pytest.mark.parametrize("share, flagged", [(0.1, False), (0.35, True)])
def test_from_a_fifth_of_copies_on_they_are_flagged(share, flagged):
    rng = np.random.default_rng(1)
    train, held_out = rng.normal(size=(4000, 8)), rng.normal(size=(1000, 8))
    samples = rng.normal(size=(1000, 8))
    n = int(share * len(samples))
    samples[:n] = train[rng.permutation(len(train))[:n]] + 0.001
    found = metrics.memorisation(samples, train, held_out)
    assert found.flagged == flagged
    assert found.share == pytest.approx(share + (1 - share) * 0.8, abs=0.03)


@pytest.fixture
def copies_only(monkeypatch):
    """Evaluators that look for copies, and measure nothing else."""
    monkeypatch.setattr(
        metrics.Evaluator, "_statistics", lambda self, *sets: iter(())
    )


def test_an_evaluator_finds_copies_of_images_that_it_does_not_compare(
    copies_only,
):
    images, _ = gk.datasets.load("digits")
    held_out, _ = gk.datasets.load("digits", split="test")
    train, new = images[::2], images[1::2]
    evaluator = metrics.Evaluator(train, held_out[::5])
    assert evaluator.samples == 200 and len(evaluator.all_train) == 2000
    compared = {image.tobytes() for image in evaluator.train}
    others = [one for one in train if one.tobytes() not in compared]
    assert len(others) > 1700
    copied = evaluator(np.stack(others[::9][:200])).memorisation
    assert copied["pixels"].share == copied["features"].share == 1
    assert copied["pixels"].flagged and copied["features"].flagged
    honest = evaluator(new[::10]).memorisation
    for space in ("pixels", "features"):
        assert honest[space].chance == pytest.approx(2000 / 2200)
        assert honest[space].share == pytest.approx(2000 / 2200, abs=0.07)
        assert not honest[space].flagged


@pytest.mark.slow
def test_an_evaluator_finds_mirrored_copies_if_it_is_told_of_mirrors(
    copies_only,
):
    images, _ = gk.datasets.load("digits")
    held_out, _ = gk.datasets.load("digits", split="test")
    train, new = images[::2], images[1::2]
    copied = train[::10, :, ::-1]
    blind = metrics.Evaluator(train, held_out[::5])
    assert not blind(copied).memorisation["pixels"].flagged
    evaluator = metrics.Evaluator(train, held_out[::5], flip=True)
    for space, found in evaluator(copied).memorisation.items():
        assert found.share == 1 and found.flagged, space
        assert found.chance == pytest.approx(2000 / 2200)
    assert evaluator(train[::10]).memorisation["pixels"].share == 1
    for mirrored in (new[::10], new[::10, :, ::-1]):
        for found in evaluator(mirrored).memorisation.values():
            assert found.share == pytest.approx(2000 / 2200, abs=0.07)
            assert not found.flagged


def test_the_nearest_is_found_in_any_part(monkeypatch):
    rng = np.random.default_rng(2)
    samples, others = rng.normal(size=(50, 7)), rng.normal(size=(83, 7))
    whole = metrics.nearest(samples, others)
    distances = np.linalg.norm(samples[:, None] - others[None], axis=-1)
    np.testing.assert_array_equal(whole.indices, distances.argmin(axis=1))
    np.testing.assert_allclose(
        whole.distances, distances.min(axis=1), rtol=1e-5
    )
    monkeypatch.setattr(copies, "PART", 7 * 10)  # ten at a time
    parts = metrics.nearest(samples, others)
    np.testing.assert_array_equal(parts.indices, whole.indices)
    np.testing.assert_allclose(parts.distances, whole.distances, rtol=1e-5)


@pytest.mark.parametrize(
    "samples, others, message",
    [
        (np.zeros((2, 3)), np.zeros((4, 5)), "`samples` of 3.*`others` of 5"),
        (np.full((2, 3), np.nan), np.zeros((4, 3)), "`samples` contains NaN"),
        (np.zeros((2, 3)), np.full((4, 3), np.inf), "`others` contains NaN"),
        (np.zeros((2, 3)), np.zeros((0, 3)), "at least one"),
    ],
)
def test_mistakes_are_named(samples, others, message):
    with pytest.raises(ValueError, match=message):
        metrics.nearest(samples, others)


@pytest.mark.slow
def test_a_monitor_draws_the_classes_that_are_held_out():
    gan = tiny_recipe("cgan", steps=2)
    shape = gan.sample_shape
    rng = np.random.default_rng(0)
    real = rng.integers(0, 256, (200, *shape)).astype("uint8")
    labels = np.repeat([0, 1], [150, 50])
    extractor = gk.extractors.fit(real, steps=1)
    evaluator = metrics.Evaluator(real, real, extractor)
    asked = []
    generate = gan.generate

    def listening(*args, **kwargs):
        asked.append(kwargs["labels"])
        return generate(*args, **kwargs)

    gan.generate = listening
    monitor = gk.callbacks.QualityMonitor(evaluator, labels=labels)
    monitor.set_model(gan)
    monitor.on_train_begin()
    monitor.on_epoch_begin(0)
    logs = {}
    monitor.on_epoch_end(0, logs)
    assert np.bincount(asked[0]).tolist() == [150, 50]
    assert list(logs) == ["fd_own"]
    monitor.set_model(tiny_recipe("dcgan", steps=2))
    with pytest.raises(ValueError, match="`labels` are for a"):
        monitor.on_train_begin()


@pytest.mark.slow
def test_a_monitor_looks_at_what_would_be_shown():
    """A generator without tanh may step outside of [-1, 1]."""
    gan = tiny_recipe("dcgan", steps=2)
    shape = gan.sample_shape
    real = np.random.default_rng(0).integers(0, 256, (200, *shape), "uint8")
    evaluator = metrics.Evaluator(real, real, gk.extractors.fit(real, steps=1))
    distances = []
    for scale in (1.0, 1.5):
        bright = scale * np.sign(gk.datasets.to_float(real))
        gan.generate = lambda *args, bright=bright: bright
        monitor = gk.callbacks.QualityMonitor(evaluator)
        monitor.set_model(gan)
        monitor.on_train_begin()
        monitor.on_epoch_begin(0)
        logs = {}
        monitor.on_epoch_end(0, logs)
        distances.append(logs["fd_own"])
    assert distances[0] == distances[1] > 0


@pytest.mark.slow
def test_without_labels_an_extractor_has_no_classes():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (160, 12, 8, 1)).astype("uint8")  # no square
    extractor = gk.extractors.fit(images, steps=2)
    features, probabilities = extractor(images)
    assert len(features) == 160 and probabilities is None
    assert not extractor.has_classes
    report = metrics.Evaluator(images, images, extractor)(images)
    assert "fd_own" in report.figures
    assert "score_own" not in report.figures


def test_halves_do_not_warn_of_what_only_halves_are_too_small_for(recwarn):
    rng = np.random.default_rng(0)
    sets = list(rng.normal(size=(2, 30, 20)))
    metrics.half_sample_interval(metrics.frechet_distance, sets)
    assert not recwarn.list
    sets = list(rng.normal(size=(2, 18, 20)))
    with pytest.warns(UserWarning, match="18 samples of 20 features"):
        metrics.half_sample_interval(metrics.frechet_distance, sets)


def test_pure_bfloat16_is_refused():
    policy = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("bfloat16")
    try:
        networks = (
            gk.networks.mlp_generator((2,), latent_dim=2, hidden=(3,)),
            gk.networks.mlp_discriminator((2,), hidden=(3,)),
        )
        with pytest.raises(ValueError, match="'mixed_bfloat16'"):
            gk.GAN(*networks)
    finally:
        keras.mixed_precision.set_dtype_policy(policy)
