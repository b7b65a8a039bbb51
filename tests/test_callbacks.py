"""Callbacks in a plain `fit()`."""

import csv
import sys
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import same
from conftest import tiny_gan
from conftest import tiny_images
from PIL import Image

import gan_keras as gk
from gan_keras import state
from gan_keras.callbacks import CSVHistory
from gan_keras.callbacks import SampleGrid
from gan_keras.callbacks import TensorBoardSamples
from gan_keras.callbacks.csv_history import read_history
from gan_keras.gif import GrowingGIF


@pytest.fixture
def gan():
    gan = tiny_gan()
    gan.compile(penalties=[], run_eagerly=True)  # nothing to trace: fast
    return gan


def data():
    return gk.datasets.pipeline(tiny_images(16), batch_size=8)


def fit(gan, callbacks, **kwargs):
    return gan.fit(data(), callbacks=callbacks, verbose=0, **kwargs)


def frames(path):
    with Image.open(path) as image:
        pictures = []
        for i in range(image.n_frames):
            image.seek(i)
            pictures.append(np.asarray(image.convert("L")))
        return pictures


def names(directory):
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.slow
def test_sample_grid_writes_a_picture_an_epoch_and_one_gif(gan, tmp_path):
    fit(gan, [SampleGrid(tmp_path, rows=2, columns=3)], epochs=3)
    assert names(tmp_path) == ["samples", "training.gif"]
    assert names(tmp_path / "samples") == [
        f"epoch_{epoch:04d}.png" for epoch in range(4)
    ]
    pictures = frames(tmp_path / "training.gif")
    for epoch, picture in enumerate(pictures):
        path = tmp_path / "samples" / f"epoch_{epoch:04d}.png"
        with Image.open(path) as image:
            np.testing.assert_array_equal(picture, np.asarray(image))
    assert len(pictures) == 4
    with Image.open(tmp_path / "training.gif") as image:
        assert image.info["duration"] < 500
        image.seek(3)
        assert image.info["duration"] == 2000  # a hold on the last


def test_sample_grid_shows_the_averaged_generator_from_fixed_noise(
    gan, tmp_path
):
    grid = SampleGrid(tmp_path, rows=2, columns=3, seed=4)
    fit(gan, [grid])
    latents = np.random.default_rng(4).standard_normal((6, 4), dtype="float32")
    expected = gk.plots.image_grid(gan.generate_from(latents), 3)
    with Image.open(tmp_path / "samples" / "epoch_0001.png") as image:
        picture = np.asarray(image)
    height, width, _ = expected.shape
    np.testing.assert_array_equal(picture[:height], expected[..., 0])
    # The epoch is written below.
    assert picture.shape == (height + 24, width)
    assert (picture[height:] < 100).any()


def test_sample_grid_puts_the_raw_generator_beside_on_request(gan, tmp_path):
    fit(gan, [SampleGrid(tmp_path, rows=2, columns=3, raw=True)])
    latents = np.random.default_rng(0).standard_normal((6, 4), dtype="float32")
    raw = gk.plots.image_grid(gan.generate_from(latents, use_ema=False), 3)
    with Image.open(tmp_path / "samples" / "epoch_0001.png") as image:
        picture = np.asarray(image)
    height, width, _ = raw.shape
    assert picture.shape[1] > 2 * width  # a gap between the two
    np.testing.assert_array_equal(picture[:height, -width:], raw[..., 0])
    assert not np.array_equal(picture[:height, :width], raw[..., 0])


@pytest.mark.slow
def test_a_second_fit_goes_on_where_the_first_stopped(gan, tmp_path):
    grid = SampleGrid(tmp_path, rows=1, columns=2)
    history = CSVHistory(tmp_path / "new" / "history.csv")
    fit(gan, [grid, history], epochs=2)
    first = frames(tmp_path / "training.gif")
    fit(gan, [grid, history], epochs=4, initial_epoch=2)
    assert len(frames(tmp_path / "training.gif")) == 5
    for a, b in zip(first, frames(tmp_path / "training.gif")):
        np.testing.assert_array_equal(a, b)
    rows = read_history(history.path)
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    # Repeating epochs 3 and 4 replaces them.
    fit(gan, [grid, history], epochs=3, initial_epoch=2)
    assert len(frames(tmp_path / "training.gif")) == 4
    assert len(read_history(history.path)) == 3


@pytest.mark.slow
def test_grids_of_epochs_that_are_run_again_go(gan, tmp_path):
    def names():
        return sorted(path.name for path in (tmp_path / "samples").iterdir())

    grid = SampleGrid(tmp_path, rows=1, columns=2)
    fit(gan, [grid], epochs=3)
    for name in (
        "epoch_0001_step_00002.png",
        "epoch_0002_step_00002.png",
        "epoch_0001.partial.png",  # a process was killed while it wrote this
        "mine.png",
    ):
        (tmp_path / "samples" / name).write_bytes(b"")
    fit(gan, [grid], epochs=2, initial_epoch=2)  # nothing is run
    assert len(names()) == 8
    keep = [f"epoch_000{i}.png" for i in range(4)]
    fit(gan, [grid], epochs=3, initial_epoch=2)
    assert names() == sorted([*keep, "epoch_0001_step_00002.png", "mine.png"])
    fit(gan, [grid], epochs=1)
    assert names() == [*keep[:2], "mine.png"]


@pytest.mark.slow
def test_every_fit_shows_a_grid_of_its_own(gan, tmp_path, monkeypatch):
    made = []

    class Handle:
        def __init__(self):
            self.images = 1
            made.append(self)

        def update(self, image):
            self.images += 1

    display = types.SimpleNamespace(display=lambda image, display_id: Handle())
    monkeypatch.setitem(
        sys.modules, "IPython", types.SimpleNamespace(display=display)
    )
    grid = SampleGrid(tmp_path, rows=1, columns=2, show=True)
    fit(gan, [grid], epochs=2)
    fit(gan, [grid], epochs=3, initial_epoch=2)
    assert [handle.images for handle in made] == [3, 1]


def test_interrupted_fit_leaves_a_usable_model_and_gif(gan, tmp_path):
    def interrupt(epoch, logs):
        if epoch == 2:
            raise KeyboardInterrupt

    stop = keras.callbacks.LambdaCallback(on_epoch_begin=interrupt)
    with pytest.raises(KeyboardInterrupt):
        fit(gan, [SampleGrid(tmp_path, 1, 2), stop], epochs=9)
    assert len(frames(tmp_path / "training.gif")) == 3
    assert gan.generate(2).shape == (2, 8, 8, 1)
    gan.save(tmp_path / "gan.keras")


def test_sample_grid_refuses_a_file_for_a_directory(gan, tmp_path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(ValueError, match="must be a directory, but a file"):
        fit(gan, [SampleGrid(tmp_path / "a")])
    assert (tmp_path / "a").read_text() == "mine"
    assert gan.steps.numpy() == 0


@pytest.mark.parametrize(
    "text",
    ["a,b\n1,2\n", "epoch,loss\n1,low\n", "epoch\n1,2\n", "epoch\n1.5\n"],
)
def test_a_table_that_is_no_history_is_left_alone(gan, tmp_path, text):
    path = tmp_path / "notes.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match="not a history.*Move it.*notes.csv"):
        fit(gan, [CSVHistory(path)], epochs=1)
    assert path.read_text() == text and gan.steps.numpy() == 0


def test_a_history_that_counts_from_0_is_not_gone_on_with(gan, tmp_path):
    path = tmp_path / "keras.csv"  # as `keras.callbacks.CSVLogger` writes it
    path.write_text("epoch,d_loss\n0,1.0\n1,2.0\n")
    fit(gan, [CSVHistory(path)], epochs=1)
    assert [row["epoch"] for row in read_history(path)] == [1]
    assert read_history(path)[0]["d_loss"] != 2.0


@pytest.mark.slow
def test_grids_of_a_fit_that_began_late_are_replaced(gan, tmp_path):
    def shown():
        return GrowingGIF(tmp_path / "training.gif").numbers

    grid = SampleGrid(tmp_path, rows=1, columns=2)
    fit(gan, [grid], epochs=8, initial_epoch=5)
    assert shown() == [6, 7, 8]
    fit(gan, [grid], epochs=8, initial_epoch=6)
    assert shown() == [6, 7, 8]
    fit(gan, [grid], epochs=1)
    assert shown() == [0, 1]


def test_csv_history_holds_the_epochs_numbers(gan, tmp_path):
    path = tmp_path / "history.csv"
    history = fit(gan, [CSVHistory(path)], epochs=3).history
    with open(path) as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", *history]
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    for name, values in history.items():
        assert [float(row[name]) for row in rows] == values
    assert names(tmp_path) == ["history.csv"]


def events(directory):
    """Event-file contents by tag: lists of (step, value)."""
    from tensorboard.backend.event_processing import event_accumulator

    accumulator = event_accumulator.EventAccumulator(
        str(directory), size_guidance={"tensors": 0}
    )
    accumulator.Reload()
    tags = accumulator.Tags()["tensors"]
    found = {
        tag: [
            (event.step, tf.make_ndarray(event.tensor_proto))
            for event in accumulator.Tensors(tag)
        ]
        for tag in tags
    }
    return found, accumulator


@pytest.mark.slow
def test_tensorboard_samples(gan, tmp_path):
    history = fit(
        gan,
        [TensorBoardSamples(tmp_path, rows=2, columns=2, histograms=True)],
        epochs=2,
    ).history
    found, _ = events(tmp_path / "train")
    for name, values in history.items():
        steps = [step for step, _ in found[f"epoch_{name}"]]
        logged = [float(value) for _, value in found[f"epoch_{name}"]]
        assert steps == [1, 2]
        np.testing.assert_allclose(logged, values, 1e-6)
    for player in "dg":
        rates = [float(v) for _, v in found[f"{player}_learning_rate"]]
        np.testing.assert_allclose(rates, [2e-3, 2e-3], 1e-6)
    width, height, png = found["samples"][1][1]
    picture = tf.io.decode_png(png).numpy()
    assert picture.shape[:2] == (int(height), int(width))
    latents = np.random.default_rng(0).standard_normal((4, 4), dtype="float32")
    expected = gk.plots.image_grid(gan.generate_from(latents), 2)
    np.testing.assert_array_equal(picture, expected)
    for kind in ("weights", "gradients"):
        for network in (gan.generator, gan.discriminator):
            tags = [t for t in found if t.startswith(f"{kind}/{network.name}")]
            assert len(tags) == len(network.trainable_variables)


@pytest.mark.slow
def test_tensorboard_looks_at_a_generators_first_batch(gan, tmp_path):
    def batches():
        yield (np.zeros((4, *gan.sample_shape), "float32"),)

    callback = TensorBoardSamples(tmp_path, histograms=True, graph=True)
    gan.fit(batches(), callbacks=[callback], verbose=0, steps_per_epoch=1)
    found, accumulator = events(tmp_path / "train")
    assert any(tag.startswith("gradients/") for tag in found)
    assert len(accumulator.Graph().node) > 100


@pytest.mark.slow
@pytest.mark.parametrize("name", ["logs", "a[b]c"])
def test_tensorboard_begins_anew_and_leaves_what_is_not_its_own(
    gan, tmp_path, name
):
    theirs = tmp_path / name / "train" / "events.out.tfevents.1.host.2.3.v2"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"of keras.callbacks.TensorBoard")
    logs = TensorBoardSamples(tmp_path / name, rows=1, columns=1)
    fit(gan, [logs], epochs=2)
    fit(gan, [logs], epochs=3, initial_epoch=1)
    assert theirs.read_bytes() == b"of keras.callbacks.TensorBoard"
    theirs.unlink()
    found, _ = events(tmp_path / name / "train")
    assert [step for step, _ in found["epoch_d_loss"]] == [1, 2, 3]
    fit(gan, [logs])
    assert len(names(tmp_path / name / "train")) == 1


def assert_histogram(buckets, values):
    """Whether TensorBoard's buckets, (left, right, count), hold the values."""
    left, right, counts = buckets.T
    ends = values.min(), values.max()
    np.testing.assert_allclose([left[0], right[-1]], ends, 1e-3, 1e-7)
    values = np.clip(values, left[0], right[-1])
    expected, _ = np.histogram(values, [*left, right[-1]])
    assert counts.sum() == values.size
    # (Rounding may carry one or two from a bucket to the next.)
    assert np.abs(counts - expected).sum() <= 4


def test_tensorboard_histograms_hold_the_gradients(gan, tmp_path):
    """Those of a twin after the epoch, on the first batch, by hand."""
    images = tiny_images(12)
    batches = tf.data.Dataset.from_tensor_slices(images).batch(8)
    logs = TensorBoardSamples(tmp_path, histograms=True)
    gan.fit(batches, callbacks=[logs], verbose=0)
    found, _ = events(tmp_path / "train")
    g, d = gan.generator, gan.discriminator
    generator, discriminator = map(keras.models.clone_model, (g, d))
    generator.set_weights(g.get_weights())
    discriminator.set_weights(d.get_weights())
    with tf.GradientTape(persistent=True) as tape:
        fakes = generator(gan.generator_inputs(8), training=True)
        p_real, p_fake = (
            tf.sigmoid(discriminator(x, training=True))
            for x in (images[:8], fakes)
        )
        d_loss = -tf.math.log(p_real) - tf.math.log(1 - p_fake)
        d_loss, g_loss = map(tf.reduce_mean, (d_loss, -tf.math.log(p_fake)))
    for network, twin, loss in [
        (g, generator, g_loss),
        (d, discriminator, d_loss),
    ]:
        gradients = tape.gradient(loss, twin.trainable_variables)
        assert len(gradients) == len(network.trainable_variables) > 0
        for variable, gradient in zip(network.trainable_variables, gradients):
            name = f"{network.name}/{variable.path}"
            ((step, buckets),) = found[f"gradients/{name}"]
            assert step == 1
            assert_histogram(buckets, gradient.numpy())
            ((step, buckets),) = found[f"weights/{name}"]
            assert_histogram(buckets, variable.numpy())


@pytest.mark.slow
@pytest.mark.parametrize("adaptive", [False, True])
def test_tensorboard_histograms_change_nothing(tmp_path, adaptive):
    def rules():
        """Such as keep count of how often they are used."""
        if not adaptive:
            return {"penalties": [gk.penalties.R1(every=3)]}
        augmentation = gk.augment.AdaptiveAugmentation(
            target=-0.9, images=128, p=0.5, seed=1
        )
        penalty = gk.penalties.GradientPenalty(seed=1)
        return {"penalties": [penalty], "augmentation": augmentation}

    runs = []
    for histograms in (False, True):
        keras.utils.set_random_seed(0)
        gan = tiny_gan()
        gan.compile(jit_compile=False, **rules())
        logs = TensorBoardSamples(tmp_path, histograms=histograms)
        fit(gan, [logs], epochs=2)
        runs.append(state.read(gan))
    assert same(*runs)


@pytest.mark.slow
def test_tensorboard_graph_of_the_step(gan, tmp_path):
    fit(gan, [TensorBoardSamples(tmp_path, graph=True)])
    _, accumulator = events(tmp_path / "train")
    operations = {node.op for node in accumulator.Graph().node}
    assert "Conv2D" in operations
    assert gan.steps.numpy() == 2  # tracing took no step


def test_callbacks_work_together_with_keras_own(gan, tmp_path):
    fit(
        gan,
        [
            SampleGrid(tmp_path / "run"),
            keras.callbacks.ModelCheckpoint(tmp_path / "best.keras"),
            keras.callbacks.TensorBoard(tmp_path / "tb", write_graph=False),
            keras.callbacks.EarlyStopping("g_loss", mode="min", patience=5),
        ],
        epochs=2,
    )
    assert (tmp_path / "best.keras").exists()


@pytest.mark.slow
def test_tensorboard_of_points_has_all_but_the_picture(tmp_path):
    gan = gk.lab.gan(gk.lab.ring(), steps=4, seed=1)
    data = gk.lab.pipeline(gk.lab.ring(), steps=2)
    logs = TensorBoardSamples(tmp_path, histograms=True)
    gan.fit(data, epochs=1, verbose=0, callbacks=[logs])
    found, _ = events(tmp_path / "train")
    assert "epoch_d_loss" in found and "samples" not in found


@pytest.mark.slow
def test_a_grid_of_another_size_is_refused_before_anything_goes(gan, tmp_path):
    fit(gan, [SampleGrid(tmp_path, rows=1, columns=2)], epochs=3)
    left = sorted(p for p in tmp_path.rglob("*") if p.is_file())
    film, steps = (tmp_path / "training.gif").read_bytes(), int(gan.steps)
    with pytest.raises(ValueError, match="training.gif must be of one size"):
        wider = SampleGrid(tmp_path, rows=1, columns=3)
        fit(gan, [wider], epochs=4, initial_epoch=2)
    assert int(gan.steps) == steps
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == left
    assert (tmp_path / "training.gif").read_bytes() == film
    # Begun anew it is another film.
    fit(gan, [SampleGrid(tmp_path, rows=1, columns=3)], epochs=1)
    assert GrowingGIF(tmp_path / "training.gif").numbers == [0, 1]
