import numpy as np
import pytest

from gan_keras import losses
from gan_keras import plots


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
        "on real images": [0.6, 0.55],
        "on fakes": [0.4, 0.45],
    }
    assert left.get_xlabel() == right.get_xlabel() == "epoch"


def test_loss_race_without_equilibrium_draws_no_line():
    class Plain(losses.Loss):
        pass

    figure = plots.loss_race(HISTORY, Plain())
    assert [lines(axis) for axis in figure.axes] == [[], []]
    assert "score" in figure.axes[1].get_title()
