"""Changes of where things are in the image."""

import math

import tensorflow as tf

from gan_keras.augment.base import Augmentation
from gan_keras.augment.base import register


def integers(u, n):
    """Uniform numbers in (0, 1] to equally likely whole ones in [0, n)."""
    return tf.math.ceil(u * n) - 1  # `floor(u * n)` would be n where u = 1


def resample(images, y, x):
    """Reads the pixels of an image at other places of it.

    Formula: `out[r, c] = sum_ij hat(y[r] - i) hat(x[c] - j) image[i, j]` with
    `hat(d) = max(0, 1 - |d|)`: bilinear interpolation. What lies outside of
    the image is 0, grey.

    Written as two products of matrices, one for rows and one for columns,
    since XLA is slow at gathering pixels, and slower at the gradient of that.

    Args:
        images: Float32 tensor `[batch, height, width, channels]`.
        y: Float32 tensor `[batch, height]`, the row to read for every row.
        x: Float32 tensor `[batch, width]`, the same for columns.

    Returns:
        Tensor like `images`.
    """

    def hats(places):  # [B, N] -> [B, N, N]
        pixels = tf.range(places.shape[1], dtype=tf.float32)
        return tf.nn.relu(1 - tf.abs(places[:, :, None] - pixels))

    images = tf.einsum("bri,bijc->brjc", hats(y), images)
    return tf.einsum("bsj,brjc->brsc", hats(x), images)


def check_ratio(ratio):
    """Raises a ValueError unless `ratio` is a part of the image's size."""
    if not 0 < ratio <= 1:
        raise ValueError(
            "`ratio` is a part of the image's size and must lie in (0, 1]. "
            f"Received: ratio={ratio!r}"
        )


@register
class Translation(Augmentation):
    """Shifts an image by whole pixels; what moves in is grey.

    Formula: `out[y, x] = image[y - s, x - t]`, with whole numbers s and t,
    equally likely in `[-ratio * size, ratio * size]` (rounded).

    Source: Zhao et al., 2020, arXiv:2006.10738 (ratio 1/8).

    Args:
        ratio: Float in (0, 1], the largest shift as a part of the image's
            height and width.
        seed: Int; see `Augmentation`.
        name: String, the layer's name.
    """

    numbers = 2

    def __init__(self, ratio=1 / 8, seed=None, name=None):
        super().__init__(seed=seed, name=name)
        check_ratio(ratio)
        self.ratio = float(ratio)

    def transform(self, images, u):
        def places(u, size):
            most = int(self.ratio * size + 0.5)
            shift = integers(u, 2 * most + 1) - most  # [B]
            return tf.range(size, dtype=tf.float32) - shift[:, None]

        _, height, width, _ = images.shape
        return resample(images, places(u[:, 0], height), places(u[:, 1], width))

    def get_config(self):
        return {"ratio": self.ratio, **super().get_config()}


@register
class Scale(Augmentation):
    """Zooms in on the middle of an image, or out of it.

    Formula: the zoom is `2^z` with `z ~ N(0, spread^2)`, the same for height
    and width, made of two uniform numbers as in `gan_keras.noise.normal`. Zoom
    2 draws everything twice as large; zoom 1/2 half as large, amid grey.

    The paper filters the image for every zoom; this is plain bilinear
    interpolation, which blurs a little, and aliases where it zooms far out.

    Source: Karras et al., 2020, appendix B, arXiv:2006.06676 (spread 0.2).

    Args:
        spread: Float >= 0.
        seed: Int; see `Augmentation`.
        name: String, the layer's name.
    """

    numbers = 2

    def __init__(self, spread=0.2, seed=None, name=None):
        super().__init__(seed=seed, name=name)
        if not spread >= 0:
            raise ValueError(
                "`spread` is a standard deviation and must be 0 or more. "
                f"Received: spread={spread!r}"
            )
        self.spread = float(spread)

    def transform(self, images, u):
        radius = tf.sqrt(-2 * tf.math.log(u[:, :1]))
        z = radius * tf.cos(2 * math.pi * u[:, 1:])
        zoom = 2 ** (self.spread * z)  # [B, 1]

        def places(size):
            middle = (size - 1) / 2
            return middle + (tf.range(size, dtype=tf.float32) - middle) / zoom

        return resample(images, *map(places, images.shape[1:3]))

    def get_config(self):
        return {"spread": self.spread, **super().get_config()}


@register
class Cutout(Augmentation):
    """Paints a grey rectangle somewhere on an image.

    Formula: of height and width `ratio * size` (rounded), with every centre
    on the image equally likely. The rectangle may reach over the edge.

    Source: Zhao et al., 2020, arXiv:2006.10738 (ratio 1/2).

    Args:
        ratio: Float in (0, 1], the part of the height, and of the width.
        seed: Int; see `Augmentation`.
        name: String, the layer's name.
    """

    numbers = 2

    def __init__(self, ratio=1 / 2, seed=None, name=None):
        super().__init__(seed=seed, name=name)
        check_ratio(ratio)
        self.ratio = float(ratio)

    def transform(self, images, u):
        def covered(u, size):  # [B] -> [B, size], 1 where it lies
            length = int(self.ratio * size + 0.5)
            # An even length has its centre between pixels: one place more.
            centre = integers(u, size + 1 - length % 2)
            ahead = tf.range(size, dtype=tf.float32) - centre[:, None]
            ahead += length // 2
            return tf.cast((ahead >= 0) & (ahead < length), tf.float32)

        _, height, width, _ = images.shape
        rows = covered(u[:, 0], height)[:, :, None, None]
        columns = covered(u[:, 1], width)[:, None, :, None]
        return images * (1 - rows * columns)

    def get_config(self):
        return {"ratio": self.ratio, **super().get_config()}


@register
class Flip(Augmentation):
    """Mirrors every second image, on average: left becomes right.

    Where a mirror image means something else, as with digits, G learns to
    draw mirrored ones: half of what D takes for real is.

    Source: Karras et al., 2020, appendix B, arXiv:2006.06676.

    Args: as of `Augmentation`: `seed`, `name`.
    """

    numbers = 1

    def transform(self, images, u):
        # A product, as in `resample`: XLA is slow at `tf.reverse` on a CPU.
        mirror = tf.reverse(tf.eye(images.shape[2]), axis=[0])
        mirrored = tf.einsum("xj,brjc->brxc", mirror, images)
        return tf.where(u[:, :, None, None] <= 0.5, mirrored, images)
