"""Extractors, intervals, evaluator, streaming metrics, monitor, command."""

import json
import math
import os
import random
import threading
import time
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import same
from conftest import tiny_images
from PIL import Image
from scipy import stats
from scipy.spatial import distance

import gan_keras as gk
import gan_keras_cli
from gan_keras import evaluation
from gan_keras import metrics
from gan_keras.extractors import fitting
from gan_keras.metrics import copies
from gan_keras.metrics import evaluator as evaluator_module
from gan_keras.metrics import intervals
from gan_keras.precision import precision
from gan_keras_cli.runs import RUN_KEYS


def digits(split="train", n=None):
    images, labels = gk.datasets.load("digits", split=split)
    order = np.random.default_rng(0).permutation(len(images))[:n]
    return images[order], labels[order]


# --------------------------------------------------------------- extractors


@pytest.mark.slow
def test_the_bundled_extractor_reads_the_held_out_digits():
    images, labels = digits("test")
    features, probabilities = gk.extractors.get("digits")(images)
    # 64 features, and 4 x 4 cells of a coarse picture.
    assert features.shape == (1000, 80) and features.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    right = np.mean(probabilities.argmax(axis=1) == labels)
    assert 0.985 <= right <= 0.997  # the docstring says 99.0 %


@pytest.mark.slow
def test_the_coarse_picture_is_the_mean_of_cells_and_varies_as_features_do():
    images, _ = digits()
    features, _ = gk.extractors.get("digits")(images)
    floats = images.astype("float64") / 127.5 - 1
    cells = floats.reshape(-1, 4, 7, 4, 7).mean(axis=(2, 4))
    cells = cells.reshape(len(images), 16)
    seen, picture = np.split(features, [64], axis=1)
    total = seen.var(axis=0).sum()
    scale = np.sqrt(total / cells.var(axis=0).sum())
    expected = scale * (cells - cells.mean())
    np.testing.assert_allclose(picture, expected, rtol=2e-3, atol=0.01)
    assert picture.var(axis=0).sum() == pytest.approx(total, rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    "shape, cells",
    [((5, 9, 1), 5 * 4), ((32, 32, 3), 4 * 4 * 3), ((64, 46, 3), 4 * 4 * 3)],
)
def test_the_coarse_picture_of_any_size(shape, cells):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (12, *shape)).astype("uint8")
    labels = np.arange(12) % 2
    extractor = gk.extractors.fit(images, labels, steps=1)
    assert extractor(images)[0].shape == (12, 64 + cells)


@pytest.mark.slow
def test_images_that_are_all_the_same_make_an_extractor():
    images = np.full((8, 8, 8, 1), 7, np.uint8)
    extractor = gk.extractors.fit(images, np.arange(8) % 2, steps=1)
    assert np.isfinite(extractor(images)[0]).all()


def test_floats_and_bytes_are_seen_alike():
    images, _ = digits(n=20)
    extractor = gk.extractors.get("digits")
    floats = images.astype("float32") / 127.5 - 1
    np.testing.assert_allclose(
        extractor(images)[0], extractor(floats)[0], atol=1e-4
    )


@pytest.mark.slow
def test_an_extractor_of_ones_own_repeats_itself_and_disturbs_nothing(tmp_path):
    images, labels = digits(n=400)
    keras.utils.set_random_seed(5)
    undisturbed = random.random(), tf.random.uniform([]).numpy()
    keras.utils.set_random_seed(5)
    one = gk.extractors.fit(images, labels, name="mine", steps=60, seed=3)
    assert (random.random(), tf.random.uniform([]).numpy()) == undisturbed
    two = gk.extractors.fit(images, labels, name="mine", steps=60, seed=3)
    assert same(one.network.get_weights(), two.network.get_weights())
    features, probabilities = one(images)
    # A few seconds of training, on images that it has seen: far above 0.1.
    assert np.mean(probabilities.argmax(axis=1) == labels) > 0.5
    one.save(tmp_path / "mine.keras")
    again = gk.extractors.Extractor.load(tmp_path / "mine.keras", "mine")
    assert np.array_equal(again(images)[0], features)
    assert one.label("fd") == "fd_mine"


@pytest.mark.slow
def test_classes_may_have_any_numbers():
    images, labels = digits(n=300)
    chosen = labels < 2
    extractor = gk.extractors.fit(
        images[chosen], 40 * labels[chosen] + 7, steps=2
    )
    assert extractor(images[:3])[1].shape == (3, 2)


@pytest.mark.slow
def test_without_labels_it_learns_which_way_up():
    images, _ = digits(n=1000)
    none = np.zeros(len(images), "int64")
    network = fitting.train(images, none, 4, fitting.rotate, 300, seed=0)
    extractor = gk.extractors.Extractor("turns", network)
    upright = extractor(images)[1].argmax(axis=1)
    turned = extractor(np.rot90(images, 1, axes=(1, 2)))[1].argmax(axis=1)
    assert np.mean(upright == 0) > 0.6  # 0.25 by chance
    assert np.mean(turned == 1) > 0.6


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda x, y: gk.extractors.get("fid"), "extractor.*'fid'"),
        (lambda x, y: gk.extractors.get("digits")(x[:, :8]), "28, 28, 1"),
        (lambda x, y: gk.extractors.fit(x / 2), "uint8.*float64"),
        (lambda x, y: gk.extractors.fit(x, y[:-1]), "one whole number"),
        (lambda x, y: gk.extractors.fit(x, 0 * y), "two classes"),
        (lambda x, y: gk.extractors.inception("/no.h5"), "extractors.fit"),
        (lambda x, y: metrics.Evaluator(x, x, samples=99), "samples=99"),
        (lambda x, y: metrics.Evaluator(x, x)(x[:9]), "Received: 9"),
        (lambda x, y: metrics.half_sample_interval(np.mean, [x[:3]]), "4 sam"),
        (lambda x, y: metrics.support_size(x, x[1:]), "19 and 20"),
        (lambda x, y: metrics.support_size(x, 0 * x), "20 times the same"),
        (lambda x, y: metrics.Evaluator(x, x, samples=11), "12 at the least"),
        (lambda x, y: metrics.Evaluator(x, x)(x / 255.0 * 2), r"\[0, 2\]"),
        (lambda x, y: metrics.Evaluator(x, x)(x * np.nan), r"\[nan, nan\]"),
        (lambda x, y: gk.extractors.fit(x, y, name="digits"), "your own"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(*digits(n=20))


def test_images_that_were_scaled_from_0_to_1_are_noticed():
    images, _ = digits(n=20)
    extractor = gk.extractors.get("digits")
    with pytest.warns(UserWarning, match=r"lie in \[0, 1\].* \* 2 - 1"):
        extractor(images / 255.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        extractor(images / 127.5 - 1)
        extractor(np.full((8, 28, 28, 1), -0.2))  # G before it has learnt
        extractor(np.ones((1, 28, 28, 1)))  # one that is bright


@pytest.mark.slow
def test_inception_with_weights_from_a_file(tmp_path):
    """Random weights: the real ones are not to be had offline."""
    keras.utils.set_random_seed(0)
    network = keras.applications.InceptionV3(
        include_top=False, weights=None, pooling="avg"
    )
    path = str(tmp_path / "weights.weights.h5")
    network.save_weights(path)
    extractor = gk.extractors.inception(path)
    assert extractor.label("fd") == "fid_inception"
    images = tiny_images(2, size=30)
    features, probabilities = extractor(images)
    assert features.shape == (2, 2048) and probabilities is None
    large = tf.image.resize(np.repeat(images, 3, axis=-1), (299, 299))
    np.testing.assert_allclose(features, network(large), rtol=1e-3, atol=1e-4)
    # Colours stay, and what shrinks is averaged: of stripes of one pixel
    # nothing is left but their mean.
    stripes = np.zeros((1, 598, 598, 3), "float32")
    stripes[:, :, ::2] = [1.0, 0.5, -0.5]
    stripes[:, :, 1::2] = [-1.0, 0.5, -0.5]
    flat = np.full((1, 299, 299, 3), [0.0, 0.5, -0.5], "float32")
    inside = extractor.network.layers[1](stripes)[:, :, 5:-5]
    np.testing.assert_allclose(inside, flat[:, :, 5:-5], atol=1e-5)
    colour = network(flat)
    np.testing.assert_allclose(extractor(flat)[0], colour, rtol=1e-3, atol=1e-4)
    grey = network(np.repeat(flat.mean(-1, keepdims=True), 3, -1))
    assert np.abs(colour - grey).max() > 1e-2 * np.abs(colour).max()


@pytest.mark.slow
def test_extractors_calculate_in_float32_under_any_policy():
    images, labels = digits(n=64)

    def looked():
        extractor = gk.extractors.fit(images, labels, steps=1)
        return extractor(images)

    expected = looked()
    with precision("mixed_bfloat16"):
        found = looked()
        features, _ = gk.extractors.get("digits")(images)
        assert features.dtype == found[0].dtype == np.float32
    for a, b in zip(found, expected):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_an_extractor_leaves_the_layers_that_it_looks_through_as_they_are():
    d = gk.networks.dcgan_discriminator((28, 28, 1), width=4)
    weights = len(d.trainable_variables)
    trunk = keras.Model(d.inputs, d.layers[-2].output)
    extractor = gk.extractors.Extractor("d", trunk)
    evaluator = metrics.Evaluator(
        digits(n=40)[0], digits("test", n=40)[0], extractor, samples=12
    )
    assert np.isfinite(evaluator.frechet(digits(n=40)[0]))
    assert len(d.trainable_variables) == weights > 2


# ---------------------------------------------------------------- intervals


@pytest.mark.parametrize("degrees", [5, 10, 20])
def test_students_quantile_against_scipy(degrees):
    for p in (0.9, 0.975):
        expected = stats.t.ppf(p, degrees)
        found = intervals.student_t(p, degrees)
        assert found == pytest.approx(expected, rel=2e-3)


def test_the_interval_of_a_mean_is_the_textbooks():
    x = np.random.default_rng(0).normal(3, 2, 400)
    value, low, high = metrics.half_sample_interval(np.mean, [x], splits=400)
    assert value == pytest.approx(x.mean())
    reach = 1.96 * x.std() / 20
    assert high - value == pytest.approx(reach, rel=0.1)
    assert value - low == pytest.approx(reach, rel=0.1)


@pytest.mark.slow
def test_95_of_100_intervals_hold_what_they_should():
    """Fréchet and kernel distance of Gaussians, drawn again and again."""
    rng = np.random.default_rng(0)

    def statistic(real, fake):
        return [
            metrics.frechet_distance(real, fake),
            metrics.kernel_distance(real, fake, subsets=1, subset_size=10**6),
        ]

    found = []
    for _ in range(200):
        real = rng.normal(size=(300, 6))
        fake = 0.3 + 1.2 * rng.normal(size=(300, 6))
        found.append(metrics.half_sample_interval(statistic, [real, fake]))
    value, low, high = np.swapaxes(found, 0, 1)  # each [200, 2]
    expected = value.mean(axis=0)  # at this number of samples
    inside = np.mean((low <= expected) & (expected <= high), axis=0)
    assert np.all(0.90 <= inside) and np.all(inside <= 0.99), inside


# ------------------------------------------------------------- memorisation


def test_nearest_neighbours_by_hand():
    found = metrics.nearest(
        np.array([[0.0, 0.0], [9.0, 0.0]]),
        np.array([[3.0, 4.0], [0.0, 1.0], [9.0, 2.0]]),
    )
    assert found.indices.tolist() == [1, 2]
    np.testing.assert_allclose(found.distances, [1, 2], rtol=1e-5)


def test_copies_are_flagged_and_new_samples_are_not():
    rng = np.random.default_rng(0)
    train, held_out, new = rng.normal(size=(3, 500, 10))
    honest = metrics.memorisation(new, train, held_out)
    assert not honest.flagged and 0.43 < honest.share < 0.57
    assert honest.low < 0.5 < honest.high
    copied = metrics.memorisation(train + 0.01, train, held_out)
    assert copied.flagged and copied.share == 1
    some = np.concatenate([train[:250], new[:250]])
    assert metrics.memorisation(some, train, held_out).flagged


def test_samples_near_one_and_the_same_image_are_no_copies():
    """Garbage is nearest to whatever real image is the emptiest."""
    rng = np.random.default_rng(0)
    train, held_out = 5 * rng.normal(size=(2, 500, 10))
    train[0] = 0
    garbage = 0.1 * rng.normal(size=(500, 10))
    found = metrics.memorisation(garbage, train, held_out)
    assert found.share == 1 and not found.flagged


def test_bytes_and_floats_of_the_same_images_are_the_same():
    """Samples are floats, real images usually are not."""
    rng = np.random.default_rng(0)
    real = rng.integers(90, 170, (200, 6, 6, 1)).astype("uint8")
    train, held_out = real[:100], real[100:]
    train[0] = 0  # the nearest to everything, were floats read as bytes
    floats = gk.datasets.to_float(train)
    assert metrics.nearest(floats, train).distances.max() < 0.01
    found = metrics.memorisation(floats, train, held_out)
    assert found.share == 1
    assert found == metrics.memorisation(train, train, held_out)
    alike = np.concatenate([floats[:50], floats[:50]])
    assert metrics.support_size(alike, held_out).pairs == 50


def test_wilsons_interval_against_scipy():
    low, high = copies.wilson(0.3, 50)
    expected = stats.binomtest(15, 50).proportion_ci(0.95, "wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), rel=1e-4)


def test_the_birthday_paradox_counts_the_days():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(1000, 20))
    for size in (100, 1000):
        known = rng.normal(size=(size, 20))
        samples = known[rng.integers(size, size=1000)]
        samples = samples + 1e-3 * rng.normal(size=samples.shape)
        found = metrics.support_size(samples, real)
        assert found.size == pytest.approx(size, rel=0.15)
        assert 0.6 * size < found.at_least < found.size
    never = metrics.support_size(rng.normal(size=(1000, 20)), real, 1e-3)
    assert never.pairs == 0 and never.size == math.inf
    # No pair in 499,500: with 95 % confidence not less than a third of it.
    assert never.at_least == pytest.approx(499_500 / 3.045, rel=1e-3)


def test_the_birthday_paradox_with_any_number_and_with_a_copy():
    # 129 points: the last block of distances is that of the last point alone.
    points = np.random.default_rng(0).normal(size=(129, 20))
    least = pytest.approx(distance.pdist(points).min(), rel=1e-4)
    assert metrics.support_size(points, points).threshold == least
    points[3] = points[5]  # a real image that is there twice
    least = sorted(distance.pdist(points))[1]
    found = metrics.support_size(points, points)
    assert found.threshold == pytest.approx(least, rel=1e-4)
    assert found.pairs == 1
    assert metrics.support_size(0 * points, points).size == 1


@pytest.mark.slow
def test_the_fewest_samples_that_can_be_evaluated():
    images = digits(n=40)[0]
    evaluator = metrics.Evaluator(images[:20], images[20:], samples=12)
    assert evaluator(images[:12]).to_dict()["samples"] == 12


# ---------------------------------------------------------------- evaluator


@pytest.fixture(scope="module")
def evaluator():
    return metrics.Evaluator(
        digits("all", 2400)[0][::2], digits("test")[0], samples=600
    )


@pytest.mark.slow
def test_a_report_has_every_figure_with_interval_and_floor(evaluator):
    report = evaluator(digits("train")[0][1::4])
    for name in ("fd", "kd", "precision", "recall", "density", "coverage"):
        assert f"{name}_digits" in report.figures
    assert {"score_digits", "class_kl_digits"} < report.figures.keys()
    assert {"swd_pixels_28", "swd_pixels_14", "swd_pixels_7"} < set(
        report.figures
    )
    for name, one in report.figures.items():
        assert one.low <= one.value <= one.high, name
        assert np.isfinite(one.floor), name
    # These are real images, too: as good as the floor.
    fd = report.figures["fd_digits"]
    assert 0.3 < fd.value / fd.floor < 3
    spread = np.arange(600) * 1000 // 600  # of all 1,000
    assert fd.value == pytest.approx(
        evaluator.frechet(digits()[0][1::4][spread])
    )
    assert "fd_digits" in str(report) and "support_pixels" in str(report)
    found = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert found["figures"]["fd_digits"]["value"] == fd.value
    assert found["samples"] == 600


def test_the_images_that_are_compared_are_drawn_from_all():
    """Not the first ones: data sets are sorted by class."""
    images, labels = gk.datasets.load("digits")
    held_out, _ = gk.datasets.load("digits", split="test")
    assert (np.diff(labels) >= 0).all()

    def drawn(seed):
        return metrics.Evaluator(images, held_out, samples=200, seed=seed).train

    def classes(chosen):
        rows = {image.tobytes(): label for image, label in zip(images, labels)}
        return [rows[image.tobytes()] for image in chosen]

    chosen = drawn(0)
    # 20 of each on average, with a deviation of some 4.
    counts = np.bincount(classes(chosen), minlength=10)
    assert 6 <= counts.min() <= counts.max() <= 36
    assert classes(chosen) == sorted(classes(chosen))  # in their order
    np.testing.assert_array_equal(chosen, drawn(0))
    assert not np.array_equal(chosen, drawn(1))


def test_the_floor_of_so_many_images_is_of_a_draw_from_all():
    images, labels = gk.datasets.load("digits")
    evaluator = metrics.Evaluator(images, digits("test")[0], samples=200)
    look = evaluator.extractor
    real = look(evaluator.held_out)[0]

    def distance_of(chosen):
        return metrics.frechet_distance(real, look(chosen)[0])

    found = evaluator.frechet_floor(1000)
    shuffled = images[np.random.default_rng(7).permutation(len(images))]
    assert found == pytest.approx(distance_of(shuffled[:1000]), rel=0.2)
    assert distance_of(images[:1000]) > 2 * found  # zeros to twos


def test_at_most_10_000_images_are_compared():
    many, few = np.zeros((10_001, 1)), np.zeros((9_999, 1))
    assert evaluator_module.number_of_samples(None, many, many) == 10_000
    assert evaluator_module.number_of_samples(None, many, few) == 9_999
    assert evaluator_module.number_of_samples(10_001, many, many) == 10_001


def test_every_figure_is_its_functions_of_the_right_images():
    to_float = gk.datasets.to_float
    images, labels = digits()
    train, held_out = images[:300], digits("test")[0][:100]
    evaluator = metrics.Evaluator(train, held_out, samples=100)
    # Few classes and noise: what precision, recall and all others tell apart.
    fake = to_float(images[300:][labels[300:] < 4][:120])
    noise = np.random.default_rng(0).normal(0, 0.1, fake.shape)
    fake = np.clip(fake + noise, -1, 1).astype("float32")
    report = evaluator(fake)
    # Every sixth is left out: a conditional model's are sorted by class.
    fake = fake[[i * 120 // 100 for i in range(100)]]
    look = gk.extractors.get("digits")

    def figures(images):
        (real, real_p), (seen, p) = look(held_out), look(images)
        counts = [  # one more of each
            np.bincount(rows.argmax(axis=1), minlength=10) + 1
            for rows in (real_p, p)
        ]
        found = {
            "fd": metrics.frechet_distance(real, seen),
            "kd": metrics.kernel_distance(real, seen, 1, 100),
            "score": metrics.classifier_score(p),
            "class_kl": metrics.class_divergence(*counts),
        }
        for names, function in [
            (("precision", "recall"), metrics.precision_recall),
            (("density", "coverage"), metrics.density_coverage),
        ]:
            found |= zip(names, function(real, seen))
        distances = metrics.sliced_wasserstein(
            to_float(held_out),
            to_float(images) if images.dtype == "uint8" else images,
            patches=8,
            directions=32,
        )
        return {f"{name}_digits": value for name, value in found.items()} | {
            f"swd_pixels_{height}": value for height, value in distances.items()
        }

    values, floors = figures(fake), figures(evaluator.train)
    assert report.figures.keys() == values.keys()
    for name, one in report.figures.items():
        assert one.value == pytest.approx(values[name], 1e-6, 1e-9), name
        assert one.floor == pytest.approx(floors[name], 1e-6, 1e-9), name
        assert one.value != one.floor, name
    shares = ("precision", "recall", "density", "coverage")
    shares = [values[f"{name}_digits"] for name in shares]
    assert len({*shares}) == 4  # none passes for another one
    # The floor is of images that G was trained on, each of them once.
    chosen = {image.tobytes() for image in evaluator.train}
    assert len(chosen) == 100 and chosen < {i.tobytes() for i in train}
    assert np.array_equal(evaluator.held_out, held_out)
    # Copies are looked for among all of them.
    assert report.memorisation == {
        "pixels": metrics.memorisation(fake, train, held_out),
        "features": metrics.memorisation(
            *(look(images)[0] for images in (fake, train, held_out))
        ),
    }
    assert report.support == metrics.support_size(fake, held_out)
    assert (report.samples, report.extractor) == (100, "digits")


@pytest.mark.slow
def test_what_is_worse_is_measured_as_worse(evaluator):
    real = digits()[0][1::5][:700]
    rng = np.random.default_rng(0)
    clean = real.astype("float32") / 127.5 - 1
    blurred = (
        clean + sum(np.roll(clean, s, a) for a in (1, 2) for s in (1, -1))
    ) / 5
    # Nearly as far as blurring, but for the network much stranger.
    noisy = np.clip(clean + rng.normal(0, 0.3, clean.shape), -1, 1)
    shuffled = rng.permuted(clean.reshape(700, -1), axis=1)
    ladder = [clean, blurred, noisy, shuffled.reshape(clean.shape)]
    distances = [evaluator.frechet(images) for images in ladder]
    assert distances == sorted(distances)
    assert np.all(np.diff(distances) > 0.1 * np.array(distances[:-1]))


@pytest.mark.slow
def test_classes_that_are_missing_lower_recall_and_not_precision():
    images, labels = digits()
    held_out, _ = digits("test")
    extractor = gk.extractors.get("digits")
    real = extractor(held_out)[0]
    found = []
    for k in (0, 3, 6):
        fake = images[labels >= k]
        fake = np.random.default_rng(0).permutation(fake)[:1000]
        found.append(metrics.neighbourhoods(real, extractor(fake)[0]))
    precision, recall, _, coverage = np.array(found).T
    assert np.ptp(precision) < 0.05
    assert recall[0] > recall[1] + 0.1 and recall[1] > recall[2] + 0.1
    assert coverage[0] > coverage[1] + 0.1 and coverage[1] > coverage[2] + 0.1


# ------------------------------------------------------------ Keras metrics


@pytest.mark.slow
def test_streaming_metrics_equal_those_of_all_images_at_once():
    real, _ = digits("test", 300)
    fake, _ = digits("train", 300)
    extractor = gk.extractors.get("digits")
    seen = [extractor(images) for images in (real, fake)]
    frechet = metrics.FrechetDistance()
    score = metrics.ClassifierScore()
    assert (frechet.name, score.name) == ("fd_digits", "score_digits")
    for i in range(0, 300, 70):
        batch = [
            gk.datasets.to_float(images[i : i + 70]) for images in (real, fake)
        ]
        frechet.update_state(*batch)
        score.update_state(*batch)
    expected = metrics.frechet_distance(seen[0][0], seen[1][0])
    assert float(frechet.result()) == pytest.approx(expected, rel=1e-4)
    expected = metrics.classifier_score(seen[1][1])
    assert float(score.result()) == pytest.approx(expected, rel=1e-4)
    frechet.reset_state()
    assert float(frechet.result()) == 0


def small_gan(**kwargs):
    keras.utils.set_random_seed(0)
    gan = gk.GAN(
        gk.networks.mlp_generator((28, 28, 1), 8, (16,)),
        gk.networks.mlp_discriminator((28, 28, 1), (16,)),
        seed=1,
    )
    gan.compile(jit_compile=False, **kwargs)
    return gan


@pytest.mark.parametrize(
    "jit_compile", [False, pytest.param(True, marks=pytest.mark.slow)]
)
def test_evaluate_and_validation_data_measure(jit_compile, tmp_path):
    gan = small_gan()
    gan.compile(
        metrics=["frechet_distance", metrics.ClassifierScore()],
        jit_compile=jit_compile,
    )
    held_out = gk.datasets.pipeline(
        digits("test")[0][:200], batch_size=50, shuffle=False
    )
    found = gan.evaluate(held_out, return_dict=True, verbose=0)
    assert {"d_loss", "fd_digits", "score_digits"} <= found.keys()
    # The same by hand: four batches, each with noise of its own.
    fakes = []
    for i in range(4):
        z = gan.generator_inputs(50, turn=tf.constant(50 * i, tf.int64))
        fakes.append(gan.generate_from(np.array(z)))
    features = gk.extractors.get("digits")(np.concatenate(fakes))[0]
    real = gk.extractors.get("digits")(digits("test")[0][:200])[0]
    expected = metrics.frechet_distance(real, features)
    assert float(found["fd_digits"]) == pytest.approx(expected, rel=1e-3)
    history = gan.fit(
        gk.datasets.pipeline(digits(n=64)[0], batch_size=32),
        validation_data=held_out,
        verbose=0,
    ).history
    assert history["val_fd_digits"][0] > 0
    assert "fd_digits" not in history
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    found = again.evaluate(held_out, return_dict=True, verbose=0)
    assert float(found["fd_digits"]) == pytest.approx(
        float(history["val_fd_digits"][0]), rel=1e-4
    )


@pytest.mark.slow
def test_a_metric_is_asked_once_and_warns_of_few_images():
    """A distance is two eigendecompositions: not one after every batch."""
    metric = metrics.FrechetDistance("digits")
    gan = small_gan(metrics=[metric])
    gan.compile(metrics=[metric], run_eagerly=True)
    asked = []
    result = metric.result
    metric.result = lambda: asked.append(1) or result()
    few = gk.datasets.pipeline(digits(n=64)[0], batch_size=16)
    with pytest.warns(UserWarning, match="64 images of 80 features.*fd_digits"):
        gan.fit(few, validation_data=few, verbose=0)
    assert len(asked) == 1


def test_metrics_must_look_at_images():
    with pytest.raises(ValueError, match="metrics.*frechet_distance"):
        small_gan(metrics=["accuracy"])


@pytest.mark.slow
def test_the_monitor_feeds_keras_callbacks_and_draws_its_curve(tmp_path):
    evaluator = metrics.Evaluator(
        digits(n=200)[0], digits("test")[0][::5], samples=200
    )
    monitor = gk.callbacks.QualityMonitor(
        evaluator, every=2, directory=tmp_path
    )
    best = {"monitor": "fd_digits", "mode": "min"}
    gan = small_gan()
    data = gk.datasets.pipeline(digits(n=64)[0], batch_size=32)
    history = gan.fit(
        data,
        epochs=4,
        verbose=0,
        callbacks=[
            monitor,
            keras.callbacks.ModelCheckpoint(
                tmp_path / "best.keras", save_best_only=True, **best
            ),
            keras.callbacks.EarlyStopping(patience=9, **best),
        ],
    ).history
    values = [row["fd_digits"] for row in monitor.rows]
    assert [row["epoch"] for row in monitor.rows] == [1, 2, 4]
    # In every epoch: without a value, Keras would call any model the best.
    assert history["fd_digits"] == [*values[:2], values[1], values[2]]
    assert values[2] == pytest.approx(
        evaluator.frechet(gan.generate(200, seed=0))
    )
    assert (tmp_path / "best.keras").exists()
    text = (tmp_path / "quality.csv").read_text().splitlines()
    assert text[0] == "epoch,fd_digits" and len(text) == 4
    axis = monitor.figure().axes[0]
    assert axis.lines[0].get_ydata().tolist() == values
    # A run that goes on behind epoch 2 measures epoch 4 again, not twice.
    gan.fit(data, epochs=4, initial_epoch=2, verbose=0, callbacks=[monitor])
    assert [row["epoch"] for row in monitor.rows] == [1, 2, 4]


@pytest.mark.slow
def test_a_resumed_run_keeps_the_best_model_of_before(tmp_path, monkeypatch):
    """`ModelCheckpoint` of a new process knows of no best one."""
    evaluator = metrics.Evaluator(digits(n=200)[0], digits("test")[0][::5])
    values = iter([5.0, 9.0, 7.0, 4.0])  # after epochs 1, 2, 4 and 6
    data = gk.datasets.pipeline(digits(n=64)[0], batch_size=32)
    path = tmp_path / "best.keras"

    def steps_of_the_best(epochs, before):
        monitor = gk.callbacks.QualityMonitor(
            evaluator, every=2, directory=tmp_path
        )
        assert monitor.best == before
        monkeypatch.setattr(evaluator, "frechet", lambda images: next(values))
        keep = keras.callbacks.ModelCheckpoint(
            path,
            monitor="fd_digits",
            mode="min",
            save_best_only=True,
            initial_value_threshold=monitor.best,
        )
        resume = gk.callbacks.Resume(tmp_path, seconds=0)
        small_gan().fit(
            data, epochs=epochs, verbose=0, callbacks=[monitor, keep, resume]
        )
        return int(keras.saving.load_model(path).steps)

    assert steps_of_the_best(2, before=None) == 2
    assert steps_of_the_best(3, before=5.0) == 2  # measured nothing, said 9
    assert steps_of_the_best(4, before=5.0) == 2
    assert steps_of_the_best(6, before=5.0) == 12
    other = gk.callbacks.QualityMonitor(evaluator, directory=tmp_path)
    assert other.best == 4.0
    other.name = "fd_own"  # of another extractor there is nothing here
    assert other.best is None


@pytest.mark.slow
def test_the_monitor_remembers_without_a_directory():
    evaluator = metrics.Evaluator(digits(n=200)[0], digits("test")[0][::5])
    monitor = gk.callbacks.QualityMonitor(evaluator, every=5)
    gan = small_gan()
    data = gk.datasets.pipeline(digits(n=64)[0], batch_size=32)
    gan.fit(data, epochs=2, verbose=0, callbacks=[monitor])
    first = monitor.rows
    assert [row["epoch"] for row in first] == [1]
    history = gan.fit(
        data, initial_epoch=2, epochs=4, verbose=0, callbacks=[monitor]
    ).history
    assert monitor.rows == first
    assert history["fd_digits"] == [first[0]["fd_digits"]] * 2
    # A game that begins anew has another curve.
    gan.fit(data, verbose=0, callbacks=[monitor])
    assert [row["epoch"] for row in monitor.rows] == [1]
    assert monitor.rows[0] != first[0]


@pytest.mark.slow
def test_the_monitor_measures_nothing_of_a_model_that_has_diverged():
    evaluator = metrics.Evaluator(digits(n=200)[0], digits("test")[0][::5])
    gan = small_gan()

    class Spoil(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            bias = gan.ema_generator.weights[-1]
            bias.assign(np.full(bias.shape, np.nan))

    guard = gk.callbacks.DivergenceGuard()
    monitor = gk.callbacks.QualityMonitor(evaluator)
    data = gk.datasets.pipeline(digits(n=64)[0], batch_size=32)
    with pytest.warns(UserWarning, match="Training diverged"):
        gan.fit(data, epochs=3, verbose=0, callbacks=[Spoil(), monitor, guard])
    assert guard.diverged and int(gan.steps) == 0
    assert np.isnan(monitor.rows[-1]["fd_digits"])
    assert np.isfinite(gan.generate(2)).all()


@pytest.mark.slow
def test_the_monitor_generates_as_many_as_there_are_training_images():
    evaluator = metrics.Evaluator(
        digits(n=200)[0], digits("test")[0], samples=100
    )
    monitor = gk.callbacks.QualityMonitor(evaluator)
    assert monitor.samples == 200
    look = evaluator.extractor
    expected = metrics.frechet_distance(
        look(evaluator.held_out)[0], look(digits(n=200)[0])[0]
    )
    assert monitor.floor == pytest.approx(expected, rel=1e-4)
    assert evaluator.frechet(digits(n=200)[0]) == pytest.approx(expected)
    # Of half of them: a number of its own, that of the report.
    half = metrics.frechet_distance(
        look(evaluator.held_out)[0], look(evaluator.train)[0]
    )
    assert evaluator.frechet_floor(100) == pytest.approx(half, rel=1e-4)
    assert evaluator.frechet_floor() == evaluator.frechet_floor(100)
    assert abs(half - expected) > 0.01 * expected
    with pytest.raises(ValueError, match="samples=201"):
        gk.callbacks.QualityMonitor(evaluator, samples=201)
    with pytest.raises(ValueError, match="samples=99"):
        gk.callbacks.QualityMonitor(evaluator, samples=99)


# ------------------------------------------------------------------ command


@pytest.mark.slow
def test_the_command_prints_one_table_and_writes_a_figure(tmp_path, capsys):
    path = str(tmp_path / "model.keras")
    small_gan().save(path)
    command = ["evaluate", path, "--samples", "60"]
    assert gan_keras_cli.main(command) == 0
    printed = capsys.readouterr().out
    assert "fd_digits" in printed and "nearer_to_train_pixels" in printed
    assert "Real images: digits, 4,000 to train on. No run's" in printed
    assert "copies of" not in printed  # all 4,000 were searched
    assert (tmp_path / "evaluation.png").stat().st_size > 10_000
    assert gan_keras_cli.main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["samples"] == 60 and found["extractor"] == "digits"
    assert found["data"] == "digits"
    assert found["train_images"] == found["train_images_searched"] == 4000
    assert gan_keras_cli.main(["evaluate", path, "--samples", "7000"]) == 2
    assert "samples=7000" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("flip", [False, True])
def test_the_command_knows_how_a_run_was_trained(
    tmp_path, capsys, monkeypatch, flip
):
    """Its data and their size; and mirrors, of which copies are copies."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (150, 14, 14), dtype=np.uint8)
    np.savez(tmp_path / "own.npz", x_train=images[:100], x_test=images[100:])
    path = tmp_path / "model.keras"
    small_gan().save(path)
    config = dict.fromkeys(RUN_KEYS) | {
        "recipe": "dcgan", "data": str(tmp_path / "own.npz"),
        "image_size": 28, "flip": flip,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    large, _ = gk.datasets.load(config["data"], image_size=28)
    mirrored = gk.datasets.to_float(large[:, :, ::-1])

    def copies(self, n, seed):
        return 3 * mirrored[:n]  # out of range, as without a tanh

    monkeypatch.setattr(gk.GAN, "generate", copies)
    monkeypatch.setattr(
        gk.metrics.Evaluator, "_statistics", lambda self, *sets: iter(())
    )
    command = ["evaluate", str(tmp_path), "--extractor", "digits"]
    command += ["--samples", "50"]
    assert gan_keras_cli.main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["data"] == config["data"] and found["train_images"] == 100
    monkeypatch.setattr(gk.GAN, "generate", lambda self, n, seed: mirrored[:n])
    assert gan_keras_cli.main(command) == 0
    assert ("copied!" in capsys.readouterr().out) == flip
    # Other data are looked at in the model's size, or refused.
    assert gan_keras_cli.main([*command, "--data", "digits"]) == 0
    config["image_size"] = 14
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert gan_keras_cli.main(command) == 2
    assert "--data must hold images of 28x28" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("samples", [None, 90])
def test_a_conditional_model_is_asked_for_what_is_held_out(
    tmp_path, monkeypatch, samples
):
    """As often for each class, and not for what it was trained on."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (400, 28, 28), dtype=np.uint8)
    data = tmp_path / "unbalanced.npz"
    np.savez(
        data,
        x_train=images[:200],
        y_train=np.repeat([0, 1, 2], [10, 30, 160]),
        x_test=images[200:],
        y_test=np.repeat([0, 1, 2], [140, 40, 20]),
    )
    gan = gk.ConditionalGAN(
        gk.networks.mlp_generator((28, 28, 1), 8, (16,), num_classes=3),
        gk.networks.mlp_discriminator((28, 28, 1), (16,), num_classes=3),
    )
    gan.compile(jit_compile=False)
    gan.save(tmp_path / "model.keras")
    asked, generate = [], gk.ConditionalGAN.generate

    def listen(self, n=None, **kwargs):
        asked.append((n, kwargs["labels"]))
        return generate(self, n, **kwargs)

    monkeypatch.setattr(gk.ConditionalGAN, "generate", listen)
    command = ["evaluate", tmp_path / "model.keras", "--data", data]
    command += ["--extractor", "digits"]
    command += [] if samples is None else ["--samples", samples]
    assert gan_keras_cli.main([*map(str, command)]) == 0
    ((n, labels),) = asked
    assert n == len(labels) == (samples or 200)
    counts = np.bincount(labels, minlength=3)
    if samples is None:
        assert counts.tolist() == [140, 40, 20]
    else:  # drawn from them, with a deviation of 3 at the most
        np.testing.assert_allclose(counts, [63, 18, 9], atol=10)


@pytest.mark.slow
def test_the_command_makes_an_extractor_for_images_of_another_kind(
    tmp_path, capsys, monkeypatch
):
    from gan_keras.extractors import fitting

    images = (tiny_images(60, size=16) * 127.5 + 127.5).astype("uint8")
    np.savez(tmp_path / "own.npz", x_train=images, x_test=images[::2])
    gan = gk.GAN(
        gk.networks.mlp_generator((16, 16, 1), 8, (16,)),
        gk.networks.mlp_discriminator((16, 16, 1), (16,)),
    )
    gan.compile(jit_compile=False)
    path = tmp_path / "model.keras"
    gan.save(path)
    train = fitting.train
    monkeypatch.setattr(  # of 2,000 steps
        fitting, "train", lambda *a: train(*a[:4], 3, *a[5:])
    )
    command = ["evaluate", str(path), "--data", str(tmp_path / "own.npz")]
    with pytest.warns(UserWarning, match="30 samples of 80 features"):
        assert gan_keras_cli.main(command) == 0
    printed = capsys.readouterr().out
    assert "fd_own" in printed and "swd_pixels_16" in printed
    (kept,) = tmp_path.glob("extractor*.keras")
    written = kept.stat().st_mtime_ns
    assert gan_keras_cli.main(command) == 0
    assert capsys.readouterr().out == printed  # the same extractor again
    assert kept.stat().st_mtime_ns == written
    # The digits are of another size than what this model draws.
    assert gan_keras_cli.main([*command, "--extractor", "digits"]) == 2
    assert "28, 28, 1" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_prints_its_numbers_though_the_disk_is_full(
    tmp_path, capsys, monkeypatch
):
    def replace_file(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gan_keras.evaluation.replace_file", replace_file)
    path = str(tmp_path / "model.keras")
    small_gan().save(path)
    assert gan_keras_cli.main(["evaluate", path, "--samples", "60"]) == 2
    said = capsys.readouterr()
    assert "fd_digits" in said.out and "No space left" in said.err


def tiny_extractor(shape=(8, 8, 1)):
    stack = [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(2)]
    return gk.extractors.Extractor("own", keras.Sequential(stack))


@pytest.fixture
def fitted(monkeypatch):
    """The shapes of the images that extractors were fitted to."""
    shapes = []

    def fit(images, labels=None):
        shapes.append(images.shape[1:])
        return tiny_extractor(images.shape[1:])

    monkeypatch.setattr(gk.extractors, "fit", fit)
    return shapes


def choose(path, data="own.npz", size=8, wanted="auto"):
    images = tiny_images(4, size=size)
    return evaluation.choose_extractor(wanted, data, str(path), images, None)


def test_the_digits_extractor_is_for_digits_of_its_size(fitted, tmp_path):
    path = tmp_path / "extractor.keras"
    assert choose(path, "mnist", size=28).name == "digits" and not fitted
    assert choose(path, "mnist", size=32).name == "own"
    assert fitted == [(32, 32, 1)]


def test_a_stored_extractor_of_another_size_is_replaced(fitted, tmp_path):
    path = tmp_path / "extractor.keras"
    for size in (8, 8, 12, 12):
        assert choose(path, size=size).image_shape == (size, size, 1)
    assert fitted == [(8, 8, 1), (12, 12, 1)]


def test_an_extractor_that_cannot_be_kept_is_used(
    fitted, tmp_path, monkeypatch
):
    def save(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gk.extractors.Extractor, "save", save)
    with pytest.warns(UserWarning, match="is not kept.*No space left"):
        assert choose(tmp_path / "extractor.keras").name == "own"


def test_each_data_set_has_an_extractor_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def name(data, config):
        path = evaluation.own_extractor_path("run/model.keras", data, config)
        return os.path.relpath(path, "run")

    config = {"data": str(tmp_path / "faces")}
    assert name("faces", config) == name("./faces/", config)
    assert name("faces", config) == "extractor.keras"
    others = {name("cats", config), name("dogs", config), name("mnist", config)}
    assert len(others) == 3 and "extractor.keras" not in others
    assert name("cats", {}) == name("./cats", config)
    assert name("mnist", {"data": "mnist"}) == "extractor.keras"


def test_too_many_samples_are_known_before_an_extractor_is_fitted(
    fitted, tmp_path, capsys
):
    path = str(tmp_path / "model.keras")
    small_gan().save(path)
    command = ["evaluate", path, "--extractor", "own", "--samples", "7000"]
    assert gan_keras_cli.main(command) == 2
    assert "samples=7000" in capsys.readouterr().err
    assert not fitted


def test_classes_that_the_model_does_not_know_are_told_before_that(
    fitted, tmp_path, capsys
):
    gan = gk.ConditionalGAN(
        gk.networks.mlp_generator((8, 8, 1), 8, (16,), num_classes=3),
        gk.networks.mlp_discriminator((8, 8, 1), (16,), num_classes=3),
    )
    gan.compile(jit_compile=False)
    gan.save(tmp_path / "model.keras")
    images = np.zeros((200, 8, 8), np.uint8)
    labels = np.arange(200) % 5
    np.savez(tmp_path / "five.npz", x=images, y=labels)
    command = ["evaluate", "--data", str(tmp_path / "five.npz")]
    command += [str(tmp_path / "model.keras"), "--extractor", "own"]
    assert gan_keras_cli.main(command) == 2
    assert "--data must have no more classes than the model, 3. Received" in (
        capsys.readouterr().err
    )
    assert not fitted


def test_a_folder_of_some_of_the_classes_is_known_by_their_names():
    def known(names, trained, labels=(0, 1, 1), num_classes=3):
        labels = np.array(labels)
        found = evaluation.known_classes(
            "pets", labels, names, trained, num_classes
        )
        return found.tolist()

    pets = ["cat", "dog", "fox"]
    assert known(["dog", "fox"], pets) == [1, 2, 2]
    assert known(pets, pets) == [0, 1, 1]
    # Sub-folders that are called by the numbers of a model without names.
    assert known(["7", "9"], None, num_classes=10) == [7, 9, 9]
    # Names that nobody knows, or none: as they are numbered.
    assert known(["one", "two"], None) == [0, 1, 1]
    assert known(None, pets) == known(None, None) == [0, 1, 1]
    message = r"classes than the model, \['cat', 'dog', 'fox'\]. .*\['emu'\]"
    with pytest.raises(ValueError, match=message):
        known(["dog", "emu"], pets)
    with pytest.raises(ValueError, match="no more classes than the model, 3"):
        known(None, pets, labels=[3])


def images_in(folder, names, n=130):
    for name in names:
        (folder / name).mkdir(parents=True)
        for i in range(n):
            Image.new("L", (8, 8), i).save(folder / name / f"{i:03d}.png")
    return str(folder)


@pytest.mark.slow
def test_the_command_asks_for_classes_by_name(tmp_path, monkeypatch, fitted):
    run = tmp_path / "run"
    run.mkdir()
    pets = images_in(tmp_path / "pets", ["cat", "dog", "fox"], 1)
    others = images_in(tmp_path / "others", ["dog", "fox"])
    gan = gk.ConditionalGAN(
        gk.networks.mlp_generator((8, 8, 1), 8, (16,), num_classes=3),
        gk.networks.mlp_discriminator((8, 8, 1), (16,), num_classes=3),
    )
    gan.compile(jit_compile=False)
    gan.save(run / "model.keras")
    config = dict.fromkeys(RUN_KEYS) | {
        "recipe": "cgan", "data": pets, "class_names": ["cat", "dog", "fox"],
    }  # fmt: skip
    (run / "config.json").write_text(json.dumps(config))
    asked, generate = [], gk.ConditionalGAN.generate

    def listen(self, n=None, **kwargs):
        asked.extend(kwargs["labels"])
        return generate(self, n, **kwargs)

    monkeypatch.setattr(gk.ConditionalGAN, "generate", listen)
    command = ["evaluate", str(run), "--data", others, "--extractor", "own"]
    assert gan_keras_cli.main(command) == 0
    assert np.bincount(asked).tolist() == [0, 13, 13]


def test_images_that_are_not_there_or_too_few_are_told_by_the_option(
    tmp_path, capsys, fitted
):
    gan = gk.GAN(
        gk.networks.mlp_generator((8, 8, 1), 8, (16,)),
        gk.networks.mlp_discriminator((8, 8, 1), (16,)),
    )
    gan.compile(jit_compile=False)
    gan.save(tmp_path / "model.keras")
    gone = str(tmp_path / "gone")
    config = dict.fromkeys(RUN_KEYS) | {"recipe": "gan", "data": gone}
    (tmp_path / "config.json").write_text(json.dumps(config))
    command = ["evaluate", str(tmp_path)]
    assert gan_keras_cli.main(command) == 2
    said = capsys.readouterr().err
    assert f"images were in {gone}" in said and "with --data" in said
    few = images_in(tmp_path / "few", ["all"], 100)
    assert gan_keras_cli.main([*command, "--data", few]) == 2
    said = capsys.readouterr().err
    assert "--data must hold 12 held-out images" in said
    assert "with 10 of them" in said and not fitted


@pytest.mark.slow
def test_the_command_draws_by_its_seed_and_writes_where_it_is_told(
    tmp_path, capsys, monkeypatch
):
    small_gan().save(tmp_path / "model.keras")
    path = tmp_path / "other.png"
    command = ["evaluate", str(tmp_path / "model.keras"), "--samples", "12"]
    command += ["--out", str(path)]
    seeds, generate = [], gk.GAN.generate

    def listen(self, n, seed):
        seeds.append(seed)
        return generate(self, n, seed)

    monkeypatch.setattr(gk.GAN, "generate", listen)
    with pytest.warns(UserWarning):  # few samples
        assert gan_keras_cli.main([*command, "--seed", "7"]) == 0
        assert gan_keras_cli.main(command) == 0
    assert seeds == [7, 0]
    assert path.stat().st_size > 10_000
    assert not (tmp_path / "evaluation.png").exists()


def test_halves_of_large_images_are_looked_at_few_at_a_time(monkeypatch):
    """Each thread has a copy of its own; the numbers stay the same."""
    x = np.random.default_rng(0).normal(size=(100, 8))
    busy, most, lock = [0], [0], threading.Lock()

    def statistic(rows):
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        time.sleep(0.01)
        with lock:
            busy[0] -= 1
        return rows.mean()

    def found():
        most[0] = 0
        return metrics.half_sample_interval(statistic, [x]), most[0]

    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    many, threads = found()
    assert 2 <= threads <= 8
    monkeypatch.setattr(intervals, "MEMORY", 2 * x.nbytes)
    few, threads = found()
    assert threads <= 2 and few == many
    monkeypatch.setattr(intervals, "MEMORY", 1)
    few, threads = found()
    assert threads == 1 and few == many
