"""ResNets: every stage adds to what the last one found.

A stage does not replace its map, it adds a correction to it: what G draws at
4x4 is still there at 28x28, refined three times, and what D tells the pixels
comes back on the same straight road, past all convolutions.

    D   28x28x1 -> 14x14xw -> 7x7x2w -> 4x4x4w -> sum over places -> logit
    G   z -> 4x4x4w -> 7x7x2w -> 14x14xw -> 28x28xw -> 28x28x1

Source: Gulrajani et al., 2017, arXiv:1704.00028, and Miyato et al., 2018,
arXiv:1802.05957 (the tables in their appendices). For images of 32x32 both
keep one width, 128 or 256, in all stages, and D stops at 8x8 with two more
blocks; here, for a CPU, the width is small and doubles as the map shrinks.
"""

import keras
import tensorflow as tf
from keras import layers

from gan_keras import checks
from gan_keras.layers import ConditionalBatchNorm
from gan_keras.networks import assembly
from gan_keras.networks.assembly import as_it_is
from gan_keras.networks.assembly import attend
from gan_keras.networks.assembly import check_attention
from gan_keras.networks.normalization import batch_normalization
from gan_keras.networks.shapes import check_image_shape
from gan_keras.networks.shapes import halvings
from gan_keras.networks.shapes import stage_widths


def resnet_generator(
    image_shape,
    latent_dim=64,
    width=16,
    num_classes=None,
    wrap=as_it_is,
    attention=None,
    hidden=(),
):
    """The counterfeiter that refines: blocks up from the smallest map.

    Args:
        image_shape: Tuple `(height, width, channels)`, each side 8 to 128,
            1 or 3 channels.
        latent_dim: Int, length of the latent vector z.
        width: Int, channels of the two largest maps; every stage nearer to z
            has twice as many, at most 8 times.
        num_classes: Int, for a G that is told a class. The class enters at
            every normalization (`ConditionalBatchNorm`) and nowhere else.
        wrap: Callable, put around every layer with a kernel, such as
            `gan_keras.layers.SpectralNormalization`. (Around those inside the
            attention only if it is that one.)
        attention: Int, the height of the map on which `SelfAttention` is put,
            one of those that halving the image's height leads to; None for
            none. Its cost grows with the square of the number of places.
        hidden: Tuple of ints, widths of fully connected layers between z and
            the first map; see `dcgan_generator`.

    Returns:
        A `keras.Model`: float32 latents `[batch, latent_dim]`, or `[latents,
        classes]` with classes `[batch, num_classes]`, to images
        `[batch, *image_shape]` in [-1, 1].

    Raises:
        ValueError: If an argument is out of its range.
    """
    image_shape = check_image_shape(image_shape)
    checks.count(width=width)
    sizes = halvings(*image_shape[:2])
    check_attention(attention, sizes[1:])
    widths = [int(width), *stage_widths(width, len(sizes) - 1)]
    sizes, widths = sizes[::-1], widths[::-1]  # smallest map first

    def draw(latents, classes):
        def norm(x, name):
            if classes is None:
                return batch_normalization(name=name)(x)
            synchronized = tf.distribute.has_strategy()
            layer = ConditionalBatchNorm(synchronized, name=name)
            return layer([x, classes])

        x = latents
        for i, units in assembly.hidden_layers(hidden):
            name = f"hidden{i}"
            x = wrap(layers.Dense(units, use_bias=False, name=name))(x)
            x = layers.ReLU()(norm(x, f"norm_{name}"))
        h, w = sizes[0]
        x = wrap(layers.Dense(h * w * widths[0], name="dense"))(x)
        x = layers.Reshape((h, w, widths[0]))(x)
        x = attend(x, attention, wrap)
        for size, channels in zip(sizes[1:], widths[1:]):
            x = block_up(x, size, channels, norm, wrap)
            if size != sizes[-1]:
                x = attend(x, attention, wrap)
        x = layers.ReLU()(norm(x, "norm_pixels"))
        x = wrap(conv(image_shape[2], 3, "pixels"))(x)
        return layers.Activation("tanh", dtype="float32")(x)

    return assembly.generator(latent_dim, draw, num_classes)


def resnet_discriminator(
    image_shape,
    width=16,
    num_classes=None,
    condition=None,
    heads=None,
    wrap=as_it_is,
    attention=None,
):
    """The police officer that refines: blocks down, then a sum over places.

    There is no normalization, so gradient penalties may be used.

    Args:
        image_shape: Tuple `(height, width, channels)`, each side 8 to 128,
            1 or 3 channels.
        width: Int, channels after the first block; doubled at every halving,
            at most 8 times.
        num_classes, condition, heads: See `assembly.discriminator`.
        wrap: Callable, put around every layer with a kernel, such as
            `gan_keras.layers.SpectralNormalization`. (Around those inside the
            attention only if it is that one.)
        attention: Int or None, see `resnet_generator`.

    Returns:
        A `keras.Model`: float32 images `[batch, *image_shape]`, or `[images,
        classes]`, to logits `[batch, 1]`, or to a dict of them and the heads.

    Raises:
        ValueError: If an argument is out of its range.
    """
    image_shape = check_image_shape(image_shape)
    checks.count(width=width)
    sizes = halvings(*image_shape[:2])
    check_attention(attention, sizes[1:])
    widths = stage_widths(width, len(sizes) - 1)

    def look(x):
        for size, channels in zip(sizes[1:], widths):
            x = block_down(x, size, channels, wrap, first=size == sizes[1])
            x = attend(x, attention, wrap)
        # In float32: a long sum.
        x = layers.ReLU(dtype="float32")(x)
        return keras.ops.sum(x, axis=(1, 2))  # [B, H, W, C] -> [B, C]

    return assembly.discriminator(
        image_shape, look, num_classes, condition, heads, wrap
    )


# A 1x1 convolution and resampling may change places without changing the
# result; both blocks convolve where the map is smaller, at a fourth of the
# cost.


def block_up(x, size, channels, norm, wrap):
    """One stage of G: a map of twice the size, and what is new in it.

    Formula: `y = up(conv1(x)) + conv3(relu(norm(conv3(up(relu(norm(x)))))))`
    """
    place = f"{size[0]}x{size[1]}"
    # No biases: some BatchNorm further on subtracts them again.
    shortcut = conv(channels, 1, f"shortcut_{place}", use_bias=False)
    shortcut = enlarge(wrap(shortcut)(x), size)
    y = enlarge(layers.ReLU()(norm(x, f"norm1_{place}")), size)
    y = wrap(conv(channels, 3, f"conv1_{place}", use_bias=False))(y)
    y = layers.ReLU()(norm(y, f"norm2_{place}"))
    y = wrap(conv(channels, 3, f"conv2_{place}", use_bias=False))(y)
    return layers.Add(name=f"block_{place}")([shortcut, y])


def block_down(x, size, channels, wrap, first):
    """One stage of D: a map of half the size, and what was seen in it.

    Formula: `y = conv1(down(x)) + down(conv3(relu(conv3(relu(x)))))`; the
    first block sees the pixels as they are, the dark half too.
    """
    place = f"{size[0]}x{size[1]}"
    shortcut = layers.AveragePooling2D(2, padding="same")(x)
    shortcut = wrap(conv(channels, 1, f"shortcut_{place}"))(shortcut)
    y = x if first else layers.ReLU()(x)
    y = wrap(conv(channels, 3, f"conv1_{place}"))(y)
    y = wrap(conv(channels, 3, f"conv2_{place}"))(layers.ReLU()(y))
    y = layers.AveragePooling2D(2, padding="same")(y)
    return layers.Add(name=f"block_{place}")([shortcut, y])


def conv(channels, kernel_size, name, use_bias=True):
    return layers.Conv2D(
        channels, kernel_size, padding="same", use_bias=use_bias, name=name
    )


def enlarge(x, size):
    """Twice as large; where D's halving came from an odd size, cropped."""
    extra = [2 * old - new for old, new in zip(x.shape[1:3], size)]
    x = layers.UpSampling2D()(x)
    if any(extra):
        x = layers.Cropping2D([(0, pixels) for pixels in extra])(x)
    return x
