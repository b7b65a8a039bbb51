import types

import numpy as np
import pytest
from conftest import tiny_gan
from conftest import tiny_images

from gan_keras import datasets
from gan_keras import latent
from gan_keras import losses
from gan_keras import plots
from gan_keras.metrics.evaluator import Figure
from gan_keras.metrics.evaluator import Report


def test_image_grid_places_every_pixel():
    images = np.arange(5, dtype="uint8").reshape(5, 1, 1, 1)
    images = images.repeat(2, axis=1).repeat(3, axis=2)  # [5, 2, 3, 1]
    grid = plots.image_grid(images, columns=3, padding=1, min_width=1)
    assert grid.shape == (2 + 1 + 2, 3 * 3 + 2, 1)
    for i in range(5):
        top, left = 3 * (i // 3), 4 * (i % 3)
        assert (grid[top : top + 2, left : left + 3] == i).all()
    assert (grid[2] == 128).all()  # padding
    assert (grid[3:, 8:] == 128).all()  # the empty cell


def test_image_grid_scales_floats_and_small_images():
    images = np.stack([np.full((8, 8, 3), v) for v in (-1.0, 0.0, 1.0)])
    grid = plots.image_grid(images.astype("float32"), 3, padding=2)
    # 480 / (3 * 10) = 16 times as large.
    assert grid.shape == (8 * 16, (3 * 10 - 2) * 16, 3)
    assert [int(grid[0, 10 * 16 * i, 0]) for i in range(3)] == [0, 128, 255]


def test_image_grid_explains_a_wrong_shape():
    with pytest.raises(ValueError, match=r"shape \(8, 8\)"):
        plots.image_grid(np.zeros((8, 8)))


def test_caption_adds_a_line_below():
    grid = np.full((30, 200, 1), 7, "uint8")
    image = np.asarray(plots.caption(grid, "epoch 12"))
    assert image.shape[1] == 200 and image.shape[0] > 30
    assert (image[:30] == 7).all()
    assert image[30:].min() < 100 < image[30:].max()  # ink on paper


HISTORY = {
    "d_loss": [1.2, 1.3],
    "g_loss": [0.8, 0.7],
    "d_real": [0.6, 0.55],
    "d_fake": [0.4, 0.45],
}


def lines(axis):
    """Heights of the horizontal lines that mark the equilibrium."""
    return sorted(
        float(line.get_ydata()[0])
        for line in axis.get_lines()
        if line.get_linestyle() == ":"
    )


def test_loss_race_draws_the_losss_own_equilibrium():
    figure = plots.loss_race(HISTORY, losses.NonSaturating())
    left, right = figure.axes
    np.testing.assert_allclose(lines(left), [np.log(2), 2 * np.log(2)], 1e-5)
    np.testing.assert_allclose(lines(right), [0.5])
    curves = {
        line.get_label(): list(line.get_ydata())
        for axis in figure.axes
        for line in axis.get_lines()
        if line.get_linestyle() == "-"
    }
    assert curves == {
        "D": [1.2, 1.3],
        "G": [0.8, 0.7],
        "on real": [0.6, 0.55],
        "on fakes": [0.4, 0.45],
    }
    assert left.get_xlabel() == right.get_xlabel() == "epoch"


def test_loss_race_of_a_table_begins_where_the_table_does():
    table = {"epoch": [38, 39], **HISTORY}
    for axis in plots.loss_race(table).axes:
        for line in axis.get_lines():
            assert list(line.get_xdata()) == [38, 39]
    # Keras counts from 0, and calls its list by the same name.
    history = types.SimpleNamespace(history=HISTORY, epoch=[37, 38])
    for axis in plots.loss_race(history).axes:
        assert list(axis.get_lines()[0].get_xdata()) == [38, 39]


def test_a_probability_is_called_one_without_an_equilibrium_too():
    class Plain(losses.Loss):
        is_probability = True

    axis = plots.loss_race(HISTORY, Plain()).axes[1]
    assert "probability" in axis.get_title()
    assert axis.get_ylim() == (-0.02, 1.02)


def test_loss_race_without_equilibrium_draws_no_line():
    class Plain(losses.Loss):
        pass

    figure = plots.loss_race(HISTORY, Plain())
    assert [lines(axis) for axis in figure.axes] == [[], []]
    assert "score" in figure.axes[1].get_title()


# --------------------------------------------------- looking into a training


def test_score_histograms_share_out_every_answer():
    scores = [
        (np.array([0.9, 0.95]), np.array([0.15, 0.25, 0.35, 0.35])),
        (np.array([0.5, 0.6]), np.array([0.4, 0.5])),
    ]
    figure = plots.score_histograms([0, 7], scores, bins=10)
    assert [axis.get_ylabel() for axis in figure.axes] == ["epoch 0", "epoch 7"]
    assert "probability" in figure.axes[-1].get_xlabel()
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    assert sum(heights) == pytest.approx(
        2.0
    )  # one for the reals, one for fakes
    # Of the reals both above 0.9; of the fakes half at 0.35.
    real, fake = heights[:10], heights[10:]
    assert real[9] == 1.0
    assert max(fake) == 0.5
    figure = plots.score_histograms([1], [(np.array([5.0]), np.array([-5.0]))])
    assert figure.axes[0].get_xlabel().startswith("D's score")
    # Whether they are probabilities the loss knows, and not their range.
    figure = plots.score_histograms(
        [1], [(np.array([0.9]), np.array([0.2]))], loss=losses.LeastSquares()
    )
    assert figure.axes[0].get_xlabel().startswith("D's score")
    figure = plots.score_histograms([0, 7], scores, loss=losses.Minimax())
    assert "probability" in figure.axes[-1].get_xlabel()
    with pytest.raises(ValueError, match="2 epochs for 1 records"):
        plots.score_histograms([1, 2], scores[:1])


def test_gradient_norms_are_bars_by_layer():
    norms = {
        "discriminator": {"a": 2.0, "b": 0.5},
        "generator": {"c": 1.0},
    }
    left, right = plots.gradient_norms(norms).axes
    assert [bar.get_width() for bar in left.patches] == [2.0, 0.5]
    assert [label.get_text() for label in left.get_yticklabels()] == ["a", "b"]
    assert [label.get_text() for label in right.get_yticklabels()] == ["c"]
    assert left.get_xlabel() == "length of the gradient"


@pytest.mark.parametrize(
    ("shortest", "longest"),
    [(0.02, x) for x in (0.021, 0.06, 0.3, 1.9, 2.0, 50.0, 1e4)]
    # Around one power of ten, or none of 1, 2 and 5 at all.
    + [(0.07, 0.15), (0.6, 1.9), (0.96, 1.04), (2.2, 4.7), (60.0, 150.0)],
)
def test_numbers_on_a_logarithmic_axis_do_not_lie_on_each_other(
    shortest, longest
):
    lengths = {"a": longest, "b": shortest}
    norms = {"discriminator": lengths, "generator": lengths}
    figure = plots.gradient_norms(norms)
    figure.canvas.draw()
    for axis in figure.axes:
        shown = [
            label.get_window_extent()
            for label in axis.get_xticklabels(which="both")
            if label.get_text()
        ]
        inside = axis.get_window_extent()
        shown = [box for box in shown if inside.x0 <= box.x1 <= inside.x1 + 30]
        assert 2 <= len(shown)
        shown.sort(key=lambda box: box.x0)
        for one, other in zip(shown, shown[1:]):
            assert one.x1 < other.x0


def test_feature_maps_are_the_layers_outputs():
    gan = tiny_gan()
    image = tiny_images(1)[0]
    figure = plots.feature_maps(gan.discriminator, image, columns=3)
    first = next(
        layer for layer in gan.discriminator.layers if layer.trainable_weights
    )
    maps = np.asarray(first(image[None]))[0]
    shown = [axis.get_images()[0] for axis in figure.axes if axis.get_images()]
    for i in range(3):
        np.testing.assert_allclose(
            shown[i].get_array(), maps[..., i], rtol=1e-4, atol=1e-5
        )
    words = [text.get_text() for axis in figure.axes for text in axis.texts]
    assert any(word.startswith(first.name) for word in words)
    logit = gan.discriminator.predict(image[None], verbose=0).item()
    assert f"{logit:.3f}" in words
    assert plots.feature_maps(gan.generator, gan.draw_latents(1, seed=0)[0])
    with pytest.raises(ValueError, match=r"8, 1\).*Received: \[\(8, 8\)\]"):
        plots.feature_maps(gan.discriminator, image[..., 0])


def test_pixel_gradients_show_what_d_would_like():
    images = np.zeros((2, 4, 4, 1), "float32")
    gradients = np.zeros_like(images)
    gradients[0, 1, 2] = -0.5  # a larger pixel would make the loss smaller
    gradients[1, 3, 0] = 0.1
    axes = plots.pixel_gradients(images, gradients).axes
    heats = [axes[i].get_images()[0].get_array() for i in (2, 3)]
    assert heats[0][1, 2] == 1.0 and np.count_nonzero(heats[0]) == 1
    assert heats[1][3, 0] == pytest.approx(-1.0)
    words = [label.get_text() for label in axes[4].get_yticklabels()]
    assert words == ["darker", "as it is", "lighter"]
    with pytest.raises(ValueError, match="must both have shape"):
        plots.pixel_gradients(images, gradients[:1])


def test_sample_strip_goes_from_left_to_right():
    samples = [np.full((2, 3, 3, 1), v) for v in (-1.0, -0.5, 0.0, 0.5, 1.0)]
    axes = plots.sample_strip([0, 5, 10, 15, 20], samples, columns=3).axes
    assert [axis.get_title() for axis in axes[:3]] == [
        "epoch 0", "epoch 10", "epoch 20",
    ]  # fmt: skip
    shown = [float(axis.get_images()[0].get_array()[0, 0]) for axis in axes]
    assert shown == [0.0, 0.5, 1.0] * 2


def test_image_rows_name_each_row():
    rows = {"one": np.zeros((2, 3, 3, 3)), "two": np.ones((1, 3, 3, 3))}
    axes = plots.image_rows(rows, ["a", "b"]).axes
    assert [axes[0].get_ylabel(), axes[2].get_ylabel()] == ["one", "two"]
    assert [axes[0].get_title(), axes[1].get_title()] == ["a", "b"]
    assert not axes[3].get_images()
    np.testing.assert_array_equal(axes[2].get_images()[0].get_array(), 1.0)


def test_projection_shows_both_and_the_way_there():
    found = latent.Projection(
        np.zeros((2, 4)), np.zeros((2, 3, 3, 1)), np.ones((2, 3, 3, 1)), [3, 2]
    )
    np.testing.assert_array_equal(found.errors, 1.0)
    axes = plots.projection(found).axes
    assert list(axes[-1].get_lines()[0].get_ydata()) == [3, 2]
    assert axes[-1].get_ylabel() == "mean squared error"
    assert len([axis for axis in axes if axis.get_images()]) == 4


def test_a_notebook_shows_figures_as_pictures():
    # Without pyplot, whose first figure teaches a notebook to show them.
    for figure in (
        plots.loss_race({"d_loss": [1.0], "g_loss": [0.5]}),
        plots.image_rows({"row": np.zeros((2, 8, 8, 1))}),
    ):
        assert figure._repr_png_().startswith(b"\x89PNG")


def test_epochs_of_a_quality_curve_are_whole():
    for epochs in ([1, 2], [1, 2, 4]):
        figure = plots.quality_curve(epochs, [40.0] * len(epochs), 8, "fd")
        figure.canvas.draw()
        for label in figure.axes[0].get_xticklabels():
            assert float(label.get_text()).is_integer()


def test_a_quality_curve_over_decades_has_no_numbers_on_each_other():
    for values, numbers in [
        ([9000, 90], ["10", "100", "1000", "10000"]),
        ([40, 20], ["10", "20"]),
    ]:
        figure = plots.quality_curve([1, 2], values, 8, "fd")
        figure.canvas.draw()
        ruler = figure.axes[0].yaxis
        low, high = figure.axes[0].get_ylim()
        shown = [
            label.get_text()
            for at, label in zip(
                ruler.get_majorticklocs(), ruler.get_majorticklabels()
            )
            if low <= at <= high
        ]
        assert shown == numbers
        assert not any(
            label.get_text() for label in ruler.get_minorticklabels()
        )


# ---------------------------------------------------------- how good they are


def even(*values):
    """An image for each value, the same at every pixel."""
    return np.stack([np.full((3, 3, 1), value) for value in values])


# In pixels the sample -0.55 is nearest to -0.9 of the training images and to
# -0.4 of those held out; without signs, the features, to 0.6 and to 0.5.
SAMPLES = even(-0.55, 0.7, 0.0)
TRAIN = even(0.1, -0.9, 0.6)
HELD_OUT = even(0.5, 0.95, -0.4)
NEIGHBOURS = {
    "sample": [-0.55, 0.7],
    "train\npixels": [-0.9, 0.6],
    "held out\npixels": [-0.4, 0.5],
    "train\nfeatures": [0.6, 0.6],
    "held out\nfeatures": [0.5, 0.5],
}


def without_signs(images):
    return np.abs(images).reshape(len(images), -1), None


def columns(axes, count):
    """What is shown under each title: the images' values in [-1, 1]."""
    found = {}
    for i, first in enumerate(axes[:count]):
        pictures = [axis.get_images() for axis in axes[i::count]]
        assert [len(images) for images in pictures] == [1] * len(pictures)
        pixels = [np.unique(image.get_array()) for (image,) in pictures]
        found[first.get_title()] = [2 * value.item() - 1 for value in pixels]
    return found


@pytest.mark.parametrize("extractor", [None, without_signs])
def test_neighbours_stand_under_their_titles(extractor):
    # Real images are usually bytes.
    real = [datasets.to_uint8(images) for images in (TRAIN, HELD_OUT)]
    figure = plots.memorisation_panel(SAMPLES, *real, extractor, rows=2)
    count = 3 if extractor is None else 5
    found = columns(figure.axes, count)
    assert list(found) == list(NEIGHBOURS)[:count]
    for title, values in found.items():
        assert values == pytest.approx(NEIGHBOURS[title], abs=0.01), title
    assert len(figure.axes) == 2 * count
    every = plots.memorisation_panel(SAMPLES, *real)
    assert columns(every.axes, 3)["sample"] == pytest.approx([-0.55, 0.7, 0])


def marks(axis, marker):
    """Where the marks of each row are, by the row's name."""
    found = {
        int(line.get_ydata()[0]): line.get_xdata()
        for line in axis.get_lines()
        if line.get_marker() == marker and len(line.get_xdata())
    }
    names = [label.get_text() for label in axis.get_yticklabels()]
    assert sorted(found) == list(range(len(names)))
    return {name: [*map(float, found[i])] for i, name in enumerate(names)}


def test_an_evaluation_draws_every_figure_and_the_right_images():
    figures = {
        "fd_own": Figure(8.0, 6.0, 10.0, 2.0),
        "kd_own": Figure(0.3, 0.2, 0.4, 0.1),  # its floor is chance
        "precision_own": Figure(0.7, 0.6, 0.8, 0.9),
        "recall_own": Figure(0.5, 0.4, 0.6, 0.95),
        "density_own": Figure(1.2, 1.1, 1.3, 1.0),
        "coverage_own": Figure(0.3, 0.2, 0.4, 0.85),
        "score_own": Figure(6.0, 5.0, 7.0, 9.0),
        "class_kl_own": Figure(0.2, -0.1, 0.5, 0.1),
        "swd_pixels_28": Figure(50.0, 45.0, 55.0, 25.0),
    }
    report = Report(figures, 3, None, None, "own")
    evaluator = types.SimpleNamespace(
        searched=[TRAIN, HELD_OUT], train=TRAIN[:1], extractor=without_signs,
        searched_features=[without_signs(x)[0] for x in (TRAIN, HELD_OUT)],
    )  # fmt: skip
    figure = plots.evaluation(report, evaluator, SAMPLES[:2])
    top, bottom, *pictures = figure.axes
    ratios = ["fd_own", "class_kl_own", "swd_pixels_28"]
    shares = list(figures)[2:6]
    for axis, names, in_floors in [
        (top, ratios, True),
        (bottom, shares, False),
    ]:
        values, floors = marks(axis, "o"), marks(axis, "|")
        spans = marks(axis, "None")
        assert list(values) == names
        for name in names:
            value, low, high, floor = figures[name]
            unit = floor if in_floors else 1
            assert values[name] == pytest.approx([value / unit])
            assert floors[name] == pytest.approx([floor / unit])
            # Below zero there is no place on a logarithmic axis.
            low = max(low / unit, 0.01) if in_floors else low
            assert spans[name] == pytest.approx([low, high / unit])
    found = columns(pictures, 5)
    assert found.keys() == NEIGHBOURS.keys()
    for title, values in found.items():
        assert values == pytest.approx(NEIGHBOURS[title]), title
