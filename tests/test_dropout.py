"""D looks three times in a turn, and drops the same units each time."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import compiled
from conftest import tiny_images
from conftest import two_cpus
from keras import layers
from test_ordering import optimized_graph

import gan_keras as gk
from gan_keras import dropout

UNITS = 64  # of the images, and so of each dropout layer


def forgetful(*before, rate=0.5):
    """A D whose logit tells how many of 64 + 64 units were dropped."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            *before,
            layers.Dropout(rate),
            layers.Dropout(rate),
            layers.Dense(1),
        ]
    )


def gan_with(discriminator, rate=1e-30, **kwargs):
    gan = gk.GAN(
        gk.networks.mlp_generator((8, 8, 1), 4, (8,)), discriminator, seed=7
    )
    still = {
        "d_optimizer": keras.optimizers.SGD(rate),
        "g_optimizer": keras.optimizers.SGD(rate),
    }
    return compiled(gan, **still, **kwargs)


def overheard(gan, batch, steps=1):
    """D's logits in every look of so many steps, in their order."""
    heard = []
    look = gan.look

    def listen(*args, **kwargs):
        said = look(*args, **kwargs)
        heard.append(said["logits"].numpy())
        return said

    gan.look = listen
    for _ in range(steps):
        gan.train_step(batch)
    gan.look = look
    return heard


def test_nothing_is_written_before_there_are_images():
    network = forgetful(
        gk.layers.SpectralNormalization(layers.Dense(UNITS)),
        layers.BatchNormalization(),
    )

    @tf.function
    def look(images, dice):
        return dropout.call(network, images, True, dice)

    graph = look.get_concrete_function(
        tf.TensorSpec((None, 8, 8, 1)), tf.TensorSpec((2,), tf.int64)
    ).graph
    written = [
        operation
        for operation in graph.get_operations()
        if operation.type == "AssignVariableOp"
    ]
    # The power iteration's vector, and the moving mean and variance.
    assert len(written) == 3
    logits = graph.outputs[0].op
    while logits.type == "Identity":
        logits = logits.inputs[0].op
    for operation in written:
        assert logits in operation.control_inputs


def test_g_is_taught_with_the_units_that_have_learnt():
    gan = gan_with(forgetful())
    first, second = np.split(
        np.array(overheard(gan, tiny_images(), steps=2)), 2
    )
    for real, fake, real_again, fake_again in (first, second):
        # D stands still: only other units could make it say anything else.
        np.testing.assert_array_equal(real, real_again)
        np.testing.assert_array_equal(fake, fake_again)
    # The same real images in the next step, other units.
    assert not np.any(first[0] == second[0])


def test_real_and_fake_images_meet_the_same_units():
    gan = gan_with(forgetful())
    images = tf.constant(tiny_images())
    dice = gan.make_fakes(images)[0].dice
    # As if G had drawn exactly the real images: nothing but other units could
    # set the scores apart.
    batch = gk.gan.Batch(images, images, None, None, dice)
    _, logs = gan.discriminator_gradients(batch)
    np.testing.assert_array_equal(logs["d_real"], logs["d_fake"])
    # But each pair its own: the same image all over gets as many scores.
    same = tf.repeat(images[:1], len(images), axis=0)
    scores = np.array(gan.look(same, dice=dice)["logits"])
    assert len(np.unique(scores)) == len(scores)


def test_layers_turns_and_models_meet_other_dice():
    ones = np.ones((1, UNITS), "float32")

    def kept(dice):
        """Which units two layers keep, each on its own: `[2, 64]`."""
        x = keras.Input((UNITS,))
        both = [layers.Dropout(0.5)(x), layers.Dropout(0.5)(x)]
        network = keras.Model(x, both)
        return np.concatenate(dropout.call(network, ones, True, dice)) > 0

    turns = [dropout.dice(3, tf.constant(n, tf.int64)) for n in (5, 6)]
    other = dropout.dice(4, tf.constant(5, tf.int64))
    assert np.array_equal(kept(turns[0]), kept(turns[0]))
    masks = [*kept(turns[0]), *kept(turns[1]), *kept(other)]
    # Independent masks agree in half of the units: 32 of 64, give or take 4
    # (one sigma).
    for i, one in enumerate(masks):
        assert 12 <= one.sum() <= 52
        for j, other in enumerate(masks):
            agree = np.sum(one == other)
            assert agree == UNITS if i == j else 12 <= agree <= 52, (i, j)


def test_kept_units_are_scaled_and_as_many_as_asked_for():
    network = keras.Sequential([keras.Input((10_000,)), layers.Dropout(0.3)])
    ones = np.ones((1, 10_000), "float32")
    dice = dropout.dice(0, tf.constant(0, tf.int64))
    out = np.array(dropout.call(network, ones, True, dice))
    np.testing.assert_allclose(out[out > 0], 1 / 0.7, 1e-6)
    assert abs(np.mean(out > 0) - 0.7) < 0.02  # four sigma
    # Not in training, or without dice: as Keras does it.
    np.testing.assert_array_equal(
        dropout.call(network, ones, False, dice), ones
    )
    some = dropout.call(network, ones, True)
    assert not np.array_equal(some, dropout.call(network, ones, True))


def test_moving_statistics_move_as_ever():
    norm = layers.BatchNormalization(momentum=0.9, center=False, scale=False)
    gan = gan_with(forgetful(norm))
    images = tiny_images()
    fakes = []
    generator = gan.generator
    inputs = gan.generator_inputs(len(images))
    fakes = np.array(generator(inputs, training=True)).reshape(-1, UNITS)
    mean = np.zeros(UNITS)
    for seen in (images.reshape(-1, UNITS), fakes) * 2:  # four looks
        mean = 0.9 * mean + 0.1 * seen.mean(axis=0)
    gan.train_step(images)
    np.testing.assert_allclose(norm.moving_mean, mean, 1e-4, 1e-6)


@pytest.mark.parametrize("critic_steps", [1, 2])
def test_a_step_is_a_function_of_seed_and_step(critic_steps):
    images = tiny_images()
    runs = []
    for _ in range(2):
        keras.utils.set_random_seed(1)  # the networks' first weights
        gan = gan_with(forgetful(), rate=0.1, critic_steps=critic_steps)
        gan.discriminator(images, training=True)  # the layers' own dice roll
        runs.append(overheard(gan, images, steps=2))
        keras.utils.set_random_seed(2)
    np.testing.assert_array_equal(*map(np.concatenate, runs))
    turns = np.array(runs[0][: 2 * critic_steps])
    assert len(np.unique(turns[:, 0])) == len(turns)


@pytest.mark.slow
def test_the_units_are_drawn_once():
    gan = gan_with(forgetful())
    step = tf.function(gan.train_step)
    graph = optimized_graph(step, tf.constant(tiny_images()))
    drawn = [n for n in graph.node if n.op == "StatelessRandomUniformV2"]
    # Once for each of two layers: not again for the fakes, nor for G.
    assert len(drawn) == 2


def test_replicas_throw_their_own():
    with two_cpus().scope():
        both = two_cpus().run(lambda: dropout.dice(7, tf.constant(3, tf.int64)))
    thrown = {
        tuple(value.numpy())
        for value in two_cpus().experimental_local_results(both)
    }
    assert len(thrown) == 2


@pytest.mark.slow
def test_replicas_train_with_dropout():
    with two_cpus().scope():
        gan = gan_with(forgetful(), rate=0.1)
    data = tf.data.Dataset.from_tensor_slices(tiny_images()).batch(8)
    history = gan.fit(data, epochs=2, verbose=0).history
    assert np.all(np.isfinite(history["g_loss"]))


@pytest.mark.slow
@pytest.mark.xla
@pytest.mark.parametrize("jit_compile", [False, True])
def test_both_looks_at_a_fake_drop_the_same_units(jit_compile):
    """In the compiled step. (Which they are, XLA decides otherwise.)"""
    gan = gan_with(forgetful(), jit_compile=jit_compile)
    for _ in range(3):
        said = gan.fit(tiny_images(1), batch_size=1, verbose=0).history
        np.testing.assert_allclose(
            said["g_loss"], -np.log(said["d_fake"]), 1e-5
        )
