"""Augmentations against loops over pixels, and ADA against sums by hand."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import tiny_images
from conftest import two_cpus

from gan_keras import augment
from gan_keras import noise
from gan_keras import penalties

RNG = np.random.default_rng(0)
#: Two numbers an image, over all of (0, 1]: for transforms of two.
CORNERS = np.array(
    [(u, v) for u in (2**-25, 0.3, 0.5, 0.8, 1) for v in (2**-25, 0.4, 1)],
    "float32",
)


def transformed(augmentation, images, u):
    return augmentation.transform(
        tf.constant(images, tf.float32), tf.constant(u, tf.float32)
    ).numpy()


# --------------------------------------------------------------- by formula


@pytest.mark.parametrize("strength", [0.0, 1.0, 0.4])
def test_brightness(strength):
    images = tiny_images(3, 4, channels=2)
    changed = transformed(
        augment.Brightness(strength), images, [[0.1], [0.5], [1.0]]
    )
    for i, shift in enumerate([-0.4, 0.0, 0.5]):
        expected = images[i] + strength * shift
        np.testing.assert_allclose(changed[i], expected, atol=1e-6)
    np.testing.assert_array_equal(changed[1], images[1])


def test_saturation():
    images = tiny_images(4, 5, channels=3).astype("float64")
    changed = transformed(
        augment.Saturation(), images, [[1e-7], [0.5], [1.0], [0.8]]
    )
    for i, factor in enumerate([0, 1, 2, 1.6]):
        for y in range(5):
            for x in range(5):
                pixel = images[i, y, x]
                grey = sum(pixel) / 3
                np.testing.assert_allclose(
                    changed[i, y, x], grey + factor * (pixel - grey), atol=1e-6
                )


def test_saturation_leaves_grey_images_alone():
    grey = tiny_images(3, 5)
    u = [[0.1], [0.7], [1.0]]
    changed = transformed(augment.Saturation(), grey, u)
    np.testing.assert_array_equal(changed, grey)
    grey = np.repeat(grey, 3, axis=-1)
    changed = transformed(augment.Saturation(), grey, u)
    np.testing.assert_allclose(changed, grey, atol=1e-6)


def test_contrast():
    images = tiny_images(3, 5, channels=3).astype("float64") + 0.3
    changed = transformed(augment.Contrast(), images, [[1e-7], [0.5], [1.0]])
    for i, factor in enumerate([0.5, 1, 1.5]):
        mean = np.mean(images[i])
        expected = mean + factor * (images[i] - mean)
        np.testing.assert_allclose(changed[i], expected, atol=1e-6)


def shifted(image, down, right):
    """`image` [H, W, C] moved by whole pixels, zeros behind it."""
    height, width, _ = image.shape
    out = np.zeros_like(image)
    for y in range(height):
        for x in range(width):
            if 0 <= y + down < height and 0 <= x + right < width:
                out[y + down, x + right] = image[y, x]
    return out


def test_translation():
    # Up to 0.25 * 8 = 2 rows and 0.25 * 12 = 3 columns, each way.
    images = RNG.uniform(-1, 1, (15, 8, 12, 2)).astype("float32")
    changed = transformed(augment.Translation(1 / 4), images, CORNERS)
    # Five row shifts own a fifth of (0, 1] each: (0, 0.2] is -2, and so on.
    downs = {2**-25: -2, 0.3: -1, 0.5: 0, 0.8: 1, 1: 2}
    rights = {2**-25: -3, 0.4: -1, 1: 3}  # seven: 0.4 lies in (2/7, 3/7]
    for i in range(15):
        u, v = [round(float(x), 8) for x in CORNERS[i]]
        down = downs[min(downs, key=lambda key: abs(key - u))]
        right = rights[min(rights, key=lambda key: abs(key - v))]
        expected = shifted(images[i], down, right)
        np.testing.assert_array_equal(changed[i], expected)


def test_all_translations_are_equally_likely():
    # A single white pixel in the middle of 16x16 tells where it went; an
    # eighth of 16 is 2, so 5 x 5 places.
    images = np.zeros((5000, 16, 16, 1), "float32")
    images[:, 8, 8] = 1
    changed = augment.Translation(seed=3)(images, 0, 0).numpy()
    assert (changed.sum(axis=(1, 2, 3)) == 1).all()
    counts = changed.sum(axis=(0, 3))
    assert counts.sum() == 5000 and counts[6:11, 6:11].sum() == 5000
    # 200 each; chi-squared of 24 degrees of freedom, 0.1 % on both sides.
    chi2 = np.sum((counts[6:11, 6:11] - 200) ** 2 / 200)
    assert 7.5 < chi2 < 52.6


def cut(image, top, left, height, width):
    out = image.copy()
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            if top <= y < top + height and left <= x < left + width:
                out[y, x] = 0
    return out


def test_cutout_of_an_even_size():
    # 4 x 6 of 8 x 12: centres 0..8 and 0..12.
    images = RNG.uniform(0.1, 1, (15, 8, 12, 2)).astype("float32")
    changed = transformed(augment.Cutout(), images, CORNERS)
    for i in range(15):
        y = [j for j in range(9) if j / 9 < CORNERS[i, 0]][-1]
        x = [j for j in range(13) if j / 13 < CORNERS[i, 1]][-1]
        expected = cut(images[i], y - 2, x - 3, 4, 6)
        np.testing.assert_array_equal(changed[i], expected)
    # By hand, at both ends: half of it lies outside.
    assert (changed[0][:2, :3] == 0).all() and (changed[0] == 0).sum() == 12
    assert (changed[14][6:, 9:] == 0).all() and (changed[14] == 0).sum() == 12


def test_cutout_of_an_odd_size():
    # round(0.4 * 7) = 3: centres 0..6.
    images = RNG.uniform(0.1, 1, (15, 7, 7, 1)).astype("float32")
    changed = transformed(augment.Cutout(0.4), images, CORNERS)
    for i in range(15):
        y = [j for j in range(7) if j / 7 < CORNERS[i, 0]][-1]
        x = [j for j in range(7) if j / 7 < CORNERS[i, 1]][-1]
        expected = cut(images[i], y - 1, x - 1, 3, 3)
        np.testing.assert_array_equal(changed[i], expected)


def test_all_centres_of_cutouts_are_equally_likely():
    # Along one axis of 4 pixels with a length of 2: centres 0..4, so a pixel
    # is covered by 2 of 5; both axes: 4/25.
    changed = augment.Cutout(seed=1)(np.ones((5000, 4, 4, 1)), 0, 0).numpy()
    share = (changed == 0).mean(axis=(0, 3))
    error = math.sqrt(4 / 25 * 21 / 25 / 5000)
    assert np.abs(share - 4 / 25).max() < 4 * error


def test_flip():
    images = RNG.uniform(-1, 1, (4, 3, 5, 2)).astype("float32")
    changed = transformed(
        augment.Flip(), images, [[0.1], [0.5], [0.5001], [1.0]]
    )
    for i, mirrored in enumerate([True, True, False, False]):
        for x in range(5):
            source = 4 - x if mirrored else x
            np.testing.assert_array_equal(
                changed[i, :, x], images[i, :, source]
            )


def test_scale_against_bilinear_loops():
    images = RNG.uniform(-1, 1, (5, 6, 9, 2)).astype("float64")
    u = np.array([[0.1, 0.9], [0.3, 0.4], [0.02, 0.5], [0.9, 1.0], [1, 0.3]])
    changed = transformed(augment.Scale(0.5), images, u)
    zooms = []
    for i in range(5):
        z = math.sqrt(-2 * math.log(u[i, 0])) * math.cos(2 * math.pi * u[i, 1])
        zooms.append(2 ** (0.5 * z))
        for y in range(6):
            for x in range(9):
                row = 2.5 + (y - 2.5) / zooms[i]
                column = 4 + (x - 4) / zooms[i]
                expected = np.zeros(2)
                for r in (math.floor(row), math.floor(row) + 1):
                    for c in (math.floor(column), math.floor(column) + 1):
                        if 0 <= r < 6 and 0 <= c < 9:
                            weight = (1 - abs(row - r)) * (1 - abs(column - c))
                            expected += weight * images[i, r, c]
                np.testing.assert_allclose(
                    changed[i, y, x], expected, atol=1e-5
                )
    assert min(zooms) < 0.7 and max(zooms) > 1.4 and zooms[4] == 1
    np.testing.assert_allclose(changed[4], images[4], atol=1e-6)


def test_scale_is_log_normal():
    stats = pytest.importorskip("scipy.stats")
    # The image x - 2 along 5 columns: at column 3, right of the middle by
    # one, it reads 1 / zoom, which lies inside the image for zoom > 1/2.
    images = np.zeros((3000, 5, 5, 1), "float32")
    images += np.arange(-2, 3).reshape(1, 1, 5, 1)
    read = augment.Scale(seed=5)(images, 0, 0).numpy()[:, 2, 3, 0]
    assert read.max() < 2
    z = -np.log2(read) / 0.2
    assert stats.kstest(z, "norm").pvalue > 1e-3


# ------------------------------------------------------------------- chains


def test_a_chain_hands_every_link_its_own_numbers():
    images = tiny_images(4, 8, channels=3)
    links = [augment.Translation(), augment.Flip(), augment.Brightness(0.3)]
    chain = augment.Chain(links)
    u = RNG.uniform(size=(4, 4)).astype("float32")
    expected = transformed(links[0], images, u[:, :2])
    expected = transformed(links[1], expected, u[:, 2:3])
    expected = transformed(links[2], expected, u[:, 3:])
    assert chain.numbers == 4
    np.testing.assert_array_equal(transformed(chain, images, u), expected)
    outer = augment.Chain(["contrast", chain])
    assert outer.numbers == 5 and len(outer.parts()) == 4
    first = transformed(augment.Contrast(), images, u[:, :1])
    np.testing.assert_array_equal(
        transformed(outer, images, np.concatenate([u[:, :1], u], axis=1)),
        transformed(chain, first, u),
    )


def test_diff_augment_is_a_chain_of_the_papers_policies():
    classes = [
        augment.Brightness,
        augment.Saturation,
        augment.Contrast,
        augment.Translation,
        augment.Cutout,
    ]
    whole = augment.DiffAugment()
    assert [type(link) for link in whole.transforms] == classes
    assert whole.numbers == 7
    assert whole.transforms[0].strength == 1
    assert whole.transforms[3].ratio == 1 / 8
    assert whole.transforms[4].ratio == 1 / 2
    part = augment.DiffAugment(["cutout", "translation"])
    assert [type(link) for link in part.transforms] == classes[:2:-1]


# ------------------------------------------------------------ random numbers


def draws(augmentation, n=6, step=0, look=0):
    step = tf.constant(step, tf.int64)
    return augmentation.uniform(n, step, look).numpy()


def test_numbers_are_a_pure_function_of_seed_step_and_look():
    one, same = augment.DiffAugment(seed=3), augment.DiffAugment(seed=3)
    np.testing.assert_array_equal(draws(one), draws(one))
    np.testing.assert_array_equal(
        draws(one, step=5, look=2), draws(same, step=5, look=2)
    )
    all_draws = [
        draws(augment.DiffAugment(seed=seed), step=step, look=look)
        for seed in (3, 4, 2**31 - 1)
        for step in (0, 1, 10**6)
        for look in (0, 1, 5)
    ]
    # 27 draws of 6 images of 7 numbers, none of them twice.
    assert np.unique(all_draws).size > 0.999 * 27 * 6 * 7
    # A GAN's own noise of the same seed and step is another one.
    theirs = noise.uniform([6, 7], tf.constant([3, 0], tf.int64)).numpy()
    assert not np.isin(theirs, all_draws[0]).any()


def test_numbers_are_uniform():
    stats = pytest.importorskip("scipy.stats")
    u = draws(augment.DiffAugment(seed=1), n=1000, step=2, look=1)
    assert u.shape == (1000, 7) and u.dtype == np.float32
    assert stats.kstest(u.ravel(), "uniform").pvalue > 1e-3
    correlations = np.corrcoef(u.T) - np.eye(7)
    assert np.abs(correlations).max() < 4 / math.sqrt(1000)


def test_numbers_are_the_same_with_xla():
    one = augment.DiffAugment(seed=3)
    compiled = tf.function(
        lambda step: one.uniform(6, step, 1), jit_compile=True
    )
    for step in (0, 7):
        np.testing.assert_array_equal(
            compiled(tf.constant(step, tf.int64)), draws(one, step=step, look=1)
        )


def test_a_seed_is_drawn_from_pythons_random_if_not_given():
    seeds = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        seeds.append([augment.Flip().seed, augment.Flip().seed])
    assert seeds[0] == seeds[1] and seeds[0][0] != seeds[0][1]


@pytest.mark.slow
def test_replicas_take_their_rows_and_agree_on_p():
    def make():
        return augment.AdaptiveAugmentation("flip", images=50, p=0.5, seed=2)

    with two_cpus().scope():
        ada = make()
    images, logits = tiny_images(5), [1.0, 2, 3, -1, 4]  # r = 0.6 of all five

    @tf.function
    def step():
        def per_replica():
            context = tf.distribute.get_replica_context()
            first = tf.equal(context.replica_id_in_sync_group, 0)
            start, end = tf.where(first, 0, 3), tf.where(first, 3, 5)
            # The first replica's r is 1, the second's 0: on its own, each
            # would move p another way.
            ada.update(tf.constant(logits)[start:end])
            return ada(tf.constant(images)[start:end], 3, 1)

        return two_cpus().run(per_replica)

    ada.target = 0.5
    changed = np.concatenate(step().values)
    copies = [float(v) for v in ada.p.value.values]
    assert copies == [pytest.approx(0.5 + 5 / 50)] * 2
    one = make()
    one.p.assign(copies[0])
    np.testing.assert_array_equal(changed, one(images, 3, 1))
    assert not np.array_equal(changed, images)


# ------------------------------------------------------- gradients, precision


NAMES = list(augment.augmentations.classes)


def awake(name, p=0.7):
    """The augmentation of that name, at a moment when it changes images."""
    one = augment.get(name)
    if name == "adaptive_augmentation":
        one.p.assign(p)
    if name == "growing_augmentation":
        one.p = p
        one.seen.assign(one.looks)
    return one


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("jit", [False, True])
def test_first_and_second_derivatives(name, jit):
    """Every transform is affine, T(x) = J x + t, and J is found by units."""
    one = awake(name)
    images = tiny_images(3, 4, channels=2)
    step = tf.constant(2, tf.int64)

    origin = one(np.zeros_like(images), step, 0).numpy().reshape(3, 32)
    jacobian = np.zeros((3, 32, 32))  # [image, output, input]
    for i in range(32):
        unit = np.zeros((3, 32), "float32")
        unit[:, i] = 1
        changed = one(unit.reshape(3, 4, 4, 2), step, 0).numpy()
        jacobian[:, :, i] = changed.reshape(3, 32) - origin
    x = images.reshape(3, 32).astype("float64")
    # D(x) = a |T(x)|^2 / 2: slope a J'T, and |slope|^2 = a^2 |J'T|^2.
    outputs = np.einsum("boi,bi->bo", jacobian, x) + origin
    slopes = np.einsum("boi,bo->bi", jacobian, outputs)
    squares = np.sum(slopes**2, axis=1)
    curve = np.einsum("boi,boj,bj->bi", jacobian, jacobian, slopes)
    a = tf.Variable(1.5)

    @tf.function(jit_compile=jit)
    def derivatives(images):
        def discriminate(images):
            return a * tf.reduce_sum(one(images, step, 0) ** 2, [1, 2, 3]) / 2

        with tf.GradientTape() as tape:
            tape.watch(images)
            logits = discriminate(images)
        first = tape.gradient(logits, images)
        with tf.GradientTape() as tape:
            tape.watch(images)
            squared = penalties.squared_slope(discriminate, images)
        return first, squared, *tape.gradient(squared, [images, a])

    first, squared, second, by_a = derivatives(tf.constant(images))
    tolerance = {"rtol": 1e-3, "atol": 1e-4}
    np.testing.assert_allclose(
        first, (1.5 * slopes).reshape(images.shape), **tolerance
    )
    np.testing.assert_allclose(squared, 1.5**2 * squares, **tolerance)
    np.testing.assert_allclose(
        second, (2 * 1.5**2 * curve).reshape(images.shape), **tolerance
    )
    assert float(by_a) == pytest.approx(2 * 1.5 * squares.sum(), rel=1e-3)
    assert squares.max() > 0.1  # some pixels are still there


@pytest.mark.parametrize("name", NAMES)
def test_the_same_images_with_xla(name):
    one = awake(name)
    images = tiny_images(6, 8, channels=3)
    compiled = tf.function(
        lambda images, step: one(images, step, 1), jit_compile=True
    )
    changed = [one(images, step, 1).numpy() for step in (0, 1)]
    for step in (0, 1):
        np.testing.assert_allclose(
            compiled(images, tf.constant(step, tf.int64)),
            changed[step],
            atol=1e-5,
        )
    assert not np.array_equal(*changed)


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_images_keep_their_dtype(name):
    one = awake(name, p=1.0)
    images = tf.cast(tiny_images(4, 8, channels=3), tf.bfloat16)
    changed = one(images, 0, 0)
    assert changed.dtype == tf.bfloat16
    exact = one(tf.cast(images, tf.float32), 0, 0).numpy()
    # One rounding at the end, to 8 bits; none in between.
    np.testing.assert_allclose(
        tf.cast(changed, tf.float32), exact, rtol=2**-8, atol=1e-6
    )


# ---------------------------------------------------------------------- ADA


def test_p_follows_the_heuristic():
    # 4 of 100 images a call: p moves by 0.04.
    ada = augment.AdaptiveAugmentation(images=100, target=0.25)
    sequence = [
        ([1.0, 2.0, 0.1, -3.0], 0.04),  # r = 0.5 > 0.25: up
        ([9.0, 2.0, 0.1, 3.0], 0.08),  # r = 1: up by no more
        ([1.0, -2.0, 0.1, -9.0], 0.04),  # r = 0: down
        ([1.0, 2.0, 0.0, -9.0], 0.04),  # r = 0.25: stays
        ([-1.0, -2.0, -0.1, 9.0], 0.0),  # r = -0.5: down
        ([-1.0, -2.0, -0.1, 9.0], 0.0),  # and no further than 0
        ([1.0, 2.0], 0.02),  # 2 of 100 images
    ]
    for logits, expected in sequence:
        ada.update(tf.constant(logits))
        assert float(ada.p) == pytest.approx(expected, abs=1e-6)


def test_p_stops_at_one_after_so_many_images():
    ada = augment.AdaptiveAugmentation(images=40)
    step = tf.function(lambda: ada.update(tf.ones([8])), jit_compile=True)
    seen = []
    for _ in range(7):
        step()
        seen.append(float(ada.p))
    np.testing.assert_allclose(seen, [0.2, 0.4, 0.6, 0.8, 1, 1, 1], 1e-5)
    assert seen[-1] == 1


def test_the_boundary_is_where_the_loss_says():
    ada = augment.AdaptiveAugmentation(images=100, p=0.5)
    logits = tf.constant([0.4, 0.45, 0.3, 0.2])  # all real, or none
    ada.update(logits)
    assert float(ada.p) == pytest.approx(0.54)
    ada.update(logits, boundary=0.5)
    assert float(ada.p) == pytest.approx(0.5)


@pytest.mark.parametrize("policy", ["bfloat16", "mixed_bfloat16"])
def test_small_steps_of_p_survive_half_precision(policy):
    keras.config.set_dtype_policy(policy)
    try:
        ada = augment.AdaptiveAugmentation(images=10_000, p=0.5)

        def update(logits):  # inside of a layer Keras casts what it reads
            ada.update(logits)
            return logits

        keras.layers.Lambda(update)(tf.ones([1], tf.bfloat16))
    finally:
        keras.config.set_dtype_policy("float32")
    # 1e-4 is below what bfloat16 can add to 0.5.
    assert float(ada.p) == pytest.approx(0.5001, abs=1e-6)
    assert ada.logs(2)["ada_p"].dtype == tf.float32


def test_nothing_changes_at_p_zero():
    images = tiny_images(50, 8, channels=3)
    ada = augment.AdaptiveAugmentation()
    np.testing.assert_array_equal(ada(images, 0, 0), images)
    compiled = tf.function(lambda x: ada(x, 0, 0), jit_compile=True)
    np.testing.assert_array_equal(compiled(images), images)


def test_everything_changes_at_p_one():
    images = tiny_images(20, 8, channels=3)
    inner = augment.DiffAugment()
    ada = augment.AdaptiveAugmentation(inner, p=1.0)
    assert ada.numbers == 7 + 5
    u = RNG.uniform(size=(20, 12)).astype("float32")
    u[0, 7:] = 1  # the largest there is
    np.testing.assert_array_equal(
        transformed(ada, images, u), transformed(inner, images, u[:, :7])
    )


def test_each_transform_is_decided_on_its_own():
    # Every transform leaves its own digit on a pixel that was 0.
    class Mark(augment.Augmentation):
        numbers = 0

        def __init__(self, digit):
            super().__init__()
            self.digit = digit

        def transform(self, images, u):
            return images + self.digit

    chain = augment.Chain([Mark(1.0), Mark(10.0), Mark(100.0)])
    ada = augment.AdaptiveAugmentation(chain, p=0.3, seed=4)
    changed = ada(np.zeros((4000, 1, 1, 1)), 0, 0).numpy().ravel()
    for a in (0, 1):
        for b in (0, 1):
            for c in (0, 1):
                share = np.mean(changed == a + 10 * b + 100 * c)
                expected = 0.3 ** (a + b + c) * 0.7 ** (3 - a - b - c)
                error = math.sqrt(expected * (1 - expected) / 4000)
                assert abs(share - expected) < 4 * error


def test_logs_and_updates_reach_into_a_chain():
    ada = augment.AdaptiveAugmentation(images=10)
    chain = augment.Chain([augment.Flip(), ada])
    chain.update(tf.ones([5]))
    logs = chain.logs(tf.constant(3))
    assert list(logs) == ["ada_p"]
    np.testing.assert_array_equal(logs["ada_p"], [0.5, 0.5, 0.5])
    assert augment.DiffAugment().logs(3) == {}


# -------------------------------------------------------------------- growing


def test_p_grows_with_what_d_has_seen():
    # 4 of 20 images a call: a fifth of a look, of the two that p takes.
    growing = augment.GrowingAugmentation("flip", p=0.6, looks=2, images=20)
    step = tf.function(lambda: growing.update(tf.ones([4])), jit_compile=True)
    found = []
    for _ in range(12):
        found.append(float(growing.logs(3)["augment_p"][1]))
        step()
    expected = [0.6 * min(1, 0.2 * i / 2) for i in range(12)]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert float(growing.seen) == 2  # and no further


def test_p_grows_whatever_d_says():
    for logits in ([9.0, 9.0], [-9.0, 9.0], [-9.0, -9.0]):
        growing = augment.GrowingAugmentation("flip", looks=1, images=8)
        growing.update(tf.constant(logits), boundary=0.5)
        assert float(growing.dose()) == 0.5 * 2 / 8


def test_growing_begins_with_what_fit_says():
    growing = augment.GrowingAugmentation("flip", p=1.0, looks=4)
    growing.update(tf.ones([8]))
    assert float(growing.dose()) == 0  # of how many? As if without an end.
    growing.begin(16)
    growing.update(tf.ones([8]))
    assert float(growing.dose()) == 0.5 / 4
    chain = augment.Chain(["cutout", growing])
    chain.begin(8)  # another data set; what D has seen it has seen
    chain.update(tf.ones([8]))
    assert float(growing.dose()) == 1.5 / 4
    assert list(chain.logs(2)) == ["augment_p"]

    fixed = augment.GrowingAugmentation("flip", images=10)
    fixed.begin(20)
    fixed.begin(None)
    assert float(fixed.part) == pytest.approx(1 / 10)


def test_growing_changes_that_share_of_the_images():
    images = tiny_images(2000)
    growing = augment.GrowingAugmentation("flip", looks=10, images=100, seed=5)
    np.testing.assert_array_equal(growing(images, 0, 0), images)
    for _ in range(6):
        growing.update(tf.ones([100]))
    changed = (growing(images, 1, 0).numpy() != images).any(axis=(1, 2, 3))
    # p = 0.3, and a flip mirrors one in two: 300 of 2,000, give or take 16.
    assert 300 - 64 < changed.sum() < 300 + 64
    chosen = draws(growing, n=2000, step=1, look=0) <= [1.0, 0.3]
    assert not changed[~chosen[:, 1]].any()


# ------------------------------------------------------- saving, own, mistakes


@keras.saving.register_keras_serializable("test_augment")
class Fade(augment.Augmentation):
    numbers = 1

    def transform(self, images, u):
        return images * u[:, :, None, None]


def grown(growing):
    """As far as it goes, so that it changes something."""
    growing.update(tf.ones([1000]))
    return growing


@pytest.mark.parametrize(
    "one",
    [
        lambda: augment.Brightness(0.3, seed=5, name="lamp"),
        lambda: augment.Saturation(seed=5),
        lambda: augment.Contrast(seed=5),
        lambda: augment.Translation(0.3),
        lambda: augment.Scale(0.4),
        lambda: augment.Cutout(0.3),
        lambda: augment.Flip(),
        lambda: augment.Chain([augment.Cutout(0.2), "flip", Fade()], seed=1),
        lambda: augment.DiffAugment(["cutout", "colour"]),
        lambda: augment.AdaptiveAugmentation(
            augment.Chain([Fade(), augment.Scale(0.7)]), -0.2, 500, p=0.4
        ),
        lambda: grown(
            augment.GrowingAugmentation(Fade(), 0.9, looks=3, images=7)
        ),
    ],
)
def test_config_round_trip(one):
    one = one()
    again = augment.get(keras.saving.serialize_keras_object(one))
    assert type(again) is type(one)
    assert again.get_config() == one.get_config()
    assert (again.seed, again.name) == (one.seed, one.name)
    for weight, other in zip(one.weights, again.weights):
        other.assign(weight)
    images = tiny_images(4, 8, channels=3)
    np.testing.assert_array_equal(one(images, 1, 2), again(images, 1, 2))
    assert not np.array_equal(one(images, 1, 2), images)


def test_p_is_saved(tmp_path):
    class Holder(keras.Model):
        def __init__(self):
            super().__init__()
            self.augmentation = augment.Chain(
                ["flip", augment.AdaptiveAugmentation()]
            )
            self.built = True

    one, other = Holder(), Holder()
    one.augmentation.transforms[1].p.assign(0.25)
    one.save_weights(tmp_path / "p.weights.h5")
    other.load_weights(tmp_path / "p.weights.h5")
    assert float(other.augmentation.transforms[1].p) == 0.25
    assert [w.name for w in other.weights] == ["p"]
    assert not other.trainable_weights


def test_an_augmentation_of_your_own():
    images = tiny_images(4)
    fade = Fade(seed=3)
    u = draws(fade, n=4, step=2, look=1)
    np.testing.assert_array_equal(
        fade(images, 2, 1), images * u.reshape(4, 1, 1, 1)
    )
    assert fade.name == "fade" and augment.get(fade) is fade
    changed = augment.AdaptiveAugmentation(fade, p=1.0)(images, 0, 0).numpy()
    ratios = changed[:, 0, 0, 0] / images[:, 0, 0, 0]
    assert ((0 < ratios) & (ratios <= 1)).all() and np.ptp(ratios) > 0.01


def test_names():
    for name, cls in augment.augmentations.classes.items():
        assert type(augment.get(name)) is cls
    assert len(NAMES) == 10


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: augment.get("cut_out"), "Did you mean 'cutout'.*'cut_out'"),
        (lambda: augment.get(augment.Flip), r"write Flip\(\)"),
        (lambda: augment.get(abs), "subclass it.*Received: .*abs"),
        (lambda: augment.Brightness(-1), "Received: strength=-1"),
        (lambda: augment.Translation(0), "Received: ratio=0"),
        (lambda: augment.Cutout(1.1), "Received: ratio=1.1"),
        (lambda: augment.Scale(math.nan), "Received: spread=nan"),
        (lambda: augment.Chain([]), r"at least one.*transforms=\[\]"),
        (lambda: augment.Chain("flip"), "a list.*transforms='flip'"),
        (lambda: augment.DiffAugment("cutout"), "a list.*policies='cutout'"),
        (lambda: augment.DiffAugment([]), r"at least one.*policies=\[\]"),
        (
            lambda: augment.DiffAugment(["cutout", "color"]),
            "Did you mean 'colour'.*Received: 'color'",
        ),
        (lambda: augment.AdaptiveAugmentation(p=1.1), "Received: p=1.1"),
        (lambda: augment.AdaptiveAugmentation(p=-0.1), "Received: p=-0.1"),
        (lambda: augment.AdaptiveAugmentation(target=1), "target=1"),
        (lambda: augment.AdaptiveAugmentation(target=-1), "target=-1"),
        (lambda: augment.AdaptiveAugmentation(images=0), "images=0"),
        (lambda: augment.GrowingAugmentation(p=1.1), "Received: p=1.1"),
        (lambda: augment.GrowingAugmentation(p=math.nan), "p=nan"),
        (lambda: augment.GrowingAugmentation(looks=0), "looks=0"),
        (lambda: augment.GrowingAugmentation(looks=math.inf), "looks=inf"),
        (lambda: augment.GrowingAugmentation(images=0), "images=0"),
        (
            lambda: augment.GrowingAugmentation("adaptive_augmentation"),
            "without an AdaptiveAugmentation.*'adaptive_augmentation'",
        ),
        (
            lambda: augment.AdaptiveAugmentation("adaptive_augmentation"),
            "dosed already.*augmentation='adaptive_augmentation'",
        ),
        (
            lambda: augment.Flip()(np.zeros((3, 2), "float32"), 0, 0),
            r"are for images.*shape \(3, 2\), dtype float32",
        ),
        (
            lambda: augment.Flip()(np.zeros((1, 2, 2, 1), "uint8"), 0, 0),
            "dtype uint8",
        ),
    ],
)
def test_mistakes(mistake, message):
    with pytest.raises(ValueError, match=message):
        mistake()


def test_a_subclass_must_transform():
    class Lazy(augment.Augmentation):
        pass

    with pytest.raises(TypeError, match=r"Lazy must define `transform\(im"):
        Lazy()(np.zeros((1, 2, 2, 1)), 0, 0)
