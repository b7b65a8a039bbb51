"""DCGAN: strided convolutions in D, transposed convolutions in G.

D halves the image with stride 2 at every layer and doubles the channels; G
walks the same way back.

    D   28x28x1 -> 14x14xw -> 7x7x2w -> 4x4x4w -> logit
    G   z -> 4x4x4w -> 7x7x2w -> 14x14xw -> 28x28x1

Source: Radford et al., 2015, arXiv:1511.06434.
"""

import keras
from keras import layers

from gan_keras.networks.normalization import batch_normalization
from gan_keras.networks.shapes import check_image_shape
from gan_keras.networks.shapes import check_positive
from gan_keras.networks.shapes import halvings
from gan_keras.networks.shapes import stage_widths


def dcgan_generator(
    image_shape, latent_dim=64, width=32, kernel_size=4, hidden=()
):
    """The counterfeiter: a latent vector becomes an image.

    Args:
        image_shape: Tuple `(height, width, channels)`, each side 8 to 128,
            1 or 3 channels.
        latent_dim: Int, length of the latent vector z.
        width: Int, channels before the last layer; every stage nearer to z
            has twice as many (the paper: 128).
        kernel_size: Int, side of the transposed convolutions' kernels. A
            multiple of the stride 2 covers every pixel equally often; 3 or 5
            does not, and draws checkerboards (Odena et al., 2016).
        hidden: Tuple of ints, widths of fully connected layers between z and
            the first map. The paper has none. z is one cloud of noise, the
            digits are ten separate ones; what G draws from between two of
            them is no digit. A layer that bends z first keeps that "between"
            narrow (StyleGAN's mapping network, arXiv:1812.04948, in small).

    Returns:
        A `keras.Sequential`: float32 `[batch, latent_dim]` to images
        `[batch, *image_shape]` in [-1, 1].

    Raises:
        ValueError: If an argument is out of its range.
    """
    image_shape = check_image_shape(image_shape)
    check_positive(latent_dim=latent_dim, width=width, kernel_size=kernel_size)
    sizes = halvings(*image_shape[:2])[::-1]  # smallest first
    widths = stage_widths(width, len(sizes) - 1)[::-1]  # largest first

    network = keras.Sequential(name="generator")
    network.add(keras.Input((latent_dim,)))
    # No biases before BatchNorm: it subtracts the mean, and them with it.
    for i, units in enumerate(hidden, start=1):
        network.add(layers.Dense(units, use_bias=False, name=f"hidden{i}"))
        network.add(batch_normalization(name=f"norm_hidden{i}"))
        network.add(layers.ReLU())
    h, w = sizes[0]
    network.add(layers.Dense(h * w * widths[0], use_bias=False, name="dense"))
    network.add(batch_normalization(name=f"norm_{h}x{w}"))
    network.add(layers.ReLU())
    network.add(layers.Reshape((h, w, widths[0])))
    for size, channels in zip(sizes[1:], [*widths[1:], image_shape[2]]):
        last = size == sizes[-1]
        place = f"{size[0]}x{size[1]}"
        network.add(
            layers.Conv2DTranspose(
                channels,
                kernel_size,
                strides=2,
                padding="same",
                use_bias=last,
                name=f"up_{place}",
            )
        )
        # Doubling 4 gives 8; where D's halving came from 7, crop to 7.
        extra = (2 * h - size[0], 2 * w - size[1])
        if any(extra):
            network.add(layers.Cropping2D(((0, extra[0]), (0, extra[1]))))
        if not last:
            network.add(batch_normalization(name=f"norm_{place}"))
            network.add(layers.ReLU())
        h, w = size
    network.add(layers.Activation("tanh", dtype="float32"))
    return network


def dcgan_discriminator(image_shape, width=32, kernel_size=4, batch_norm=False):
    """The police officer: an image becomes one logit, high for "real".

    Args:
        image_shape: Tuple `(height, width, channels)`, each side 8 to 128,
            1 or 3 channels.
        width: Int, channels after the first layer; doubled at every halving
            (the paper: 128).
        kernel_size: Int, side of the convolutions' kernels.
        batch_norm: Boolean. The paper has BatchNorm in D. It is off here
            because it lets D compare the images *of a batch*, which breaks
            gradient penalties: they ask for each image's own slope.

    Returns:
        A `keras.Sequential`: float32 `[batch, *image_shape]` to logits
        `[batch, 1]`.

    Raises:
        ValueError: If an argument is out of its range.
    """
    image_shape = check_image_shape(image_shape)
    check_positive(width=width, kernel_size=kernel_size)
    sizes = halvings(*image_shape[:2])[1:]

    network = keras.Sequential(name="discriminator")
    network.add(keras.Input(image_shape))
    for (h, w), channels in zip(sizes, stage_widths(width, len(sizes))):
        network.add(
            layers.Conv2D(
                channels,
                kernel_size,
                strides=2,
                padding="same",
                name=f"down_{h}x{w}",
            )
        )
        # The paper leaves the first layer, which sees the pixels, as it is.
        if batch_norm and (h, w) != sizes[0]:
            network.add(batch_normalization(name=f"norm_{h}x{w}"))
        network.add(layers.LeakyReLU(negative_slope=0.2))
    network.add(layers.Flatten())
    network.add(layers.Dense(1, dtype="float32", name="logits"))
    return network
