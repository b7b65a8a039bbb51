"""The training step, against the same step written out by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import compiled
from conftest import same
from conftest import tiny_gan
from conftest import tiny_images
from conftest import weights

import gan_keras as gk
from gan_keras.gan import Batch


def batches(images, size):
    data = tf.data.Dataset.from_tensor_slices(images)
    return data.batch(size)


def trainable(network):
    return [v.numpy() for v in network.trainable_variables]


# --------------------------------------------------------- the training step


def test_each_half_step_changes_its_own_network_only():
    gan = compiled(tiny_gan())
    real_images = tf.constant(tiny_images(8))
    fake_images = gan.generator(gan.generator_inputs(8), training=True)

    d, g = trainable(gan.discriminator), weights(gan.generator)
    gradients, _ = gan.discriminator_gradients(
        Batch(real_images, fake_images, inputs=None, labels=None)
    )
    gan.d_optimizer.apply(gradients, gan.discriminator.trainable_variables)
    d_after = trainable(gan.discriminator)
    assert not any(np.array_equal(a, b) for a, b in zip(d, d_after))
    assert same(g, weights(gan.generator))


@pytest.mark.slow
def test_generators_half_leaves_d_alone():
    """D after a whole step is the same whether or not G learns in it."""
    d_after, g_moved = [], []
    for g_rate in (1e-30, 0.1):
        keras.utils.set_random_seed(0)
        gan = compiled(tiny_gan(), g_optimizer=keras.optimizers.SGD(g_rate))
        start = trainable(gan.generator)
        gan.fit(batches(tiny_images(8), 8), verbose=0)
        d_after.append(trainable(gan.discriminator))
        g_moved.append(
            not all(map(np.allclose, start, trainable(gan.generator)))
        )
    assert g_moved == [False, True]
    assert same(*d_after)


@pytest.mark.parametrize(
    "loss, jit_compile",
    [
        ("non_saturating", False),
        ("non_saturating", True),
        ("minimax", False),
        ("least_squares", False),
    ],
)
def test_the_step_is_the_lesson(loss, jit_compile):
    """One step against the textbook's, with SGD and two full tapes."""
    images = tf.constant(tiny_images(8))
    gan = compiled(
        tiny_gan(), loss=loss, jit_compile=jit_compile,
        penalties=[gk.penalties.R1(gamma=2.0)],
    )  # fmt: skip
    generator = keras.models.clone_model(gan.generator)
    discriminator = keras.models.clone_model(gan.discriminator)
    generator.set_weights(gan.generator.get_weights())
    discriminator.set_weights(gan.discriminator.get_weights())
    latents = gan.generator_inputs(8)

    # By hand: the losses as in the papers, on probabilities.
    def losses(real_logits, fake_logits):
        p_real, p_fake = tf.sigmoid(real_logits), tf.sigmoid(fake_logits)
        cross_entropy = -tf.math.log(p_real) - tf.math.log(1 - p_fake)
        return {
            "non_saturating": (cross_entropy, -tf.math.log(p_fake)),
            "minimax": (cross_entropy, tf.math.log(1 - p_fake)),
            "least_squares": (
                ((real_logits - 1) ** 2 + fake_logits**2) / 2,
                (fake_logits - 1) ** 2 / 2,
            ),
        }[loss]

    fake_images = generator(latents, training=True)
    with tf.GradientTape() as tape:
        with tf.GradientTape() as slope_tape:
            slope_tape.watch(images)
            logits = discriminator(images, training=True)
        slope = slope_tape.gradient(logits, images)
        d_loss = tf.reduce_mean(
            losses(logits, discriminator(fake_images, training=True))[0]
        )
        fine = tf.reduce_mean(tf.reduce_sum(slope**2, [1, 2, 3]))  # 2 / 2
        total = d_loss + fine
    variables = discriminator.trainable_variables
    for v, gradient in zip(variables, tape.gradient(total, variables)):
        v.assign_sub(0.1 * gradient)
    with tf.GradientTape() as tape:
        # From z to the loss in one piece, through the updated D.
        logits = discriminator(generator(latents, training=True), training=True)
        g_loss = tf.reduce_mean(losses(logits, logits)[1])
    variables = generator.trainable_variables
    for v, gradient in zip(variables, tape.gradient(g_loss, variables)):
        v.assign_sub(0.1 * gradient)

    logs = gan.train_on_batch(images, return_dict=True)
    for mine, theirs in [
        (discriminator, gan.discriminator),
        (generator, gan.generator),
    ]:
        for a, b in zip(trainable(mine), trainable(theirs)):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert logs["d_loss"] == pytest.approx(float(d_loss), rel=1e-4)
    assert logs["g_loss"] == pytest.approx(float(g_loss), rel=1e-4)
    assert logs["r1"] == pytest.approx(float(fine), rel=1e-4)


def test_pixel_gradients_agree_with_finite_differences():
    gan = compiled(tiny_gan())
    images = tf.constant(tiny_images(2), tf.float32)
    gradients, _ = gan.pixel_gradients(Batch(images, images, None, None))

    def g_loss(pixels):
        logits = gan.discriminate(tf.constant(pixels, tf.float32))
        return np.mean(np.log1p(np.exp(-logits.numpy().astype("float64"))))

    for place in [(0, 3, 4, 0), (1, 0, 7, 0), (1, 5, 5, 0)]:
        step = np.zeros(images.shape)
        step[place] = 1e-2
        slope = (g_loss(images + step) - g_loss(images - step)) / 2e-2
        assert gradients.numpy()[place] == pytest.approx(slope, rel=0.02)


def test_noise_is_a_pure_function_of_seed_and_step():
    gan = tiny_gan(seed=3)
    first = gan.generator_inputs(6).numpy()
    assert same([first], [gan.generator_inputs(6).numpy()])
    gan.steps.assign(1)
    second = gan.generator_inputs(6).numpy()
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, tiny_gan(seed=4).generator_inputs(6))
    gan.steps.assign(0)
    assert same([first], [gan.generator_inputs(6).numpy()])


def test_noise_is_standard_normal():
    scipy_stats = pytest.importorskip("scipy.stats")
    draws = []
    gan = tiny_gan()
    for step in range(20):
        gan.steps.assign(step)
        draws.append(gan.generator_inputs(500).numpy().ravel())
    draws = np.concatenate(draws)  # 40,000 numbers
    assert scipy_stats.kstest(draws, "norm").pvalue > 1e-3
    assert draws.mean() == pytest.approx(0, abs=0.02)
    assert draws.std() == pytest.approx(1, abs=0.02)


def test_metrics_are_means_over_the_epochs_samples():
    """Batches of 8, 8 and 4: a mean over batches would be another number."""
    images = tiny_images(20)
    gan = compiled(
        tiny_gan(),
        d_optimizer=keras.optimizers.SGD(1e-30),
        g_optimizer=keras.optimizers.SGD(1e-30),
    )
    expected = {name: [] for name in ("d_loss", "g_loss", "d_real", "d_fake")}
    for step, start in enumerate([0, 8, 16]):
        gan.steps.assign(step)
        real_images = images[start : start + 8]
        fake_images = gan.generator(
            gan.generator_inputs(len(real_images)), training=True
        )
        real = gan.discriminate(real_images).numpy().astype("float64")
        fake = gan.discriminate(fake_images).numpy().astype("float64")
        p_real, p_fake = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-fake))
        expected["d_loss"] += [*(-np.log(p_real) - np.log(1 - p_fake))]
        expected["g_loss"] += [*-np.log(p_fake)]
        expected["d_real"] += [*p_real]
        expected["d_fake"] += [*p_fake]
    gan.steps.assign(0)
    logs = gan.fit(batches(images, 8), verbose=0).history
    assert set(logs) == set(expected)
    for name, values in expected.items():
        assert len(values) == 20
        assert logs[name][0] == pytest.approx(np.mean(values), rel=1e-5)
    uneven = [np.mean(expected["d_real"][i : i + 8]) for i in (0, 8, 16)]
    assert abs(np.mean(uneven) - np.mean(expected["d_real"])) > 1e-6


def test_metrics_start_afresh_each_epoch_and_survive_compiling_twice():
    gan = compiled(tiny_gan(), penalties=["r1"])
    compiled(gan, penalties=["r1"])
    assert [m.name for m in gan.metrics] == [
        "d_loss", "g_loss", "d_real", "d_fake", "r1"
    ]  # fmt: skip
    still = {"d_optimizer": keras.optimizers.SGD(1e-30)}
    gan = compiled(tiny_gan(), g_optimizer=keras.optimizers.SGD(1e-30), **still)
    logs = gan.fit(batches(tiny_images(8), 8), epochs=3, verbose=0).history
    # Nothing moves but the noise: d_real stays what it was, and d_fake is
    # that of the third step alone, not the mean of all three.
    assert logs["d_real"] == pytest.approx([logs["d_real"][0]] * 3)
    gan.steps.assign(2)
    third = gan.fit(batches(tiny_images(8), 8), verbose=0).history["d_fake"]
    assert logs["d_fake"][2] == pytest.approx(third[0], abs=1e-6)
    assert abs(third[0] - np.mean(logs["d_fake"])) > 1e-4


def held_out_by_hand(gan, images, size):
    """What `evaluate` should say: true means, of batches of that size."""
    found = {name: [] for name in ("d_loss", "g_loss", "d_real", "d_fake")}
    for start in range(0, len(images), size):
        real_images = images[start : start + size]
        # Other noise for every batch: that of "turn" 0, 4, 8, ...
        latents = gan.generator_inputs(
            len(real_images), turn=tf.constant(start, tf.int64)
        )
        fake_images = gan.generator(latents, training=False)
        real, fake = (
            gan.discriminator(x, training=False).numpy()[:, 0].astype("float64")
            for x in (real_images, fake_images)
        )
        p_real, p_fake = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-fake))
        found["d_loss"] += [*(-np.log(p_real) - np.log(1 - p_fake))]
        found["g_loss"] += [*-np.log(p_fake)]
        found["d_real"] += [*p_real]
        found["d_fake"] += [*p_fake]
    return {name: np.mean(values) for name, values in found.items()}


def test_evaluate_changes_nothing_and_tells_held_out_images_apart():
    """Batches of 4, 4 and 2: a mean over batches would be another number."""
    gan = compiled(tiny_gan(), penalties=["r1"])
    gan.fit(batches(tiny_images(8), 4), verbose=0)  # now the two G differ
    held_out = tiny_images(10, seed=5)
    before = weights(gan)
    found = gan.evaluate(batches(held_out, 4), return_dict=True, verbose=0)
    assert same(before, weights(gan))
    expected = held_out_by_hand(gan, held_out, 4)
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(value, rel=1e-5), name
    history = gan.fit(
        batches(tiny_images(8), 4),
        validation_data=batches(held_out, 4),
        verbose=0,
    ).history
    for name, value in held_out_by_hand(gan, held_out, 4).items():
        assert history[f"val_{name}"] == pytest.approx([value], rel=1e-5), name
        assert abs(value - expected[name]) > 1e-4 * value


# ---------------------------------------------------- the averaged generator


def test_ema_follows_the_formula_with_its_warm_up():
    gan = compiled(tiny_gan(ema_decay=0.5))
    images = tf.constant(tiny_images(8))
    expected = [w.astype("float64") for w in weights(gan.generator)]
    for step in range(12):
        gan.train_on_batch(images)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = [
            decay * average + (1 - decay) * value
            for average, value in zip(expected, weights(gan.generator))
        ]
    for a, b in zip(expected, weights(gan.ema_generator)):
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert not same(weights(gan.generator), weights(gan.ema_generator))


def test_ema_covers_batch_norm_statistics_and_decay_0_follows():
    gan = compiled(tiny_gan(ema_decay=0.0))
    gan.train_on_batch(tf.constant(tiny_images(8)))
    names = [w.name for w in gan.ema_generator.weights]
    assert "moving_mean" in names
    for a, b in zip(weights(gan.ema_generator), weights(gan.generator)):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_no_optimizer_touches_the_average():
    gan = compiled(tiny_gan())
    assert gan.ema_generator.trainable_variables == []
    assert len(gan.trainable_variables) == len(
        gan.generator.trainable_variables
        + gan.discriminator.trainable_variables
    )


# --------------------------------------------------------- compile and fit


@pytest.mark.xla
def test_compile_alone_works_and_learns():
    gan = tiny_gan()
    gan.compile()
    assert gan.jit_compile
    data = gk.datasets.pipeline(tiny_images(64), batch_size=8)
    before = weights(gan)
    history = gan.fit(data, epochs=2, verbose=0)
    assert not same(before, weights(gan))
    assert all(np.isfinite(values).all() for values in history.history.values())
    assert gan.steps.numpy() == 16
    assert gan.d_optimizer.iterations.numpy() == 16


def test_compile_accepts_names_as_keras_does():
    gan = tiny_gan()
    gan.compile("adam", "sgd", loss="least_squares", penalties=["r1"])
    assert isinstance(gan.d_optimizer, keras.optimizers.Adam)
    assert isinstance(gan.g_optimizer, keras.optimizers.SGD)
    assert isinstance(gan.loss, gk.losses.LeastSquares)


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return tiny_images(4, seed=index)


def folder_of_images(tmp_path):
    from PIL import Image

    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for i in range(4):
            image = np.uint8(127.5 + 127.5 * tiny_images(1, seed=i)[0, ..., 0])
            Image.fromarray(image).save(tmp_path / label / f"{i}.png")
    data = keras.utils.image_dataset_from_directory(
        tmp_path, color_mode="grayscale", image_size=(8, 8), batch_size=4
    )
    return data.map(lambda x, y: (gk.datasets.to_float(x), y))


@pytest.mark.parametrize(
    "data",
    ["array", "array and labels", "pair", "tf.data", "PyDataset", "folder"],
)
def test_fit_takes_what_keras_takes(data, tmp_path):
    gan = compiled(tiny_gan())
    images, labels = tiny_images(8), np.arange(8) % 2
    arguments = {
        "array": lambda: {"x": images, "batch_size": 4},
        "array and labels": lambda: {"x": images, "y": labels, "batch_size": 4},
        "pair": lambda: {"x": (images, labels), "batch_size": 4},
        "tf.data": lambda: {"x": batches(images, 4)},
        "PyDataset": lambda: {"x": Batches()},
        "folder": lambda: {"x": folder_of_images(tmp_path)},
    }[data]()
    gan.fit(**arguments, epochs=2, verbose=0)
    assert gan.steps.numpy() == 4


@pytest.mark.slow
def test_fit_shuffles_arrays_unless_told_not_to(recwarn):
    images = tiny_images(16)

    def after(x, **options):
        keras.utils.set_random_seed(0)
        gan = compiled(tiny_gan())
        gan.fit(x, epochs=2, verbose=0, **options)
        return trainable(gan.discriminator)

    in_order = after(batches(images, 4))
    assert same(in_order, after(images, batch_size=4, shuffle=False))
    shuffled = after(images, batch_size=4, shuffle=True)
    assert same(shuffled, after(images, batch_size=4))
    assert not same(in_order, shuffled)
    # Keras, which gets a dataset, has nothing to say about it.
    assert not [w for w in recwarn if "shuffle" in str(w.message)]


def test_fit_pins_the_order_of_each_epoch():
    seen = []

    class Watched(gk.GAN):
        def train_step(self, data):
            seen.append(data.numpy()[:, 0, 0, 0])
            return super().train_step(data)

    images = np.zeros((6, 8, 8, 1), "float32")
    images[:, 0, 0, 0] = np.linspace(-0.9, 0.9, 6)
    gan = Watched(
        gk.networks.mlp_generator((8, 8, 1), 4, (4,)),
        gk.networks.mlp_discriminator((8, 8, 1), (4,)),
    )
    gan.compile(run_eagerly=True)
    data = gk.datasets.pipeline(images, batch_size=3, seed=5)
    gan.fit(data, initial_epoch=1, epochs=3, verbose=0)
    order = np.concatenate(seen).reshape(2, 6)
    for row, epoch in zip(order, [1, 2]):
        wanted = images[gk.datasets.epoch_order(6, 5, epoch), 0, 0, 0]
        np.testing.assert_array_equal(row, wanted)


@pytest.mark.slow
def test_a_second_fit_goes_on_where_the_first_ended():
    """Twice one epoch is two epochs, and other images than once."""

    def trained(*epochs):
        keras.utils.set_random_seed(0)
        gan = compiled(tiny_gan())
        # Half of the images an epoch.
        data = gk.datasets.pipeline(
            tiny_images(32), batch_size=8, seed=1, epoch_size=16
        )
        for n in epochs:
            gan.fit(data, epochs=n, verbose=0)
        return weights(gan)

    whole = trained(3)
    assert same(trained(1, 1, 1), whole)
    assert same(trained(1, 2), whole)
    assert not same(trained(2), whole)


@pytest.mark.parametrize("kind", [tuple, list])
def test_generators_may_yield_pairs_of_any_kind(kind):
    gan = compiled(tiny_gan())
    batches = tiny_images(16).reshape((2, 8, 8, 8, 1))
    pairs = (kind([batch, np.zeros(8)]) for batch in batches)
    gan.fit(pairs, verbose=0)
    # (Keras gives a generator's first batch twice, to any model.)
    assert int(gan.steps.numpy()) >= 2


@pytest.mark.slow
def test_images_of_64_bits_train_as_those_of_32():
    images = tiny_images(16)

    def trained(images):
        keras.utils.set_random_seed(0)
        gan = compiled(
            tiny_gan(), penalties=[gk.penalties.GradientPenalty(seed=1)]
        )
        data = tf.data.Dataset.from_tensor_slices(images).batch(8)
        gan.fit(data, verbose=0)
        return weights(gan), gan.evaluate(data, verbose=0)

    found, expected = trained(images.astype("float64")), trained(images)
    assert same(found[0], expected[0])
    assert found[1] == expected[1]


def test_a_few_bright_images_are_judged_with_a_warning():
    gan = compiled(tiny_gan())
    white = np.ones((2, 8, 8, 1), "float32")
    with pytest.warns(UserWarning, match=r"seem to lie in \[0, 1\]"):
        assert gan.judge(white).shape == (2,)
    # Enough of them to tell.
    eight = np.ones((8, 8, 8, 1), "float32")
    batches = tf.data.Dataset.from_tensor_slices(eight).batch(8)
    for call in (
        lambda: gan.judge(eight),
        lambda: gan.fit(batches),
        lambda: gan.evaluate(batches),
    ):
        with pytest.raises(ValueError, match=r"seem to lie in \[0, 1\]"):
            call()


@pytest.mark.xla
@pytest.mark.slow
def test_two_runs_with_one_seed_are_bit_identical():
    def run(seed):
        keras.utils.set_random_seed(seed)
        gan = tiny_gan(seed=seed)
        gan.compile()
        data = gk.datasets.pipeline(tiny_images(32), batch_size=8, seed=seed)
        gan.fit(data, epochs=2, verbose=0)
        return weights(gan)

    assert same(run(1), run(1))


def test_another_seed_is_another_game():
    def run(seed):
        keras.utils.set_random_seed(1)  # the same first weights
        gan = compiled(tiny_gan(seed=seed), run_eagerly=True)
        gan.train_on_batch(tiny_images(8))
        return weights(gan)

    assert same(run(1), run(1))
    assert not same(run(1), run(2))


def test_keras_seed_governs_a_seed_that_is_not_given():
    seeds = []
    for keras_seed in (1, 1, 2):
        keras.utils.set_random_seed(keras_seed)
        seeds.append(tiny_gan(seed=None).seed)
    assert seeds[0] == seeds[1] != seeds[2]


def test_points_in_the_plane():
    gan = gk.GAN(
        gk.networks.mlp_generator((2,), latent_dim=2, hidden=(8,)),
        gk.networks.mlp_discriminator((2,), hidden=(8,)),
    )
    gan.compile()
    points = np.random.default_rng(0).normal(0, 3, (32, 2)).astype("float32")
    gan.fit(points, batch_size=8, verbose=0)
    assert gan.generate(5).shape == (5, 2)


# -------------------------------------------------- sampling and judging


def test_generate():
    gan = compiled(tiny_gan())
    gan.fit(tiny_images(16), batch_size=8, epochs=3, verbose=0)
    images = gan.generate(5, seed=1)
    assert isinstance(images, np.ndarray)
    assert images.shape == (5, 8, 8, 1) and images.dtype == np.float32
    assert np.abs(images).max() <= 1
    assert np.array_equal(images, gan.generate(5, seed=1))
    assert not np.array_equal(images, gan.generate(5, seed=2))
    assert not np.array_equal(images, gan.generate(5, seed=1, use_ema=False))
    keras.utils.set_random_seed(3)
    some = gan.generate(2)
    assert not np.array_equal(some, gan.generate(2))
    keras.utils.set_random_seed(3)
    assert np.array_equal(some, gan.generate(2))


@pytest.mark.slow
def test_generate_does_not_disturb_training():
    runs = []
    for draws in (0, 3):
        gan = compiled(tiny_gan())
        gan.generator.set_weights(
            [np.full(w.shape, 0.01) for w in gan.generator.get_weights()]
        )
        gan.discriminator.set_weights(
            [np.full(w.shape, 0.01) for w in gan.discriminator.get_weights()]
        )
        for _ in range(draws):
            gan.generate(2)
        gan.fit(batches(tiny_images(8), 8), verbose=0)
        runs.append(weights(gan.discriminator))
    assert same(*runs)


def test_generate_in_many_batches_is_generate_in_one():
    gan = compiled(tiny_gan())
    latents = gan.draw_latents(300, seed=0)
    np.testing.assert_allclose(
        gan.generate_from(latents),
        gan.ema_generator(latents, training=False),
        atol=1e-6,
    )


def test_judge_is_the_sigmoid_of_the_logit_or_the_score():
    gan = compiled(tiny_gan())
    images = tiny_images(6)
    logits = np.asarray(gan.discriminator(images))[:, 0]
    p = gan.judge(images)
    assert p.shape == (6,)
    np.testing.assert_allclose(p, 1 / (1 + np.exp(-logits)), 1e-5)
    compiled(gan, loss="least_squares")
    np.testing.assert_allclose(gan.judge(images), logits, 1e-6)


def test_call_generates():
    gan = tiny_gan()
    latents = gan.draw_latents(2, seed=0)
    np.testing.assert_array_equal(gan(latents), gan.generate_from(latents))


def test_summary_shows_both_networks():
    lines = []
    tiny_gan().summary(print_fn=lambda text, **kwargs: lines.append(text))
    text = "\n".join(lines)
    assert 'Model: "generator"' in text
    assert 'Model: "discriminator"' in text


def test_generate_makes_no_new_graph_for_every_number_of_images():
    gan = tiny_gan()
    for n in range(1, 8):
        assert gan.generate(n, seed=0).shape == (n, 8, 8, 1)
    assert gan._compiled[True].experimental_get_tracing_count() <= 2


def test_nothing_to_judge_or_to_draw_is_told():
    gan = compiled(tiny_gan())
    with pytest.raises(ValueError, match="one image, or one latent vector"):
        gan.judge(tiny_images(4)[:0])
    with pytest.raises(ValueError, match="one image, or one latent vector"):
        gan.generate_from(gan.draw_latents(4)[:0])
