"""The plane as D and G see it."""

import numpy as np

from gan_keras.lab.optimal import Grid
from gan_keras.lab.pixels import pixel_gradients


class Fields:
    """Everything that can be drawn of a GAN of points in the plane.

    Args:
        gan: A compiled `GAN` of points `[2]`.
        distribution: The `Distribution` that the data come from.
        points: Int, how many real and fake points.
        size: Int, D is asked at `size * size` places.
        lines: Int, lines of the latent grid in each direction.
        seed: Int, of the points: the same ones every time.

    Attributes:
        bounds: List of two pairs `(low, high)`.
        opinion: Float32 `[size, size]`, D's probability of "real" (or its
            score) with y along the rows, from below.
        is_probability: Boolean.
        real_points: Float32 `[points, 2]`.
        fake_points: Float32 `[points, 2]`.
        pushes: Float32 `[points, 2]`, -d g_loss / d fake_points: where D
            tells each fake to go.
        manifold: List of float32 arrays `[n, 2]`, the lines of an even grid
            in latent space after G has bent them. They show where G tears
            and folds. Empty if latent space has not two dimensions.
    """

    def __init__(
        self, gan, distribution, points=200, size=64, lines=15, seed=0
    ):
        if gan.sample_shape != (2,) or distribution.dimensions != 2:
            raise ValueError(
                "`gan` and `distribution` must be of points in the plane; on "
                "the line, see `lab.Comparison`. Received: samples of shape "
                f"{gan.sample_shape} and {distribution.dimensions} dimensions"
            )
        if gan.needs_labels:
            raise ValueError(
                "`gan` must be one without classes: D's opinion of a place "
                "would be another for every class. Received: "
                f"{type(gan).__name__}"
            )
        self.bounds = distribution.bounds()
        grid = Grid(self.bounds, size)
        self.opinion = gan.judge(grid.points.astype("float32"))
        self.opinion = self.opinion.reshape(size, size)
        self.is_probability = gan.loss.is_probability
        self.real_points = distribution.sample(points, seed)
        latents = gan.draw_latents(points, seed)
        self.fake_points, gradients = pixel_gradients(
            gan, latents, self.real_points
        )
        self.pushes = -gradients
        self.manifold = []
        if gan.latent_dim == 2:
            self.manifold = _bent_lines(gan, lines)


def _bent_lines(gan, lines, reach=2.5, steps=100):
    """An even grid of latents, carried through the raw generator."""
    along = np.linspace(-reach, reach, steps)
    across = np.linspace(-reach, reach, lines)
    still, moving = np.meshgrid(across, along, indexing="ij")
    upright = np.stack([still, moving], axis=-1)  # [lines, steps, 2]
    both = np.concatenate([upright, upright[..., ::-1]])
    latents = both.reshape(-1, 2).astype("float32")
    points = gan.generate_from(latents, use_ema=False)
    return list(points.reshape(2 * lines, steps, 2))
