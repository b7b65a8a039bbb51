"""R3GAN: a modern ResNet without tricks, for the relativistic loss.

No normalization at all: with R1 and R2 on a relativistic loss the game
converges, and what older networks needed to stay stable can go. What is left
is a plain ResNet, begun so that every block at first adds nothing.

    D   28x28x1 -> 28x28xw -> 14x14x2w -> 7x7x4w -> 4x4x8w -> logit
    G   z -> 4x4x8w -> 7x7x4w -> 14x14x2w -> 28x28xw -> 28x28x1

Source: Huang et al., 2025, arXiv:2501.05441. Three things differ here, so
that it trains on a CPU and fits the other families:

- Blocks widen to 2w channels and convolve 3x3 there, as in the paper, but
  not in groups, which TensorFlow cannot train on a CPU. (Depthwise, one
  channel a group, it can. At width 8 that saved a third of the time for a
  seventh of the weights, and took more than three times as long with XLA.)
  So the width is small instead: theirs goes up to 768. Blocks that do not
  widen (`expansion=1`) multiply as often as 2w channels in four groups.
- One block a map instead of two; and none on maps of the full size, if told
  so (`stride=2`): then each step takes half the time, and what the time buys
  instead is worth more.
- G ends in tanh; the paper's pixels are not bounded, ours lie in [-1, 1].
"""

import math

from keras import initializers
from keras import layers

from gan_keras import checks
from gan_keras.layers import LeakyReLU
from gan_keras.layers import LearnedMap
from gan_keras.layers import LearnedPooling
from gan_keras.networks import assembly
from gan_keras.networks.shapes import check_image_shape
from gan_keras.networks.shapes import halvings
from gan_keras.networks.shapes import stage_widths

SLOPE = 0.2  # of LeakyReLU below 0
GAIN = math.sqrt(2 / (1 + SLOPE**2))  # what LeakyReLU takes from the spread


def r3gan_generator(
    image_shape,
    latent_dim=64,
    width=8,
    blocks=1,
    num_classes=None,
    hidden=(),
    stride=1,
    expansion=2,
):
    """The counterfeiter: a learned small map, enlarged and refined.

    Args:
        image_shape: Tuple `(height, width, channels)`, each side 8 to 128,
            1 or 3 channels.
        latent_dim: Int, length of the latent vector z.
        width: Int, channels of the largest map; every map nearer to z has
            twice as many, at most 8 times.
        blocks: Int, residual blocks on every map (the paper: 2).
        num_classes: Int, for a G that is told a class, which is appended to z.
        hidden: Tuple of ints, widths of fully connected layers between z and
            the first map; see `dcgan_generator`. (The paper has none.)
        stride: Int, 1 or 2. With 2 there are no blocks on maps of the full
            size, which cost most of the time: the last layer, a transposed
            convolution, doubles the largest one. (The paper: 1.)
        expansion: Int, how many times as many channels a block has inside.

    Returns:
        A `keras.Model`: float32 latents `[batch, latent_dim]`, or `[latents,
        classes]` with classes `[batch, num_classes]`, to images
        `[batch, *image_shape]` in [-1, 1].

    Raises:
        ValueError: If an argument is out of its range.
    """
    image_shape = check_image_shape(image_shape)
    checks.count(width=width, blocks=blocks, expansion=expansion)
    sizes = maps(image_shape, stride)
    widths = stage_widths(width, len(sizes))[::-1]
    sizes = sizes[::-1]  # smallest first
    depth = blocks * len(sizes)

    def draw(x, classes):
        if classes is not None:
            x = layers.Concatenate(name="with_class")([x, classes])
        for i, units in assembly.hidden_layers(hidden):
            x = dense(units, GAIN, f"hidden{i}")(x)
            x = LeakyReLU(SLOPE)(x)
        x = dense(widths[0], 1.0, "strengths")(x)
        x = LearnedMap(sizes[0], name="map")(x)
        x = refine(x, blocks, depth, expansion)
        for size, channels in zip(sizes[1:], widths[1:]):
            x = enlarge(x, size, channels)
            x = refine(x, blocks, depth, expansion)
        if stride == 1:
            x = conv(image_shape[2], 1, 1.0, "pixels")(x)
        else:
            # Every pixel is a sum over 2x2 places.
            spread = initializers.RandomNormal(stddev=(4 * width) ** -0.5)
            x = layers.Conv2DTranspose(
                image_shape[2],
                4,
                2,
                padding="same",
                use_bias=False,
                kernel_initializer=spread,
                name="pixels",
            )(x)
            x = crop(x, image_shape[:2])
        return layers.Activation("tanh", dtype="float32")(x)

    return assembly.generator(latent_dim, draw, num_classes)


def r3gan_discriminator(
    image_shape,
    width=8,
    blocks=1,
    num_classes=None,
    condition=None,
    heads=None,
    stride=1,
    expansion=2,
):
    """The police officer: the generator's walk, backwards.

    Args:
        image_shape: Tuple `(height, width, channels)`, each side 8 to 128,
            1 or 3 channels.
        width: Int, channels of the largest map; doubled at every halving, at
            most 8 times.
        blocks: Int, residual blocks on every map (the paper: 2).
        num_classes, condition, heads: See `assembly.discriminator`.
        stride: Int, 1 or 2, of the first convolution; see `r3gan_generator`.
        expansion: Int, see `r3gan_generator`.

    Returns:
        A `keras.Model`: float32 images `[batch, *image_shape]`, or `[images,
        classes]`, to logits `[batch, 1]`, or to a dict of them and the heads.

    Raises:
        ValueError: If an argument is out of its range.
    """
    image_shape = check_image_shape(image_shape)
    checks.count(width=width, blocks=blocks, expansion=expansion)
    sizes = maps(image_shape, stride)
    widths = stage_widths(width, len(sizes))
    depth = blocks * len(sizes)

    def look(x):
        if stride == 1:
            x = conv(width, 1, 1.0, "pixels")(x)
        else:
            x = conv(width, 4, 1.0, "pixels", strides=2)(x)
        x = refine(x, blocks, depth, expansion)
        for size, channels in zip(sizes[1:], widths[1:]):
            x = shrink(x, size, channels)
            x = refine(x, blocks, depth, expansion)
        # The mirror image of G's `LearnedMap`: how much of each pattern is
        # there, one number a channel.
        return LearnedPooling(name="patterns")(x)  # [B, H, W, C] -> [B, C]

    return assembly.discriminator(
        image_shape, look, num_classes, condition, heads
    )


def maps(image_shape, stride):
    """The sizes of the maps with blocks, largest first."""
    if stride not in (1, 2):
        raise ValueError(f"`stride` must be 1 or 2. Received: stride={stride}")
    return halvings(*image_shape[:2])[stride - 1 :]


def refine(x, blocks, depth, expansion):
    """Residual blocks on one map, each of which begins by adding nothing.

    Formula: `y = x + conv1(lrelu(conv3(lrelu(conv1(x)))))`

    Nothing normalizes the sums: blocks that began at full strength would
    double the variance one after the other. As in Fixup (Zhang et al., 2019,
    arXiv:1901.09321) the last of a block's m = 3 layers starts at 0, and the
    others are scaled by `depth^(-1 / (2m - 2))`, so that the first steps
    change a deep network no more than a flat one.

    Args:
        x: Symbolic map `[batch, H, W, C]`.
        blocks: Int, how many.
        depth: Int, the number of blocks in the whole network.
        expansion: Int, times as many channels inside.

    Returns:
        Symbolic map `[batch, H, W, C]`.
    """
    height, width, channels = x.shape[1:]
    inside = expansion * channels
    gain = GAIN * depth ** (-1 / 4)
    for i in range(1, blocks + 1):
        name = f"{height}x{width}_{i}"
        y = conv(inside, 1, gain, f"widen_{name}", use_bias=True)(x)
        y = LeakyReLU(SLOPE)(y)
        y = conv(inside, 3, gain, f"conv_{name}", use_bias=True)(y)
        y = LeakyReLU(SLOPE)(y)
        y = conv(channels, 1, 0.0, f"narrow_{name}")(y)
        x = layers.Add(name=f"block_{name}")([x, y])
    return x


def enlarge(x, size, channels):
    """Twice the size; where D's halving came from an odd size, cropped."""
    x = transition(x, size, channels)
    return crop(layers.UpSampling2D(interpolation="bilinear")(x), size)


def crop(x, size):
    """The map without its last rows and columns, if it is too large."""
    extra = [old - new for old, new in zip(x.shape[1:3], size)]
    if any(extra):
        x = layers.Cropping2D([(0, pixels) for pixels in extra])(x)
    return x


def shrink(x, size, channels):
    """Half the size: bilinear, which there is the mean of four pixels."""
    x = layers.AveragePooling2D(2, padding="same")(x)
    return transition(x, size, channels)


def transition(x, size, channels):
    """A 1x1 convolution where the number of channels changes."""
    if channels == x.shape[-1]:
        return x
    return conv(channels, 1, 1.0, f"to_{size[0]}x{size[1]}")(x)


def conv(channels, kernel_size, gain, name, use_bias=False, strides=1):
    return layers.Conv2D(
        channels,
        kernel_size,
        strides,
        padding="same",
        use_bias=use_bias,
        kernel_initializer=he(gain),
        name=name,
    )


def dense(units, gain, name):
    return layers.Dense(
        units, use_bias=False, kernel_initializer=he(gain), name=name
    )


def he(gain):
    """Spread `gain / sqrt(inputs)` (He et al., 2015, arXiv:1502.01852)."""
    if gain == 0:
        return "zeros"
    return initializers.VarianceScaling(
        gain**2, mode="fan_in", distribution="untruncated_normal"
    )
