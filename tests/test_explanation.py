"""One step, told: by the step itself, and without a trace on the model."""

import random
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import RECIPES
from conftest import compiled
from conftest import data_for
from conftest import tiny_gan
from conftest import tiny_images
from conftest import tiny_recipe

import gan_keras as gk
from gan_keras import explanation
from gan_keras import state

D_HALF, G_HALF = "D's half-step", "G's half-step"


def everything(gan):
    """All that could change: Keras' own list has more than ours."""
    return [
        np.array(v.numpy())
        for v in [*state.variables(gan), *gan.variables]
        + [v for metric in gan.metrics for v in metric.variables]
    ]


def assert_equal(some, others):
    assert len(some) == len(others)
    for a, b in zip(some, others):
        np.testing.assert_array_equal(a, b)


def first_batch(gan):
    (batch,) = data_for(gan, steps=1)
    return batch


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_the_copy_takes_the_very_step(name):
    gan = tiny_recipe(name)
    data = data_for(gan, steps=2)
    gan.fit(data, verbose=0)  # so that optimizers and counters have a past
    batch = first_batch(gan)

    before, dice = everything(gan), random.getstate()
    story = gan.explain_step(batch)
    assert_equal(everything(gan), before)
    assert random.getstate() == dice

    steps = int(gan.steps.numpy())
    gan.train_on_batch(*(batch if isinstance(batch, tuple) else [batch]))
    assert_equal(state.read(story.gan), state.read(gan))
    # And it was a step.
    assert int(story.gan.steps.numpy()) == steps + 1
    assert str(story)


@pytest.mark.xla
@pytest.mark.slow
def test_the_copy_takes_the_very_step_with_xla():
    gan, same = tiny_gan(), tiny_gan()
    for model in (gan, same):
        model.compile()
    assert gan.jit_compile
    state.write(same, state.read(gan), "the test")
    batch = tiny_images(8)
    # In the same order: a sum of the same numbers in another is another one.
    data = gk.datasets.pipeline(batch, batch_size=8, shuffle=False)
    same.fit(data, verbose=0)
    assert_equal(state.read(gan.explain_step(batch).gan), state.read(same))


@pytest.mark.slow
def test_the_model_trains_on_as_if_nothing_had_been_explained():
    runs = []
    for explain in (False, True):
        keras.utils.set_random_seed(3)
        gan = compiled(tiny_gan(), penalties=["r1"])
        data = gk.datasets.pipeline(tiny_images(16), batch_size=8)
        gan.fit(data, verbose=0)
        if explain:
            gan.explain_step(tiny_images(8))
        gan.fit(data, verbose=0)
        runs.append([*state.read(gan), gan.generate(4)])
    assert_equal(*runs)


class Lines:
    """Networks small enough for pencil and paper, on the line.

    G(z) = z + b, D(x) = w x. With SGD at rate 1.
    """

    def __init__(self, loss, b=3.0, w=0.5, **kwargs):
        z, x = keras.Input((1,)), keras.Input((1,))
        shift = keras.layers.Dense(1, name="shift")
        weigh = keras.layers.Dense(1, use_bias=False, name="weigh")
        generator = keras.Model(z, shift(z))
        discriminator = keras.Model(x, weigh(x))
        shift.set_weights([np.ones((1, 1)), np.array([b])])
        weigh.set_weights([np.array([[w]])])
        self.gan = compiled(
            gk.GAN(generator, discriminator, seed=5),
            d_optimizer=keras.optimizers.SGD(1.0),
            g_optimizer=keras.optimizers.SGD(1.0),
            loss=loss,
            **kwargs,
        )
        self.z = self.gan.generator_inputs(4).numpy()[:, 0].astype("float64")
        self.x = np.array([-1.0, 0.0, 1.0, 2.0])
        self.b, self.w = b, w

    def explain(self):
        return self.gan.explain_step(self.x[:, None].astype("float32"))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_the_numbers_are_those_of_pencil_and_paper():
    lines = Lines("non_saturating")
    x, fake, w = lines.x, lines.z + lines.b, lines.w
    story = lines.explain()

    real_part = np.mean(-np.log(sigmoid(w * x)))
    fake_part = np.mean(-np.log(1 - sigmoid(w * fake)))
    assert story.formulas["d_loss"] == pytest.approx(
        {"-log D(real)": real_part, "-log(1 - D(fake))": fake_part}, rel=1e-5
    )
    slope = np.mean(-x * (1 - sigmoid(w * x)) + fake * sigmoid(w * fake))
    norms = story.gradient_norms
    assert norms["discriminator"] == pytest.approx(
        {"weigh": abs(slope)}, rel=1e-5
    )

    new_w = w - slope
    g_loss = np.mean(-np.log(sigmoid(new_w * fake)))
    assert story.formulas["g_loss"] == pytest.approx(
        {"-log D(fake)": g_loss}, rel=1e-5
    )
    pixel = -(1 - sigmoid(new_w * fake)) * new_w / 4
    step = np.array([np.sum(pixel * lines.z), np.sum(pixel)])  # kernel, bias
    assert norms["generator"] == pytest.approx(
        {"shift": np.linalg.norm(step)}, rel=1e-5
    )

    new_fake = lines.z * (1 - step[0]) + lines.b - step[1]
    expected = {
        "before": [sigmoid(w * x).mean(), sigmoid(w * fake).mean()],
        "after D's half-step": [
            sigmoid(new_w * x).mean(), sigmoid(new_w * fake).mean(),
        ],
        "after G's half-step": [
            sigmoid(new_w * x).mean(), sigmoid(new_w * new_fake).mean(),
        ],
    }  # fmt: skip
    assert list(story.scores) == list(expected)
    for moment, said in story.scores.items():
        np.testing.assert_allclose(
            [said["real"], said["fake"]], expected[moment], rtol=1e-5
        )
    np.testing.assert_allclose(
        story.gan.discriminator.get_weights()[0], [[new_w]], rtol=1e-5
    )

    text = str(story)
    assert "d_loss = -log D(real) - log(1 - D(fake))" in text
    assert f"{real_part:.4f} + {fake_part:.4f}" in text
    assert f"= {real_part + fake_part:.4f}" in text
    assert "4 real images and 4 fakes" in text


def test_each_half_step_changes_its_own_network_and_no_other():
    gan = compiled(tiny_gan(), penalties=["r1"])
    story = gan.explain_step(tiny_images(8))

    def owners(names):
        return {name.split(": ")[0] for name in names}

    d_weights = len(gan.discriminator.trainable_variables)
    g_weights = len(gan.generator.trainable_variables)
    changed = story.changed
    assert sum(n.startswith("D, trained") for n in changed[D_HALF]) == d_weights
    assert sum(n.startswith("G, trained") for n in changed[G_HALF]) == g_weights
    assert not owners(changed[D_HALF]) & {
        "G, trained", "averaged G", "G's optimizer",
    }  # fmt: skip
    assert not owners(changed[G_HALF]) & {"D, trained", "D's optimizer"}
    assert "averaged G" in owners(changed[G_HALF])
    # G's BatchNorm takes its statistics while it makes the fakes.
    assert "G, kept count of" in owners(changed[D_HALF])
    for half in (D_HALF, G_HALF):
        assert not set(changed[half]) & set(story.unchanged[half])
    assert len(changed[D_HALF]) + len(story.unchanged[D_HALF]) == len(
        changed[G_HALF]
    ) + len(story.unchanged[G_HALF])


def test_penalties_and_auxiliaries_are_parts_of_the_formula():
    gan = tiny_recipe("infogan")
    story = gan.explain_step(first_batch(gan))
    parts = [f.name for f in gan.penalties] + [a.name for a in gan.auxiliaries]
    assert parts
    assert set(parts) <= set(story.formulas["d_loss"])
    assert {f"g_{a.name}" for a in gan.auxiliaries} <= set(
        story.formulas["g_loss"]
    )


@pytest.mark.slow
def test_with_several_turns_the_last_one_is_told():
    gan = compiled(tiny_gan(), critic_steps=3)
    story = gan.explain_step(tiny_images(12))
    assert "4 real images and 4 fakes, for each of D's 3 turns; the" in str(
        story
    )
    same = compiled(tiny_gan(), critic_steps=3)
    state.write(same, state.read(gan), "the test")
    same.train_on_batch(tiny_images(12))
    assert_equal(state.read(story.gan), state.read(same))
    np.testing.assert_array_equal(story.gan.d_optimizer.iterations.numpy(), 3)


LOGITS = [[0.3, -2.0, 5.0], [1.0, -0.5, 20.0]]


@pytest.mark.parametrize(
    "loss",
    [
        gk.losses.NonSaturating(),
        gk.losses.NonSaturating(real_label=0.9),
        gk.losses.Minimax(),
        gk.losses.LeastSquares(),
        gk.losses.Wasserstein(),
        gk.losses.Hinge(),
        gk.losses.Relativistic(),
    ],
    ids=lambda loss: f"{type(loss).__name__}{loss.get_config()}",
)
def test_the_parts_of_each_formula_are_what_it_says(loss):
    real, fake = (tf.constant(logits) for logits in LOGITS)
    terms = loss.terms(real, fake)
    for name, whole in [
        ("d_loss", loss.discriminator(real, fake)),
        ("g_loss", loss.generator(real, fake)),
    ]:
        total = sum(terms[name].values())
        np.testing.assert_allclose(total, whole, rtol=1e-5, atol=1e-6)
        # The text is a formula: let Python work it out, in other arithmetic.
        for text, values in terms[name].items():
            formula = text.replace("^", "**")
            formula = re.sub(r"log D\((\w+)\)", r"log(D(\1))", formula)
            formula = re.sub(r"(0\.\d|1/2) ", r"\1 * ", formula)
            names = {
                "log": np.log,
                "exp": np.exp,
                "max": np.maximum,
                "real": np.longdouble(LOGITS[0]),
                "fake": np.longdouble(LOGITS[1]),
                "D": sigmoid,
                "score": lambda x: x,
            }
            np.testing.assert_allclose(
                values, eval(formula, names).astype("float64"), 1e-4, 1e-5
            )


class Halved(gk.losses.NonSaturating):
    """Derived from a loss of ours, with another formula; not registered."""

    def discriminator(self, real_logits, fake_logits):
        return super().discriminator(real_logits, fake_logits) / 2


class Fine(gk.penalties.Penalty):
    """A penalty of one's own, not registered."""

    def places(self, real_images, fake_images):
        return real_images

    def price(self, squared_slope):
        return squared_slope


@pytest.mark.slow
def test_ones_own_classes_are_copied_and_their_formula_is_not_made_up():
    gan = compiled(tiny_gan(), loss=Halved(), penalties=[Fine(name="fine")])
    story = gan.explain_step(tiny_images(8))
    assert list(story.formulas["d_loss"]) == [
        "discriminator(real, fake)", "fine",
    ]  # fmt: skip
    assert list(story.formulas["g_loss"]) == ["-log D(fake)"]
    assert story.gan.penalties[0] is not gan.penalties[0]


class Fade(gk.augment.Augmentation):
    """An augmentation of one's own, not registered."""

    numbers = 1

    def transform(self, images, u):
        return images * u[:, :, None, None]


class Halving(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule of one's own, not registered."""

    def __call__(self, step):
        return 0.1 * 0.5 ** keras.ops.cast(step, "float32")

    def get_config(self):
        return {}


@pytest.mark.slow
@pytest.mark.parametrize("dose", ["grows", "chain"])
def test_ones_own_classes_within_others_are_copied(dose):
    inner = Fade(seed=1)
    augmentation = {
        "grows": gk.augment.GrowingAugmentation(inner, looks=3, seed=1),
        "chain": gk.augment.Chain(["flip", inner], seed=1),
    }[dose]
    gan = compiled(
        tiny_gan(),
        d_optimizer=keras.optimizers.SGD(Halving()),
        augmentation=augmentation,
    )
    gan.fit(tiny_images(16), batch_size=8, verbose=0)
    story = gan.explain_step(tiny_images(8))
    gan.train_on_batch(tiny_images(8))
    assert_equal(state.read(story.gan), state.read(gan))


def test_a_copy_shares_no_variable():
    gan = compiled(tiny_gan(), penalties=["r1"])
    twin = explanation.copy_of(gan)
    assert_equal(state.read(gan), state.read(twin))
    ours = {id(v) for v in [*state.variables(gan), *gan.variables]}
    assert not ours & {id(v) for v in [*state.variables(twin), *twin.variables]}


def test_bad_data_is_explained():
    gan = compiled(tiny_gan())
    with pytest.raises(ValueError, match=r"`data` must have shape \[batch, 8"):
        gan.explain_step(np.zeros((4, 9, 9, 1), "float32"))
    with pytest.raises(ValueError, match="critic_steps.*Received: 5 images"):
        compiled(tiny_gan(), critic_steps=2).explain_step(tiny_images(5))
    conditional = tiny_recipe("cgan")
    with pytest.raises(ValueError, match="tuple .real_images, labels."):
        conditional.explain_step(tiny_images(4))


@pytest.mark.slow
def test_a_batch_may_be_of_other_floats():
    gan = compiled(tiny_gan())
    images = np.asarray(first_batch(gan))
    stories = [
        str(gan.explain_step(batch))
        for batch in (images, images.astype("float64"), tf.constant(images))
    ]
    assert stories[0] == stories[1] == stories[2]


@pytest.mark.slow
def test_a_penalty_that_is_a_function_is_a_part_of_the_story():
    def drift(discriminate, real_images, fake_images):
        return 0.5 * discriminate(real_images) ** 2

    drift.name = "drift"
    gan = tiny_gan()
    gan.compile(penalties=[drift, gk.penalties.R1()])
    batch = first_batch(gan)
    parts = gan.explain_step(batch).formulas["d_loss"]
    logits = gan.discriminator(batch, training=True)
    expected = float(tf.reduce_mean(0.5 * logits**2))
    assert parts["drift"] == pytest.approx(expected, rel=1e-4)
    assert "r1" in parts


@pytest.mark.slow
def test_a_discriminator_with_a_lambda_is_explained():
    images = keras.Input((8, 8, 1))
    x = keras.layers.Lambda(lambda x: 2 * x)(images)
    x = keras.layers.Dense(1)(keras.layers.Flatten()(x))
    gan = compiled(gk.GAN(tiny_gan().generator, keras.Model(images, x)))
    gan.compile(penalties=[])
    story = gan.explain_step(tiny_images(8))
    assert int(story.gan.steps.numpy()) == 1


def test_layers_of_equal_names_within_two_networks_are_two():
    def tower():
        x = keras.Input((8, 8, 1))
        y = keras.layers.Flatten()(x)
        return keras.Model(x, keras.layers.Dense(2, name="hidden")(y))

    one, other = tower(), tower()
    paths = [v.path for model in (one, other) for v in model.variables]
    assert len({*paths}) == 2  # of four
    images = keras.Input((8, 8, 1))
    both = keras.layers.Concatenate()([one(images), other(images)])
    d = keras.Model(images, keras.layers.Dense(1)(both))
    gan = compiled(gk.GAN(tiny_gan().generator, d), penalties=[])
    story = gan.explain_step(tiny_images(8))
    trained = [
        name for name in story.changed["D's half-step"]
        if name.startswith("D, trained")
    ]  # fmt: skip
    assert len(trained) == 6 and "6 of 6 variables" in str(story)
