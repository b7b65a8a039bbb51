"""Fields in the plane, and films of figures."""

import glob

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.core.util import event_pb2

import gan_keras as gk
from gan_keras import lab
from gan_keras import plots


def plane_gan(seed=1):
    return lab.gan(lab.ring(), steps=1000, seed=seed)


def test_fields_are_what_the_networks_say():
    gan = plane_gan()
    found = lab.Fields(gan, lab.ring(), points=20, size=9, lines=3)
    (x_low, x_high), (y_low, y_high) = found.bounds
    assert found.opinion.shape == (9, 9)
    # Rows are y, from below; columns are x.
    corners = [[x_low, y_low], [x_high, y_low], [x_low, y_high]]
    said = gan.judge(np.array(corners, "float32"))
    np.testing.assert_allclose(
        [found.opinion[0, 0], found.opinion[0, -1], found.opinion[-1, 0]],
        said,
        rtol=1e-5,
    )
    latents = gan.draw_latents(20, 0)
    np.testing.assert_allclose(
        found.fake_points,
        gan.generate_from(latents, use_ema=False),
        rtol=1e-4,
        atol=1e-5,
    )
    # A push leads uphill: D's score rises along it.
    size = np.abs(found.pushes).max()
    pushed = found.fake_points + 0.01 * found.pushes / size
    assert (gan.judge(pushed) > gan.judge(found.fake_points)).mean() > 0.9
    # The middle lines of both directions meet in G(0, 0).
    assert len(found.manifold) == 6
    middle = gan.generate_from(np.zeros((1, 2), "float32"), use_ema=False)
    for line in (found.manifold[1], found.manifold[4]):
        assert np.abs(line - middle).sum(axis=1).min() < 0.05


def test_fields_draw_every_point_and_push():
    found = lab.Fields(plane_gan(), lab.ring(), points=20, size=9, lines=3)
    axis, bar = plots.fields(found).axes
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("x", "y")
    assert "probability" in bar.get_ylabel()
    clouds = [c for c in axis.collections if hasattr(c, "get_offsets")]
    drawn = [np.asarray(c.get_offsets()) for c in clouds]
    for points in (found.real_points, found.fake_points):
        assert any(
            d.shape == points.shape and np.allclose(d, points) for d in drawn
        )


def test_fields_need_the_plane():
    with pytest.raises(ValueError, match="lab.Comparison"):
        lab.Fields(lab.gan(lab.gaussian()), lab.gaussian())


def test_densities_draw_the_four_curves():
    gan = lab.gan(lab.mixture(), seed=1)
    found = lab.Comparison(gan, lab.mixture())
    top, bottom = plots.densities(found).axes
    curves = {
        line.get_label(): line.get_ydata()
        for axis in (top, bottom)
        for line in axis.get_lines()
    }
    for label, values in {
        "$p_{data}$, real": found.p_data,
        "$p_g$, fake (change of variables)": found.p_g,
        "D, the network": found.d,
        "D*, the best there can be": found.d_star,
    }.items():
        np.testing.assert_array_equal(curves[label], values)
    assert bottom.get_xlabel() == "x"


def test_a_picture_takes_a_grid_as_fine_as_the_data():
    thin = lab.mixture((-10.0, 10.0), 0.01)
    gan = lab.gan(thin, seed=1)
    with pytest.raises(ValueError, match="Give `grid=lab.Grid"):
        lab.DensityPicture(thin)(gan)
    fine = lab.Grid([(-14.0, 14.0)], 14_001)
    figure = lab.DensityPicture(thin, grid=fine)(gan)
    assert figure.axes[0].get_xlim() == thin.bounds()[0]


@pytest.mark.slow
def test_densities_are_for_the_line():
    found = lab.Comparison(plane_gan(), lab.ring())
    with pytest.raises(ValueError, match="`comparison` must be one on"):
        plots.densities(found)


def frames(path):
    with Image.open(path) as image:
        return image.n_frames, image.size


@pytest.mark.slow
@pytest.mark.parametrize("name", ["line", "plane"])
def test_a_film_grows_by_a_frame_an_epoch(tmp_path, name):
    data = {"line": lab.mixture(), "plane": lab.ring()}[name]
    picture = {
        "line": lab.DensityPicture(data),
        "plane": lab.FieldPicture(data, points=20, size=9, lines=3),
    }[name]
    gan = lab.gan(data, steps=1000, seed=1)
    path = tmp_path / "deep" / "film.gif"
    batches = lab.pipeline(data, steps=2, batch_size=8)
    film = gk.callbacks.Frames(path, picture)
    gan.fit(batches, epochs=2, verbose=0, callbacks=[film])
    count, size = frames(path)
    assert count == 3
    assert min(size) > 400
    # Going on after epoch 1 replaces what came after it.
    gan.fit(batches, initial_epoch=1, epochs=4, verbose=0, callbacks=[film])
    assert frames(path) == (5, size)


@pytest.mark.slow
def test_a_picture_in_tensorboard(tmp_path):
    gan = plane_gan()
    picture = lab.FieldPicture(lab.ring(), points=20, size=9, lines=3)
    gan.fit(
        lab.pipeline(lab.ring(), steps=2, batch_size=8),
        epochs=2,
        verbose=0,
        callbacks=[gk.callbacks.TensorBoardPicture(tmp_path, picture, "ring")],
    )
    found = {}
    for path in glob.glob(f"{tmp_path}/pictures/ring/events*"):
        for record in tf.data.TFRecordDataset(path).as_numpy_iterator():
            event = event_pb2.Event.FromString(record)
            for value in event.summary.value:
                found[event.step] = value.tensor.string_val
    assert sorted(found) == [1, 2]
    width, height, png = found[2]
    image = tf.io.decode_png(png)
    assert image.shape == (int(height), int(width), 3)
    assert np.ptp(image) > 200


@pytest.mark.slow
def test_a_record_keeps_the_answers():
    gan = plane_gan()
    steps = gk.callbacks.Record(lambda gan: int(gan.steps.numpy()), every=2)
    gan.fit(
        lab.pipeline(lab.ring(), steps=3, batch_size=8),
        epochs=4,
        verbose=0,
        callbacks=[steps],
    )
    assert steps.epochs == [0, 2, 4]
    assert steps.answers == [0, 6, 12]
    # Epochs that are run again are not kept twice.
    data = lab.pipeline(lab.ring(), steps=3, batch_size=8)
    gan.fit(data, initial_epoch=3, epochs=6, verbose=0, callbacks=[steps])
    assert steps.epochs == [0, 2, 4, 6]
    assert steps.answers == [0, 6, 15, 21]


def test_a_picture_must_be_a_callable(tmp_path):
    with pytest.raises(ValueError, match="`picture` must be a callable"):
        gk.callbacks.Frames(tmp_path / "a.gif", "ring")


def test_frames_have_one_size_whatever_is_in_them(tmp_path):
    gan = plane_gan()
    picture = lab.FieldPicture(lab.ring(), points=5, size=5, lines=3)
    first = plots.style.to_pil(picture(gan))
    gan.generator.set_weights([w * 20 for w in gan.generator.get_weights()])
    keras.utils.set_random_seed(1)
    assert plots.style.to_pil(picture(gan)).size == first.size
