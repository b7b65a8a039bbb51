import numpy as np
import pytest
import tensorflow as tf
from conftest import RECIPES
from conftest import data_for
from conftest import tiny_images
from conftest import tiny_recipe

import gan_keras as gk
from gan_keras import recipes
from gan_keras.gan import Batch
from gan_keras_cli import names


def test_the_command_line_knows_every_recipe():
    assert set(names.RECIPES) == set(recipes.RECIPES)


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("shape", [(12, 12, 1), (8, 8, 3)])
def test_recipe_trains_on_grey_and_colour(name, shape):
    gan = tiny_recipe(name, steps=4, shape=shape)
    n = 16 * gan.critic_steps
    images = tiny_images(n, shape[0], shape[2])
    labels = np.arange(n) % 3 if gan.needs_labels else None
    gan.fit(images, labels, batch_size=n // 4, verbose=0)
    assert gan.steps.numpy() == 4
    # At the end of its steps both learning rates are zero.
    for optimizer in (gan.d_optimizer, gan.g_optimizer):
        assert float(optimizer.learning_rate) == 0
    assert gan.generate(2).shape == (2, *shape)


# What each paper changed, as one training step shows it. `pull`: how strongly
# D's loss pulls at a real logit of 2 while the fake one is 0, and 1.5.
SIGMOID = -1 / (1 + np.exp(2))  # of cross-entropy: D(real) - 1
PLAIN = {
    "pull": (SIGMOID, SIGMOID),
    "turns": 1,
    "penalties": set(),
    "heads": set(),
    "clipped": False,
    "kernel's scale matters to D": True,
    "fakes of a batch matter to each other": True,
    "D has convolutions": True,
    "reals matter to G's gradient": False,
    "class matters to G, to D": (False, False),
    "attention": False,
    "D sees changed images": False,
    "D's rate over G's": 1,
}
INGREDIENTS = {
    "gan": {
        "fakes of a batch matter to each other": False,
        "D has convolutions": False,
    },
    "dcgan": {"penalties": {"r1"}, "D sees changed images": True},
    "lsgan": {"pull": (1, 1), "penalties": {"r1"}},
    "wgan": {"pull": (-1, -1), "turns": 5, "clipped": True},
    "wgan_gp": {
        "pull": (-1, -1),
        "penalties": {"gradient_penalty"},
        "D's rate over G's": 1 / 0.7,
    },
    "sngan": {"pull": (0, 0), "kernel's scale matters to D": False},
    "sagan": {
        "pull": (0, 0),
        "kernel's scale matters to D": False,
        "attention": True,
        "turns": 2,
        "D's rate over G's": 2,
    },
    "cgan": {
        "penalties": {"r1"},
        "class matters to G, to D": (True, True),
        "D sees changed images": True,
    },
    "acgan": {
        "penalties": {"r1"},
        "class matters to G, to D": (True, False),
        "heads": {"class"},
    },
    "infogan": {"penalties": {"r1"}, "heads": {"category", "continuous"}},
    "r3gan": {
        "pull": (SIGMOID, -1 / (1 + np.exp(0.5))),
        "penalties": {"r1", "r2"},
        "fakes of a batch matter to each other": False,
        "reals matter to G's gradient": True,
    },
}


@pytest.mark.parametrize(
    "width, part", [(8, 1), (16, 1), (32, 1 / 2), (128, 1 / 8)]
)
def test_wider_networks_learn_at_a_lower_rate(width, part):
    def rates(name):
        gan = recipes.get(name)((8, 8, 1), steps=100, width=width, seed=0)
        optimizers = gan.d_optimizer, gan.g_optimizer
        return [float(optimizer.learning_rate) for optimizer in optimizers]

    assert rates("dcgan") == pytest.approx([2e-3 * part] * 2)
    assert rates("wgan") == pytest.approx([5e-4 * part] * 2)
    assert rates("gan") == pytest.approx([2e-4] * 2)  # its width is another


@pytest.mark.parametrize(
    "shape, channels, rate",
    [((32, 32, 1), 16, 2e-3), ((33, 20, 3), 24, 2e-3 * 16 / 24 / 2)],
)
@pytest.mark.parametrize(
    "name, units, small, large",
    [("dcgan", 256, 0.95, 0.99), ("cgan", 128, 0.99, 0.99)],
)
def test_d_is_stronger_than_g(shape, channels, rate, name, units, small, large):
    gan = recipes.get(name)(shape, steps=100, seed=0)
    beta_2 = small if channels == 16 else large
    layers = gan.discriminator.layers
    dense = [layer.units for layer in layers if "hidden" in layer.name]
    down = [layer.filters for layer in layers if "down" in layer.name]
    assert dense == [units]
    assert type(gan.augmentation) is gk.augment.GrowingAugmentation
    assert type(gan.augmentation.augmentation) is gk.augment.Translation
    assert down[:2] == [channels, 2 * channels]
    for optimizer in (gan.d_optimizer, gan.g_optimizer):
        assert optimizer.beta_2 == beta_2
        # Held until step 75 of 100, or falling since step 50.
        optimizer.iterations.assign(75)
        assert float(optimizer.learning_rate) == pytest.approx(rate)


@pytest.mark.parametrize("name", ["gan", "wgan", "dcgan"])
def test_short_steps_are_made_eight_in_a_call(name):
    def calls_of(shape, width):
        gan = recipes.get(name)(shape, steps=9, width=width, seed=0)
        return gan.steps_per_execution

    assert calls_of((28, 28, 1), None) == 8
    assert calls_of((64, 64, 3), None) == 1
    if name != "gan":  # whose width is another
        assert calls_of((32, 32, 3), 32) == 8
        assert calls_of((28, 28, 1), 33) == 1


def test_r1_grows_with_the_number_of_pixels():
    for shape, part in [((8, 8, 1), 1), ((28, 28, 1), 1), ((42, 56, 3), 3)]:
        gamma = recipes.r1(shape, 0.3).get_config()["gamma"]
        assert gamma == pytest.approx(0.3 * part)


@pytest.mark.parametrize("name", ["dcgan", "cgan", "lsgan", "acgan"])
def test_r1_of_the_recipes(name):
    (r1,) = tiny_recipe(name, shape=(42, 56, 3)).penalties
    gamma = 0.3 if name == "cgan" else 1.0
    assert r1.get_config()["gamma"] == pytest.approx(gamma * 3)


def test_r1_is_as_strong_for_larger_copies_of_the_same_images():
    images = np.random.default_rng(0).uniform(-1, 1, (4, 28, 28, 1))
    images = tf.constant(images, tf.float32)
    slope = np.random.default_rng(1).normal(size=(28, 28, 1))

    def discriminate(images):
        return tf.reduce_sum(tf.sin(images * slope), axis=[1, 2, 3])

    larger = tf.repeat(tf.repeat(images, 3, axis=1), 3, axis=2)
    fines = recipes.r1((28, 28, 1))(discriminate, images, images)
    # The same D, of images of 84x84: it looks at the means of 3x3 pixels.
    fines_of_larger = recipes.r1((84, 84, 1))(
        lambda images: discriminate(tf.nn.avg_pool2d(images, 3, 3, "VALID")),
        larger,
        larger,
    )
    assert np.all(fines.numpy()[:1] > 0)  # a quarter of four pays
    np.testing.assert_allclose(fines_of_larger, fines, rtol=1e-4)


def pull(loss, fake):
    real, fake = tf.constant([2.0]), tf.constant([fake])
    with tf.GradientTape() as tape:
        tape.watch(real)
        losses = loss.discriminator(real, fake)
    return float(tape.gradient(losses, real)[0])


def kernels(network, part=""):
    return [
        v
        for v in network.trainable_variables
        if v.name == "kernel" and part in v.path
    ]


def test_ingredients_one_step_of_each_recipe():
    """No recipe is another one under a new name."""
    assert set(INGREDIENTS) == set(recipes.RECIPES)
    rows = [str(INGREDIENTS[name]) for name in INGREDIENTS]
    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("name", INGREDIENTS)
def test_one_step_shows_the_ingredient_and_no_other(name):
    gan = tiny_recipe(name, steps=100)
    data = next(iter(data_for(gan)))
    d, g = gan.discriminator, gan.generator
    start = {v.path: v.numpy() for v in d.trainable_variables}
    rates = [
        float(optimizer.learning_rate)
        for optimizer in (gan.d_optimizer, gan.g_optimizer)
    ]
    # Untouched by the data, R2 and the rest could be 0 at the start.
    logs = gan.train_step(data)
    logs = gan.train_step(data)
    found = {"pull": (pull(gan.loss, 0.0), pull(gan.loss, 1.5))}
    found["turns"] = int(gan.d_optimizer.iterations) // 2
    known = {"d_loss", "g_loss", "d_real", "d_fake", "augment_p"}
    found["D sees changed images"] = "augment_p" in logs
    extras = {key for key in logs if key not in known}
    terms = {a.name for a in gan.auxiliaries}
    terms |= {f"g_{term}" for term in terms}
    found["penalties"] = {k for k in extras - terms if float(logs[k]) > 0}
    said = d.compute_output_shape(d.input_shape)
    heads = set(said) - {"logits"} if isinstance(said, dict) else set()
    found["heads"] = {
        head
        for head in heads
        for v in kernels(d, f"{head}/")
        if not np.array_equal(start[v.path], v.numpy())
    }
    found["clipped"] = all(
        np.abs(v.numpy()).max() <= 0.03 for v in d.trainable_variables
    )

    real_images, labels = gan.turns(data)[0]
    logits = gan.discriminate(real_images, labels, training=False)
    for v in kernels(d):
        v.assign(3 * v)
    scaled = gan.discriminate(real_images, labels, training=False)
    found["kernel's scale matters to D"] = not np.allclose(
        logits, scaled, rtol=1e-3, atol=1e-4
    )
    for v in kernels(d):
        v.assign(v / 3)

    inputs = gan.generator_inputs(8, labels)
    fakes = g(inputs, training=True)
    fewer = tf.nest.map_structure(lambda x: x[:4], inputs)
    found["fakes of a batch matter to each other"] = not np.allclose(
        fakes[:4], g(fewer, training=True), atol=1e-4
    )
    found["D has convolutions"] = any("Conv" in v.path or v.ndim == 4
                                      for v in kernels(d))  # fmt: skip
    batch = Batch(real_images, fakes, inputs, labels)
    # The power iterations of spectral normalisation go on at every look.
    before = [(v, v.numpy()) for v in d.non_trainable_variables]
    gradient, _ = gan.pixel_gradients(batch)
    for v, value in before:
        v.assign(value)
    other, _ = gan.pixel_gradients(batch._replace(real_images=-real_images))
    found["reals matter to G's gradient"] = not np.allclose(
        gradient, other, rtol=1e-2, atol=1e-9
    )
    told = [False, False]
    if gan.needs_labels:
        other = (labels + 1) % 3
        latents = inputs[0]
        told = [
            not np.allclose(*(
                g([latents, gan.class_weights(y)]) for y in (labels, other)
            )),
            not np.allclose(*(
                gan.discriminate(real_images, y) for y in (labels, other)
            )),
        ]  # fmt: skip
    found["class matters to G, to D"] = tuple(told)
    gains = [v for v in gan.trainable_variables if v.name == "gain"]
    found["attention"] = len(gains) == 2 and all(
        abs(float(tf.reduce_max(v))) > 0 for v in gains
    )
    found["D's rate over G's"] = pytest.approx(rates[0] / rates[1])
    expected = {**PLAIN, **INGREDIENTS[name]}
    assert found.pop("pull") == pytest.approx(expected.pop("pull"), abs=1e-6)
    assert expected == found


def test_unknown_recipe():
    with pytest.raises(ValueError, match="Did you mean 'dcgan'.*'dcgam'"):
        recipes.get("dcgam")


@pytest.mark.parametrize(
    "name, image_shape",
    [(name, (64, 64, 3)) for name in recipes.RECIPES]
    + [("dcgan", (28, 28, 1)), ("wgan", (28, 28, 1))],
)
def test_recipes_need_no_more_than_a_shape(name, image_shape):
    gan = recipes.get(name)(image_shape, 100)
    assert gan.generator.output_shape == (None, *image_shape)
    assert float(gan.d_optimizer.learning_rate) > 0
    # Adam's leaps have thrown D off at 64x64, and never yet at 28x28. (WGAN
    # has RMSprop.)
    stable = isinstance(gan.d_optimizer, gk.optimizers.StableAdam)
    assert stable == (image_shape[0] > 32 and name != "wgan")
