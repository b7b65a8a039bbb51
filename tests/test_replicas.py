"""Several devices do what one does with the whole batch."""

import json
import os
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import assert_equal_runs
from conftest import tiny_gan
from conftest import tiny_images
from conftest import tiny_recipe
from conftest import two_cpus
from conftest import weights

import gan_keras as gk
from gan_keras import noise
from gan_keras import replicas


def trained(
    strategy, loss="non_saturating", penalties=list, batch_size=6, rate=0.1
):
    keras.utils.set_random_seed(0)
    with strategy.scope():
        gan = tiny_gan()
        gan.compile(
            keras.optimizers.SGD(rate),
            keras.optimizers.SGD(rate),
            loss=loss,
            penalties=penalties(),
            jit_compile=False,
        )
    # The last batch has 3 images: 2 for one replica and 1 for the other.
    data = tf.data.Dataset.from_tensor_slices(tiny_images(27))
    history = gan.fit(data.batch(batch_size), epochs=2, verbose=0).history
    return gan, history


def slow_but_for(names, *quick):
    return [
        name if name in quick else pytest.param(name, marks=pytest.mark.slow)
        for name in names
    ]


# Only the relativistic loss looks at more than one image's score.
@pytest.mark.parametrize(
    "loss",
    slow_but_for(gk.losses.losses.classes, "non_saturating", "relativistic"),
)
def test_two_replicas_equal_one_device(loss):
    one = trained(tf.distribute.get_strategy(), loss)
    two = trained(two_cpus(), loss)
    assert_equal_runs(one, two)
    keras.utils.set_random_seed(0)
    start = weights(tiny_gan())  # as both had them
    moved = [not np.allclose(a, b) for a, b in zip(start, weights(two[0]))]
    assert np.mean(moved) > 0.9


@pytest.mark.parametrize(
    "penalty", slow_but_for(gk.penalties.penalties.classes, "r1")
)
@pytest.mark.parametrize("every", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_penalties_of_two_replicas_equal_those_of_one(penalty, every):
    cls = gk.penalties.penalties.classes[penalty]
    one, two = [
        trained(strategy, penalties=lambda: [cls(every=every)], rate=0.01)
        for strategy in (tf.distribute.get_strategy(), two_cpus())
    ]
    assert_equal_runs(one, two)
    assert max(one[1][penalty]) > 1e-4


@pytest.mark.slow
def test_metrics_of_two_replicas_are_those_of_all_their_samples():
    """Also with a penalty, which `evaluate` does not log.

    Without one, what is logged are all metrics that there are, and Keras
    itself asks them in the end; else it takes the mean of the replicas'.
    """
    network = gk.extractors.small_cnn((8, 8, 1), 3)
    extractor = gk.extractors.Extractor("own", network)
    # The last batch is of three: two for the one replica, one for the other.
    data = tf.data.Dataset.from_tensor_slices(tiny_images(27)).batch(6)

    def made(penalties, strategy=None):
        keras.utils.set_random_seed(0)
        with (strategy or two_cpus()).scope():
            gan = tiny_gan()
            gan.compile(
                penalties=penalties,
                jit_compile=False,
                metrics=[gk.metrics.FrechetDistance(extractor)],
            )
        return gan

    expected = made([], tf.distribute.get_strategy()).evaluate(
        data, verbose=0, return_dict=True
    )
    found = made([]).evaluate(data, verbose=0, return_dict=True)
    assert found == pytest.approx(expected, rel=1e-4)
    gan = made(["r1"])
    found = gan.evaluate(data, verbose=0, return_dict=True)
    assert found == pytest.approx(expected, rel=1e-4)
    assert sorted(gan.evaluate(data, verbose=0)) == sorted(found.values())
    history = gan.fit(data, validation_data=data, verbose=0).history
    after = gan.evaluate(data, verbose=0, return_dict=True)
    for name, value in after.items():
        assert history[f"val_{name}"] == pytest.approx([value], rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("inside", [True, False])
def test_two_replicas_measure_what_one_device_does(inside):
    """With the same noise, though their parts of a batch differ in size."""
    data = tf.data.Dataset.from_tensor_slices(tiny_images(19)).batch(5)
    found = []
    for strategy in (tf.distribute.get_strategy(), two_cpus()):
        keras.utils.set_random_seed(0)
        with strategy.scope():
            gan = tiny_gan()
            if inside:
                gan.compile(penalties=[], jit_compile=False)
        if not inside:  # as Keras allows, too
            gan.compile(penalties=[], jit_compile=False)
        found.append(gan.evaluate(data, verbose=0, return_dict=True))
    assert found[1] == pytest.approx(found[0], rel=1e-5)


def test_several_steps_in_a_call_come_back_on_one_device(tmp_path):
    with two_cpus().scope():
        gan = tiny_gan()
        gan.compile(steps_per_execution=8)
    assert gan.steps_per_execution == 1
    gan.save(tmp_path / "model.keras")
    back = keras.saving.load_model(tmp_path / "model.keras")
    assert back.steps_per_execution == 8
    back.compile(steps_per_execution=4)
    assert back.get_compile_config()["steps_per_execution"] == 4


@pytest.mark.slow
def test_a_batch_that_does_not_divide_evenly():
    one = trained(tf.distribute.get_strategy(), batch_size=5)
    two = trained(two_cpus(), batch_size=5)
    assert_equal_runs(one, two)


@pytest.mark.slow
def test_both_copies_of_every_weight_agree():
    gan, _ = trained(two_cpus(), penalties=lambda: ["r1"])
    for variable in gan.variables:
        first, second = [v.numpy() for v in variable.value.values]
        np.testing.assert_array_equal(first, second, variable.path)


def test_replicas_draw_different_parts_of_the_same_noise():
    with two_cpus().scope():
        gan = tiny_gan()

    @tf.function
    def draw(sizes):
        def per_replica():
            context = tf.distribute.get_replica_context()
            return gan.generator_inputs(sizes[context.replica_id_in_sync_group])

        return gan.distribute_strategy.run(per_replica)

    first, second = draw(tf.constant([3, 2])).values
    assert first.shape == (3, 4) and second.shape == (2, 4)
    np.testing.assert_allclose(
        np.concatenate([first, second]),
        tiny_gan().generator_inputs(5),
        atol=1e-6,
    )
    assert len(np.unique(np.concatenate([first, second]))) == 20


@pytest.mark.slow
@pytest.mark.xla
def test_xla_is_off_under_a_strategy():
    with two_cpus().scope():
        gan = tiny_gan()
    gan.compile()  # outside of the scope, as Keras allows
    assert not gan.jit_compile
    gan.fit(tiny_images(16), batch_size=8, verbose=0)
    with pytest.raises(ValueError, match="`jit_compile` must be False or 'au"):
        gan.compile(jit_compile=True)


def test_one_step_a_call_under_a_strategy(tmp_path):
    """Keras' loop over several fails there; a saved model may ask for it."""
    gan = tiny_recipe("gan")
    assert gan.steps_per_execution == 8
    gan.save(tmp_path / "model.keras")
    with two_cpus().scope():
        gan = keras.saving.load_model(tmp_path / "model.keras")
    assert gan.steps_per_execution == 1
    gan.fit(tiny_images(16), batch_size=8, verbose=0)
    assert gan.steps.numpy() == 2


def test_optimizers_and_penalties_are_made_in_the_scope():
    adam, r1 = keras.optimizers.Adam(), gk.penalties.R1()
    with two_cpus().scope():
        gan = tiny_gan()
    with pytest.raises(ValueError, match="`d_optimizer` was made outside"):
        gan.compile(adam)
    with pytest.raises(ValueError, match=r"`penalties\[0\]` was made outside"):
        gan.compile(penalties=[r1])


def test_minibatch_statistics_are_refused_under_a_strategy():
    def networks():
        stack = [keras.Input((8, 8, 1)), gk.layers.MinibatchStdDev()]
        stack += [keras.layers.Flatten(), keras.layers.Dense(1)]
        return tiny_gan().generator, keras.Sequential(stack)

    gk.GAN(*networks())
    with two_cpus().scope():
        with pytest.raises(ValueError, match="`MinibatchStdDev` would see one"):
            gk.GAN(*networks())


def test_plain_batch_norm_is_refused_under_a_strategy():
    def generator():
        return keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dense(64),
                keras.layers.BatchNormalization(name="mine"),
                keras.layers.Reshape((8, 8, 1)),
                keras.layers.Activation("tanh"),
            ]
        )

    judge = gk.networks.dcgan_discriminator((8, 8, 1), 4)
    gk.GAN(generator(), judge)
    with two_cpus().scope():
        judge = gk.networks.dcgan_discriminator((8, 8, 1), 4)
        with pytest.raises(ValueError, match="synchronized=True.*'mine'"):
            gk.GAN(generator(), judge)


@pytest.mark.slow
def test_callbacks_and_resuming_under_a_strategy(tmp_path):
    def fit(directory, epochs):
        keras.utils.set_random_seed(0)
        with two_cpus().scope():
            gan = tiny_gan()
            gan.compile()
        gan.fit(
            gk.datasets.pipeline(tiny_images(32), batch_size=8, seed=3),
            epochs=epochs,
            verbose=0,
            callbacks=[
                gk.callbacks.DivergenceGuard(),
                gk.callbacks.Resume(directory, seconds=0),
                gk.callbacks.CSVHistory(directory / "history.csv"),
                gk.callbacks.SampleGrid(directory, rows=1, columns=2),
                gk.callbacks.TensorBoardSamples(directory / "logs"),
            ],
        )
        return weights(gan)

    whole = fit(tmp_path / "whole", 4)
    fit(tmp_path / "parts", 2)
    parts = fit(tmp_path / "parts", 4)
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(a, b)
    histories = [
        (tmp_path / run / "history.csv").read_text()
        for run in ("whole", "parts")
    ]
    assert histories[0] == histories[1]
    assert histories[0].count("\n") == 5


@pytest.mark.parametrize("draw", [noise.uniform, noise.normal])
def test_noise_is_the_same_with_and_without_xla(draw):
    seed = tf.constant([3, 5], tf.int64)
    plain = tf.function(draw)([500, 4], seed)
    xla = tf.function(draw, jit_compile=True)([500, 4], seed)
    np.testing.assert_allclose(plain, xla, atol=2e-6)


def test_noise_is_distributed_as_it_says():
    stats = pytest.importorskip("scipy.stats")
    seed = tf.constant([1, 2], tf.int64)
    u = noise.uniform([100_000], seed).numpy()
    assert 0 < u.min() and u.max() <= 1
    assert stats.kstest(u, "uniform").pvalue > 1e-3
    z = noise.normal([100_000], seed).numpy()
    assert stats.kstest(z, "norm").pvalue > 1e-3
    assert np.isfinite(z).all() and z.dtype == np.float32
    # The same pair of bits makes a point and its neighbour: no correlation.
    assert abs(np.corrcoef(z[:-1], z[1:])[0, 1]) < 0.02


def free_ports(n):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


# The command, which then keeps its worker's weights: only the chief saves.
KEEP_WEIGHTS = """
import sys
import gan_keras_cli
import numpy as np
from gan_keras.cli import training
fit, path = training.fit, sys.argv.pop(1)
def fit_and_keep(options, gan, *rest):
    code = fit(options, gan, *rest)
    state = [*gan.get_weights(), *(v.numpy() for v in gan.optimizer.variables)]
    np.savez(path, *state)
    return code
training.fit = fit_and_keep
sys.exit(gan_keras_cli.main())
"""


@pytest.mark.slow
def test_two_workers_train_as_one_process(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (130, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "small.npz", x_train=images, x_test=images[:16])
    command = [
        "train", "gan",
        "--epochs", "3", "--width", "8", "--latent-dim", "4",
        "--batch-size", "64", "--data", str(tmp_path / "small.npz"),
        "--checkpoint-seconds", "0", "--out",
    ]  # fmt: skip
    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]

    def start(out, index=None):
        environment = dict(os.environ)
        environment.pop("TF_CONFIG", None)
        if index is not None:
            environment["TF_CONFIG"] = json.dumps(
                {
                    "cluster": {"worker": workers},
                    "task": {"type": "worker", "index": index},
                }
            )
        return subprocess.Popen(
            [
                *(sys.executable, "-c", KEEP_WEIGHTS),
                str(tmp_path / f"{out}.npz"),
                *command,
                str(tmp_path / out),
            ],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    # Each worker gets a directory of its own here, to see what it writes.
    chief, other = start("chief", 0), start("other", 1)
    for process in (chief, other):
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors
    single = start("single")
    _, errors = single.communicate(timeout=240)
    assert single.returncode == 0, errors

    files = sorted(p.name for p in (tmp_path / "chief").iterdir())
    assert files == sorted(p.name for p in (tmp_path / "single").iterdir())
    assert not list((tmp_path / "other").rglob("*.*"))
    one, two = [
        np.genfromtxt(tmp_path / run / "history.csv", delimiter=",", names=True)
        for run in ("single", "chief")
    ]
    assert one.dtype.names == two.dtype.names and len(one) == len(two) == 3
    for name in one.dtype.names:
        np.testing.assert_allclose(one[name], two[name], rtol=1e-4)
    one, two = [
        np.load(tmp_path / f"{name}.npz") for name in ("chief", "other")
    ]
    assert len(one.files) == len(two.files) > 10
    for name in one.files:
        np.testing.assert_array_equal(one[name], two[name])
    one, two = [
        keras.saving.load_model(tmp_path / run / "model.keras")
        for run in ("single", "chief")
    ]
    for a, b in zip(weights(one), weights(two), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def test_one_worker_alone_is_no_strategy(monkeypatch):
    monkeypatch.setenv(
        "TF_CONFIG", '{"cluster": {"worker": ["127.0.0.1:1"]}, "task": {}}'
    )
    assert replicas.strategy() is tf.distribute.get_strategy()
