"""DCGAN: strided convolutions in D, transposed convolutions in G.

D halves the image with stride 2 at every layer and doubles the channels; G
walks the same way back.

    D   28x28x1 -> 14x14xw -> 7x7x2w -> 4x4x4w -> logit
    G   z -> 4x4x4w -> 7x7x2w -> 14x14xw -> 28x28x1

Source: Radford et al., 2015, arXiv:1511.06434.
"""

from keras import layers

from gan_keras import checks
from gan_keras.layers import LeakyReLU
from gan_keras.networks.assembly import as_it_is
from gan_keras.networks.assembly import attend
from gan_keras.networks.assembly import check_attention
from gan_keras.networks.assembly import discriminator
from gan_keras.networks.assembly import generator
from gan_keras.networks.assembly import hidden_layers
from gan_keras.networks.normalization import batch_normalization
from gan_keras.networks.shapes import check_image_shape
from gan_keras.networks.shapes import halvings
from gan_keras.networks.shapes import stage_widths


def dcgan_generator(
    image_shape,
    latent_dim=64,
    width=32,
    kernel_size=4,
    hidden=(),
    num_classes=None,
    wrap=as_it_is,
    attention=None,
):
    """The counterfeiter: a latent vector becomes an image.

    Args:
        image_shape: Tuple `(height, width, channels)`, each side 8 to 128,
            1 or 3 channels.
        latent_dim: Int, length of the latent vector z.
        width: Int, channels before the last layer; every stage nearer to z
            has twice as many, up to eight times (the paper: 128).
        kernel_size: Int, side of the transposed convolutions' kernels. A
            multiple of the stride 2 covers every pixel equally often; 3 or 5
            does not, and draws checkerboards (Odena et al., 2016).
        hidden: Tuple of ints, widths of fully connected layers between z and
            the first map. The paper has none. z is one cloud of noise, the
            digits are ten separate ones; what G draws from between two of
            them is no digit. A layer that bends z first keeps that "between"
            narrow (StyleGAN's mapping network, arXiv:1812.04948, in small).
        num_classes: Int; the generator then draws what class it is told, as
            a second input beside z. None for one without classes.
        wrap: Callable, put around the transposed convolutions but the last,
            such as `gan_keras.layers.SpectralNormalization`. (The last one
            must be free to paint the darkest black, and the layers before
            the first map to stretch the noise: normalised, G drew the same
            few images. Around the layers inside the attention only if it is
            that `SpectralNormalization`.)
        attention: Int, the height of the map on which `SelfAttention` is put
            (arXiv:1805.08318), one of those that halving the image's height
            leads to; None, the default, for none.

    Returns:
        A `keras.Model`: float32 `[batch, latent_dim]`, or a list of them and
        classes `[batch, num_classes]`, to images `[batch, *image_shape]` in
        [-1, 1].

    Raises:
        ValueError: If an argument is out of its range.
    """
    image_shape = check_image_shape(image_shape)
    checks.count(latent_dim=latent_dim, width=width, kernel_size=kernel_size)
    kernel_size = int(kernel_size)  # Keras refuses NumPy's
    sizes = halvings(*image_shape[:2])[::-1]  # smallest first
    check_attention(attention, sizes[:-1])
    widths = stage_widths(width, len(sizes) - 1)[::-1]  # largest first

    def draw(x, classes):
        if classes is not None:
            # [B, latent_dim + num_classes]
            x = layers.Concatenate(name="with_class")([x, classes])
        # No biases before BatchNorm: it subtracts the mean, and them with it.
        for i, units in hidden_layers(hidden):
            x = layers.Dense(units, use_bias=False, name=f"hidden{i}")(x)
            x = batch_normalization(name=f"norm_hidden{i}")(x)
            x = layers.ReLU()(x)
        h, w = sizes[0]
        x = layers.Dense(h * w * widths[0], use_bias=False, name="dense")(x)
        x = batch_normalization(name=f"norm_{h}x{w}")(x)
        x = layers.ReLU()(x)
        x = layers.Reshape((h, w, widths[0]))(x)
        x = attend(x, attention, wrap)
        for size, channels in zip(sizes[1:], [*widths[1:], image_shape[2]]):
            last = size == sizes[-1]
            place = f"{size[0]}x{size[1]}"
            up = layers.Conv2DTranspose(
                channels,
                kernel_size,
                strides=2,
                padding="same",
                use_bias=last,
                name=f"up_{place}",
            )
            x = up(x) if last else wrap(up)(x)
            # Doubling 4 gives 8; where D's halving came from 7, crop to 7.
            extra = (2 * h - size[0], 2 * w - size[1])
            if any(extra):
                x = layers.Cropping2D(((0, extra[0]), (0, extra[1])))(x)
            if not last:
                x = batch_normalization(name=f"norm_{place}")(x)
                x = layers.ReLU()(x)
                x = attend(x, attention, wrap)
            h, w = size
        return layers.Activation("tanh", dtype="float32")(x)

    return generator(latent_dim, draw, num_classes)


def dcgan_discriminator(
    image_shape,
    width=32,
    kernel_size=4,
    hidden=(),
    dropout=0.0,
    batch_norm=False,
    num_classes=None,
    condition=None,
    heads=None,
    wrap=as_it_is,
    attention=None,
):
    """The police officer: an image becomes one logit, high for "real".

    Args:
        image_shape: Tuple `(height, width, channels)`, each side 8 to 128,
            1 or 3 channels.
        width: Int, channels after the first layer; doubled at every
            halving, up to eight times (the paper: 128).
        kernel_size: Int, side of the convolutions' kernels.
        hidden: Tuple of ints, widths of fully connected layers between the
            last map and the logit. The paper has none: its logit is a sum
            over places, one judgement for all kinds of digits. A layer in
            between can ask first *what* this is, and then whether it is a
            good one.
        dropout: Float in [0, 1), the share of the features that a look in
            training hides from the logit (and from further heads), others
            in every turn: a real image, a fake one, and the fake once more
            for G's loss, are looked at with the same ones. The paper has
            none. A D that has few images to learn from learns them by heart,
            one feature for each; it cannot lean on single ones where any may
            be missing (Srivastava et al., 2014, JMLR 15).
        batch_norm: Boolean. The paper has BatchNorm in D. It is off here
            because it lets D compare the images *of a batch*, which breaks
            gradient penalties: they ask for each image's own slope.
        num_classes: Int; the discriminator then judges whether an image is a
            real one of the class it is told. None for one without classes.
        condition: How it is told the class: `Projection()`, the default, or
            `Concatenation()`, from `gan_keras.networks`.
        heads: Dict from names to numbers of units: further outputs, such as
            `{"class": 10}`, for `gan_keras.auxiliaries`.
        wrap: Callable, put around every convolution and dense layer, such as
            `gan_keras.layers.SpectralNormalization`. (Around those inside the
            attention only if it is that one.)
        attention: Int or None, see `dcgan_generator`.

    Returns:
        A `keras.Model`: float32 `[batch, *image_shape]`, or a list of them
        and classes `[batch, num_classes]`, to logits `[batch, 1]`; with
        heads, to a dict of these under `"logits"` and of the heads.

    Raises:
        ValueError: If an argument is out of its range.
    """
    image_shape = check_image_shape(image_shape)
    checks.count(width=width, kernel_size=kernel_size)
    kernel_size = int(kernel_size)  # Keras refuses NumPy's
    checks.share(dropout=dropout)
    sizes = halvings(*image_shape[:2])[1:]
    check_attention(attention, sizes)

    def look(x):
        for (h, w), channels in zip(sizes, stage_widths(width, len(sizes))):
            down = layers.Conv2D(
                channels,
                kernel_size,
                strides=2,
                padding="same",
                name=f"down_{h}x{w}",
            )
            x = wrap(down)(x)
            # The paper leaves the first layer, which sees the pixels, as it
            # is.
            if batch_norm and (h, w) != sizes[0]:
                x = batch_normalization(name=f"norm_{h}x{w}")(x)
            x = LeakyReLU(negative_slope=0.2)(x)
            x = attend(x, attention, wrap)
        x = layers.Flatten()(x)
        for i, units in hidden_layers(hidden):
            x = wrap(layers.Dense(units, name=f"hidden{i}"))(x)
            x = LeakyReLU(negative_slope=0.2)(x)
        return layers.Dropout(dropout)(x) if dropout else x

    return discriminator(image_shape, look, num_classes, condition, heads, wrap)
