"""A class goes in, an image of that class comes out."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import compiled
from conftest import same
from conftest import tiny_images
from conftest import weights

import gan_keras as gk
from gan_keras.auxiliaries import ClassLoss
from gan_keras.gan import Batch

CLASSES = 3


def tiny_conditional(discriminator=None, seed=7):
    discriminator = discriminator or gk.networks.dcgan_discriminator(
        (8, 8, 1), width=4, num_classes=CLASSES
    )
    return gk.ConditionalGAN(
        gk.networks.dcgan_generator(
            (8, 8, 1), latent_dim=4, width=4, num_classes=CLASSES
        ),
        discriminator,
        seed=seed,
    )


def labels(n, seed=0):
    return np.random.default_rng(seed).integers(0, CLASSES, n)


def d(**kwargs):
    return gk.networks.dcgan_discriminator((8, 8, 1), width=4, **kwargs)


KINDS = {
    "projection": lambda: d(num_classes=CLASSES),
    "concatenation": lambda: d(
        num_classes=CLASSES, condition=gk.networks.Concatenation()
    ),
    "auxiliary classifier": lambda: d(heads={"class": CLASSES}),
    "points": lambda: gk.networks.mlp_discriminator(
        (2,), (4,), num_classes=CLASSES, condition=gk.networks.Concatenation()
    ),
}


@pytest.mark.parametrize("kind", list(KINDS))
def test_three_ways_to_tell_d_the_class(kind):
    discriminator = KINDS[kind]()
    points = kind == "points"
    if points:
        gan = gk.ConditionalGAN(
            gk.networks.mlp_generator((2,), 4, (4,), num_classes=CLASSES),
            discriminator,
        )
    else:
        gan = tiny_conditional(discriminator)
    auxiliaries = ["class_loss"] if "auxiliary" in kind else []
    compiled(gan, penalties=["r1"], auxiliaries=auxiliaries)
    images = tiny_images(12)[:, :2, 0, 0] if points else tiny_images(12)
    start = weights(gan)
    history = gan.fit(images, labels(12), batch_size=4, verbose=0).history
    assert not same(start, weights(gan))
    assert all(np.isfinite(values).all() for values in history.values())
    # What D says of an image depends on the class, except where D is not told.
    told = len({float(gan.judge(images[:1], [c])[0]) for c in range(CLASSES)})
    assert told == (1 if auxiliaries else CLASSES)


def test_the_projection_by_hand():
    gan = compiled(tiny_conditional())
    gan.discriminator.get_layer("projection").kernel.assign(
        np.random.default_rng(0).normal(size=(CLASSES, 64))
    )
    images, classes = tiny_images(5), labels(5)
    body = keras.Model(
        gan.discriminator.inputs[0],
        gan.discriminator.get_layer("logits").input,
    )
    features = body.predict(images, verbose=0).astype("float64")
    w, b = map(np.array, gan.discriminator.get_layer("logits").get_weights())
    v = gan.discriminator.get_layer("projection").kernel.numpy()
    expected = features @ w[:, 0] + b + np.sum(features * v[classes], axis=1)
    found = gan.discriminate(tf.constant(images), classes, training=False)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_concatenation_by_hand():
    """Only the added channel knows the class; it is a picture, learnt."""
    discriminator = KINDS["concatenation"]()
    images, classes = (
        tiny_images(4),
        np.eye(CLASSES, dtype="float32")[labels(4)],
    )
    seen = keras.Model(
        discriminator.inputs, discriminator.get_layer("with_class").output
    )([images, classes])
    assert seen.shape == (4, 8, 8, 2)
    np.testing.assert_array_equal(seen[..., :1], images)
    (pictures,) = discriminator.get_layer("picture").get_weights()
    np.testing.assert_allclose(
        seen[..., 1], pictures[labels(4)].reshape(4, 8, 8), atol=1e-6
    )


def test_one_step_by_hand():
    """The fakes are asked for, and judged, with the real images' labels."""
    images, classes = tf.constant(tiny_images(6)), labels(6)
    gan = compiled(tiny_conditional())
    twin = tiny_conditional()
    twin.set_weights(gan.get_weights())
    one_hot = tf.constant(np.eye(CLASSES, dtype="float32")[classes])
    latents = twin.generator_inputs(6, classes)[0]

    def d(images):
        return twin.discriminator([images, one_hot], training=True)[:, 0]

    fake_images = twin.generator([latents, one_hot], training=True)
    variables = twin.discriminator.trainable_variables
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(
            tf.math.log(1 + tf.exp(-d(images)))
            + tf.math.log(1 + tf.exp(d(fake_images)))
        )
    for v, gradient in zip(variables, tape.gradient(loss, variables)):
        v.assign_sub(0.1 * gradient)
    variables = twin.generator.trainable_variables
    with tf.GradientTape() as tape:
        fake_images = twin.generator([latents, one_hot], training=True)
        g_loss = tf.reduce_mean(tf.math.log(1 + tf.exp(-d(fake_images))))
    for v, gradient in zip(variables, tape.gradient(g_loss, variables)):
        v.assign_sub(0.1 * gradient)

    logs = gan.train_on_batch(images, classes, return_dict=True)
    assert logs["d_loss"] == pytest.approx(float(loss), rel=1e-5)
    assert logs["g_loss"] == pytest.approx(float(g_loss), rel=1e-5)
    for a, b in [
        (gan.generator, twin.generator),
        (gan.discriminator, twin.discriminator),
    ]:
        for v, w in zip(a.trainable_variables, b.trainable_variables):
            np.testing.assert_allclose(v, w, rtol=1e-4, atol=1e-6)


def test_penalties_see_each_image_with_its_class():
    """R1 on a quarter of the batch takes the first quarter's labels."""
    gan = compiled(tiny_conditional())
    gan.discriminator.get_layer("projection").kernel.assign(
        np.random.default_rng(0).normal(size=(CLASSES, 64))
    )
    images, classes = tf.constant(tiny_images(8)), labels(8)
    r1 = gk.penalties.R1(gamma=2.0, share=0.25)
    fines = r1(lambda x: gan.discriminate(x, classes), images, images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = gan.discriminate(images, classes)
    slopes = np.sum(np.square(tape.gradient(logits, images)), (1, 2, 3))
    np.testing.assert_allclose(fines[:2], 4 * slopes[:2], rtol=1e-5)
    np.testing.assert_array_equal(fines[2:], 0)


@pytest.mark.slow
def test_generate_by_class():
    gan = compiled(tiny_conditional())
    gan.fit(tiny_images(12), labels(12), batch_size=4, epochs=4, verbose=0)
    images = gan.generate(labels=[0, 1, 2, 1], seed=3)
    assert images.shape == (4, 8, 8, 1) and images.dtype == np.float32
    latents = gan.draw_latents(4, seed=3)
    one_hot = np.eye(CLASSES, dtype="float32")[[0, 1, 2, 1]]
    expected = gan.ema_generator([latents, one_hot], training=False)
    np.testing.assert_allclose(images, expected, atol=1e-6)
    # One class for all; the classes in turn; mixtures.
    assert same(
        [gan.generate(3, labels=2, seed=3)],
        [gan.generate(labels=[2, 2, 2], seed=3)],
    )
    assert gan.generate(labels=1).shape == (16, 8, 8, 1)
    assert same(
        [gan.generate(5, seed=3)],
        [gan.generate(labels=[0, 1, 2, 0, 1], seed=3)],
    )
    assert same([gan.generate(labels=one_hot, seed=3)], [images])
    half = np.full((2, CLASSES), [0.5, 0.5, 0.0])
    mixed = gan.generate(labels=half, seed=3)
    for pure in (0, 1):
        assert not np.allclose(mixed, gan.generate(2, labels=pure, seed=3))
    raw = gan.generate(labels=[0, 1, 2, 1], seed=3, use_ema=False)
    assert not np.array_equal(raw, images)


def test_generate_truncated():
    gan = tiny_conditional()
    latents = gan.draw_latents(3, seed=3, truncation=0.5)
    assert np.abs(latents).max() <= 0.5
    got = gan.generate(labels=[2, 0, 1], seed=3, truncation=0.5)
    assert same([got], [gan.generate_from((latents, [2, 0, 1]))])


def test_grid_has_one_class_a_row_and_one_noise_a_column():
    gan = tiny_conditional()
    latents, classes = gan.grid_inputs(columns=4, seed=1)
    assert latents.shape == (12, 4)
    np.testing.assert_array_equal(classes, np.repeat([0, 1, 2], 4))
    np.testing.assert_array_equal(latents[:4], latents[8:])
    assert len(np.unique(latents[:4, 0])) == 4
    latents, classes = gan.grid_inputs(rows=5, columns=1, seed=1)
    np.testing.assert_array_equal(classes, [0, 1, 2, 0, 1])


def test_grid_of_very_many_classes_shows_the_first():
    gan = gk.ConditionalGAN(
        gk.networks.dcgan_generator((8, 8, 1), 4, 2, num_classes=40),
        gk.networks.dcgan_discriminator((8, 8, 1), 2, num_classes=40),
    )
    _, classes = gan.grid_inputs(columns=2)
    np.testing.assert_array_equal(classes, np.repeat(np.arange(32), 2))
    _, classes = gan.grid_inputs(rows=40, columns=1)
    np.testing.assert_array_equal(classes, np.arange(40))


def test_walk_goes_from_class_to_class():
    gan = tiny_conditional()
    latents, classes = gan.walk_inputs(stops=3, frames=4, seed=1)
    assert latents.shape == (12, 4) and len(np.unique(latents, axis=0)) == 1
    np.testing.assert_allclose(classes.sum(1), 1)
    np.testing.assert_array_equal(classes[::4], np.eye(3))
    np.testing.assert_allclose(classes[2], [0.5, 0.5, 0])
    np.testing.assert_allclose(classes[11], [0.75, 0, 0.25])
    assert gan.generate_from((latents, classes)).shape == (12, 8, 8, 1)


@pytest.mark.slow
def test_sample_grid_and_tensorboard(tmp_path):
    gan = compiled(tiny_conditional())
    gan.fit(
        tiny_images(12),
        labels(12),
        batch_size=4,
        verbose=0,
        callbacks=[
            gk.callbacks.SampleGrid(tmp_path, columns=2),
            gk.callbacks.TensorBoardSamples(tmp_path / "logs", histograms=True),
        ],
    )
    from PIL import Image

    from gan_keras.plots import image_grid

    grid = image_grid(gan.generate_from(gan.grid_inputs(None, 2, 0)), 2)
    saved = np.array(Image.open(tmp_path / "samples" / "epoch_0001.png"))
    # Above a line of text, the grid itself, with a row for each class.
    assert saved.shape[0] > grid.shape[0]
    np.testing.assert_array_equal(saved[: len(grid)], grid[..., 0])
    assert grid.shape[0] / grid.shape[1] == pytest.approx(3 / 2, abs=0.1)
    asked = gan.grid_inputs(None, 2, 0)[1]
    np.testing.assert_array_equal(asked, [0, 0, 1, 1, 2, 2])


def test_a_metric_sees_fakes_of_the_same_classes():
    network = gk.extractors.small_cnn((8, 8, 1), 3)
    extractor = gk.extractors.Extractor("own", network)
    metric = gk.metrics.FrechetDistance(extractor)
    gan = compiled(tiny_conditional(), metrics=[metric], run_eagerly=True)
    many = network.outputs[0].shape[-1] + 8
    images, asked = tiny_images(many), np.sort(labels(many))
    found = gan.evaluate(
        images, asked, batch_size=many, verbose=0, return_dict=True
    )
    latents, classes = gan.generator_inputs(
        many, asked, turn=tf.constant(0, tf.int64)
    )
    np.testing.assert_array_equal(np.argmax(classes, axis=1), asked)
    fakes = gan.generate_from((np.array(latents), np.array(classes)))
    expected = gk.metrics.frechet_distance(
        extractor(images)[0], extractor(fakes)[0]
    )
    assert found["fd_own"] == pytest.approx(expected, rel=1e-3)


def test_save_and_load(tmp_path):
    gan = compiled(
        tiny_conditional(KINDS["auxiliary classifier"]()),
        auxiliaries=[ClassLoss(weight=0.5, g_weight=0.1)],
        critic_steps=2,
    )
    data = gk.datasets.pipeline(tiny_images(16), labels(16), batch_size=8)
    gan.fit(data, epochs=2, verbose=0)
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    assert isinstance(again, gk.ConditionalGAN) and again.critic_steps == 2
    (auxiliary,) = again.auxiliaries
    assert (auxiliary.weight, auxiliary.g_weight) == (0.5, 0.1)
    for model in (gan, again):
        model.fit(data, epochs=3, initial_epoch=2, verbose=0)
    assert same(weights(gan), weights(again))


@pytest.mark.slow
def test_labels_as_keras_gives_them():
    """int32 of `image_dataset_from_directory`, or its one-hot rows."""
    images = tiny_images(12)
    runs = []
    for found in (
        labels(12).astype("int32"),
        np.eye(CLASSES, dtype="float32")[labels(12)],
    ):
        keras.utils.set_random_seed(0)
        gan = compiled(tiny_conditional())
        data = tf.data.Dataset.from_tensor_slices((images, found)).batch(4)
        gan.fit(data, verbose=0)
        runs.append(weights(gan))
    assert same(*runs)


# ----------------------------------------------------- auxiliary objectives


def softmax(x):
    x = np.exp(x - x.max(axis=1, keepdims=True))
    return x / x.sum(axis=1, keepdims=True)


def test_class_loss_against_numpy():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 5, CLASSES)).astype("float32")
    classes = labels(5)
    batch = Batch(None, None, [None, np.eye(CLASSES)[classes]], classes)
    loss = ClassLoss(weight=2.0, g_weight=0.5)
    p_real, p_fake = [softmax(x)[np.arange(5), classes] for x in (real, fake)]
    heads = {"class": tf.constant(real)}, {"class": tf.constant(fake)}
    np.testing.assert_allclose(
        loss.discriminator(*heads, batch),
        -2 * (np.log(p_real) + np.log(p_fake)),
        rtol=1e-5,
    )
    np.testing.assert_allclose(
        loss.generator(*heads, batch), -0.5 * np.log(p_fake), rtol=1e-5
    )
    loss = ClassLoss(weight=2.0, fake_weight=0.25)
    np.testing.assert_allclose(
        loss.discriminator(*heads, batch),
        -2 * np.log(p_real) - 0.25 * np.log(p_fake),
        rtol=1e-5,
    )


def test_mutual_information_against_numpy():
    rng = np.random.default_rng(0)
    category, means = rng.normal(size=(5, 4)), rng.normal(size=(5, 2))
    codes = rng.uniform(-1, 1, (5, 2))
    which = rng.integers(0, 4, 5)
    z = np.concatenate([np.eye(4)[which], codes, rng.normal(size=(5, 3))], 1)
    loss = gk.auxiliaries.MutualInformation(
        4, 2, weight=3.0, continuous_weight=0.5
    )
    fake = {
        "category": tf.constant(category, tf.float32),
        "continuous": tf.constant(means, tf.float32),
    }
    batch = Batch(None, None, tf.constant(z, tf.float32), None)
    expected = -3 * np.log(softmax(category)[np.arange(5), which])
    expected += 0.25 * np.sum((means - codes) ** 2, axis=1)
    for method in (loss.discriminator, loss.generator):
        np.testing.assert_allclose(method({}, fake, batch), expected, 1e-5)


@pytest.mark.slow
def test_auxiliary_terms_reach_the_right_networks():
    """D's term moves D's head; G's term reaches G through the pixels."""
    images, classes = tf.constant(tiny_images(6)), labels(6)
    moves = {}
    for name, w, g_w in [("off", 0, 0), ("d", 1, 0), ("g", 0, 1)]:
        keras.utils.set_random_seed(0)
        gan = compiled(
            tiny_conditional(KINDS["auxiliary classifier"]()),
            auxiliaries=[ClassLoss(weight=w, g_weight=g_w)],
        )
        head = gan.discriminator.get_layer("class").get_weights()
        logs = gan.train_on_batch(images, classes, return_dict=True)
        moved = not same(
            head, gan.discriminator.get_layer("class").get_weights()
        )
        moves[name] = (
            moved,
            [v.numpy() for v in gan.discriminator.trainable_variables],
            [v.numpy() for v in gan.generator.trainable_variables],
            logs,
        )
    assert [moves[k][0] for k in ("off", "d", "g")] == [False, True, False]
    # G's term changes G, and D not at all.
    assert same(moves["off"][1], moves["g"][1])
    assert not same(moves["off"][2], moves["g"][2])
    assert moves["off"][3]["class_loss"] == moves["off"][3]["g_class_loss"] == 0
    assert moves["d"][3]["class_loss"] > 1  # some 2 log 3 at the start
    assert moves["g"][3]["g_class_loss"] > 0.5


@pytest.mark.slow
def test_an_auxiliary_of_ones_own():
    @keras.saving.register_keras_serializable("test")
    class MeanOfReals(gk.auxiliaries.Auxiliary):
        """D also estimates each image's mean pixel."""

        heads = {"mean": 1}

        def discriminator(self, real, fake, batch):
            truth = tf.reduce_mean(batch.real_images, axis=[1, 2, 3])
            return tf.square(real["mean"][:, 0] - truth)

        def generator(self, real, fake, batch):
            return tf.zeros_like(fake["logits"])

    gan = gk.GAN(
        gk.networks.dcgan_generator((8, 8, 1), 4, 4), d(heads={"mean": 1})
    )
    compiled(gan, auxiliaries=[MeanOfReals()])
    images = tiny_images(16) * 0.5 + np.linspace(-0.5, 0.5, 16).reshape(
        16, 1, 1, 1
    ).astype("float32")
    logs = gan.fit(images, batch_size=8, epochs=30, verbose=0).history
    assert logs["mean_of_reals"][-1] < 0.3 * logs["mean_of_reals"][0]


# ------------------------------------------------------------------ InfoGAN


def tiny_info(**kwargs):
    return gk.InfoGAN(
        gk.networks.dcgan_generator((8, 8, 1), latent_dim=9, width=4),
        d(heads={"category": 4, "continuous": 2}),
        categories=4,
        continuous=2,
        seed=1,
        **kwargs,
    )


def test_codes_are_distributed_as_they_should():
    stats = pytest.importorskip("scipy.stats")
    z = tiny_info().draw_latents(20_000, seed=0)
    assert z.shape == (20_000, 9) and z.dtype == np.float32
    counts = z[:, :4].sum(axis=0)
    np.testing.assert_array_equal(z[:, :4].sum(axis=1), 1)
    assert stats.chisquare(counts).pvalue > 1e-3
    for i in (4, 5):
        assert stats.kstest(z[:, i], "uniform", (-1, 2)).pvalue > 1e-3
    for i in (6, 8):
        assert stats.kstest(z[:, i], "norm").pvalue > 1e-3
    narrow = tiny_info().draw_latents(20_000, seed=0, truncation=1.0)
    counts = narrow[:, :4].sum(axis=0)
    assert stats.chisquare(counts).pvalue > 1e-3
    assert 0.99 < np.abs(narrow[:, 6:]).max() <= 1
    trained = tiny_info().generator_inputs(500).numpy()
    assert set(np.unique(trained[:, :4])) == {0.0, 1.0}
    assert np.abs(trained[:, 4:6]).max() < 1 < np.abs(trained[:, 6:]).max()


def test_infogan_walks_stay_among_the_codes():
    z = tiny_info().walk_inputs(stops=5, frames=6, seed=3)
    assert z.shape == (30, 9)
    np.testing.assert_allclose(z[:, :4].sum(axis=1), 1, atol=1e-6)
    assert np.abs(z[:, 4:6]).max() < 1
    np.testing.assert_array_equal(z[::6], tiny_info().draw_latents(5, seed=3))


def test_compiling_again_leaves_nothing_behind():
    from gan_keras import state

    gan = tiny_conditional()
    sizes = []
    for _ in range(3):
        compiled(gan, penalties=["r1"], augmentation="adaptive_augmentation")
        sizes.append(len(state.variables(gan)))
    assert len(set(sizes)) == 1
    names = [v.name for v in state.variables(gan)]
    assert names.count("calls") == names.count("p") == 1


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int64"])
def test_labels_of_every_integer_dtype(dtype):
    gan = tiny_conditional()
    found = np.array([1, 2]).astype(dtype)
    assert same(
        [gan.generate(labels=found, seed=1)],
        [gan.generate(labels=[1, 2], seed=1)],
    )


@pytest.mark.slow
def test_infogan_trains_saves_and_shows_a_category_a_row(tmp_path):
    gan = tiny_info()
    with pytest.raises(ValueError, match="reads 10 categories"):
        compiled(gan, auxiliaries=["mutual_information"])
    mutual = gk.auxiliaries.MutualInformation(4, 2)
    compiled(gan, auxiliaries=[mutual])
    logs = gan.fit(tiny_images(16), batch_size=8, epochs=40, verbose=0).history
    # It can be learnt.
    assert logs["mutual_information"][-1] < logs["mutual_information"][0]
    gan.save(tmp_path / "info.keras")
    again = keras.saving.load_model(tmp_path / "info.keras")
    assert (again.categories, again.continuous) == (4, 2)
    assert same([gan.generate(3, seed=1)], [again.generate(3, seed=1)])
    z = gan.grid_inputs(columns=3, seed=1)
    np.testing.assert_array_equal(z[:, :4], np.repeat(np.eye(4), 3, axis=0))
    np.testing.assert_array_equal(z[:3, 4:], z[9:, 4:])
    z = gan.with_codes(z[:2], category=[3, 0], continuous=[[0.5, -1], [0, 1]])
    np.testing.assert_array_equal(z[:, :4], np.eye(4)[[3, 0]])
    np.testing.assert_array_equal(z[:, 4:6], [[0.5, -1], [0, 1]])


def test_codes_that_there_are_not_are_told():
    gan = tiny_info()
    z = gan.draw_latents(2, seed=0)
    for category in (4, -1, [0, 7], 1.5):
        with pytest.raises(ValueError, match="`category` must lie in 0 to 3"):
            gan.with_codes(z, category)
    plain = gk.networks.dcgan_generator((8, 8, 1), latent_dim=9, width=4)
    message = r"heads=\{'category': 4\}`"  # 0 units would be refused
    with pytest.raises(ValueError, match=message):
        gk.InfoGAN(plain, d(), categories=4, continuous=0)


def test_latents_of_a_pair_are_as_long_as_the_generator_takes_them():
    gan = compiled(tiny_conditional())
    z = gan.draw_latents(2, seed=0)
    with pytest.raises(ValueError, match="`latents` must have shape"):
        gan.generate_from((z[:, 1:], [0, 1]))


def test_a_pair_is_evaluated_as_it_is_trained_with():
    x, y = tiny_images(20), np.arange(20) % 3
    gan = compiled(tiny_conditional())
    expected = gan.evaluate(x, y, verbose=0, return_dict=True)
    assert gan.evaluate((x, y), verbose=0, return_dict=True) == expected
