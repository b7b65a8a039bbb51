"""Published GANs as short functions: a recipe builds and compiles a model.

A recipe takes from its paper what makes the method, its *ingredient*, and
says where it departs from the rest to be good within CPU minutes. What most
of them share, found by experiment (see `benchmarks/README.md`):

- z of 32 numbers for small images, and two fully connected layers between z
  and the first map: a digit varies in few ways, and z is one cloud of noise
  where the digits are ten. (The papers: 100 to 128, and no such layers. Nor
  do `gan`, `cgan` and `r3gan` have them.)
- 16 channels in the thinnest layer, 24 for images beyond 32x32: more steps are
  worth more than width.
- Adam at about 2e-3 without momentum, less where networks are wider, held for
  half of the steps (`dcgan`, `cgan`: three quarters, up to 32x32), then lowered
  to zero: the game settles. (The papers: 1e-4 to 2e-4, constant, for hours.)
  For images beyond 32x32, a `StableAdam`. (`gan` has momentum and 2e-4; the
  original `wgan` has RMSprop.)
- An average of the generator draws (`gan_keras.ema`).
- Eight steps in one call, where a step is short (`steps_a_call`).
"""

import difflib

import keras

from gan_keras import augment
from gan_keras import auxiliaries
from gan_keras import constraints
from gan_keras import layers
from gan_keras import losses
from gan_keras import networks
from gan_keras import penalties
from gan_keras.conditional import ConditionalGAN
from gan_keras.gan import GAN
from gan_keras.infogan import InfoGAN
from gan_keras.networks.shapes import halvings
from gan_keras.optimizers import StableAdam
from gan_keras.schedules import HoldThenDecay

RECIPES = {}
BASE_WIDTH = 16  # the channels that learning rates are given for


def recipe(steps=10_000, batch_size=32, classes=False):
    """Decorator: makes a recipe known by its name.

    Args:
        steps: Int, the training steps that it takes by default.
        batch_size: Int, the images of one training step.
        classes: Boolean, whether it needs labels, and an argument
            `num_classes`.
    """

    def register(function):
        function.steps = steps
        function.batch_size = batch_size
        function.classes = classes
        RECIPES[function.__name__] = function
        return function

    return register


def get(name):
    """The recipe of that name; a ValueError names the others."""
    if name in RECIPES:
        return RECIPES[name]
    near = difflib.get_close_matches(str(name), RECIPES, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"Unknown recipe.{hint} Known: {sorted(RECIPES)}. Received: {name!r}"
    )


def is_small(image_shape):
    """Whether three layers that halve (or fewer) lead to the smallest map."""
    return max(image_shape[:2]) <= 32


def scale(image_shape, latent_dim, width):
    """Latent dimensions and channels, where they are not given."""
    usual = (32, BASE_WIDTH) if is_small(image_shape) else (100, 24)
    return latent_dim or usual[0], width or usual[1]


def dcgan_g(
    image_shape, latent_dim=None, width=None, hidden=(256, 256), **kwargs
):
    """The generator that most recipes share."""
    latent_dim, width = scale(image_shape, latent_dim, width)
    return networks.dcgan_generator(
        image_shape, latent_dim, width, hidden=hidden, **kwargs
    )


def dcgan_d(image_shape, width=None, **kwargs):
    """The discriminator that most recipes share."""
    _, width = scale(image_shape, None, width)
    return networks.dcgan_discriminator(image_shape, width, **kwargs)


def rate(base, width):
    """The learning rate for networks of `width` channels; `base` up to 16.

    One of Adam's steps moves every weight about equally far. A unit with twice
    as many inputs is moved twice as far by them all together, and so goes as
    far with half the rate (Yang et al., 2022, arXiv:2203.03466). For 128
    channels, DCGAN's width, 2e-3 becomes 2.5e-4; that paper has 2e-4.

    Args:
        base: Float > 0, the rate for networks of up to 16 channels.
        width: Int, channels of the thinnest layer of G.

    Returns:
        Float, `base * 16 / width` or, if that is less, `base`.
    """
    return base * min(1.0, BASE_WIDTH / width)


def adams(
    image_shape,
    steps,
    width,
    d_rate=2e-3,
    g_rate=2e-3,
    critic_steps=1,
    beta_1=0.0,
    beta_2=0.99,
    hold=0.5,
):
    """What `compile` must know of the steps; above all, D's and G's Adam.

    Both rates fall to zero at the end of the steps. They are held for a share
    of them, `hold`, before that.

    For large images a `StableAdam`: D is deeper there, and with Adam its steps
    once became so long that it was ten epochs in coming back.

    The rates given are those for 16 channels, see `rate`.
    """

    def adam(base, turns):
        falling = HoldThenDecay(rate(base, width), steps * turns, hold)
        if is_small(image_shape):
            return keras.optimizers.Adam(falling, beta_1, beta_2)
        return StableAdam(falling, beta_1, beta_2, clip_threshold=2.0)

    return {
        "d_optimizer": adam(d_rate, critic_steps),
        "g_optimizer": adam(g_rate, 1),
        "critic_steps": critic_steps,
        "steps_per_execution": steps_a_call(image_shape, width),
    }


def hold(image_shape):
    """The share of the steps at the full rates, for `dcgan` and `cgan`.

    The fewer the steps, the later they should shrink. Large images, whose
    steps are slow, are trained for longer.

    Args:
        image_shape: Tuple `(height, width, channels)`.

    Returns:
        Float in [0, 1), as `HoldThenDecay` takes it.
    """
    return 0.75 if is_small(image_shape) else 0.5


def steps_a_call(image_shape, width):
    """How many steps TensorFlow makes before it is Python's turn again.

    A step of small images takes some 20 ms, and what `fit` does between two
    calls takes 1.5. So it calls once for eight steps, and the callbacks'
    `on_train_batch_end` after every eighth. Wide convolutions take long enough
    for Python not to matter, and for a Ctrl-C not to wait for eight.

    Args:
        image_shape: Tuple `(height, width, channels)`.
        width: Int, channels of the thinnest layer of G.

    Returns:
        Int, as `compile` takes `steps_per_execution`.
    """
    return 8 if is_small(image_shape) and width <= 2 * BASE_WIDTH else 1


# A penalty of every step for a quarter of the batch: see `Penalty`.
SHARE = 0.25


def r1(image_shape, gamma=1.0):
    """R1, as strong for large images as for small ones.

    A D that sees the same picture with twice as many pixels a side answers the
    same, but each pixel moves it a quarter as far. The sum of the squares over
    four times as many pixels is a quarter, and so `gamma` must be four times
    as large. (Karras et al., 2020, arXiv:2006.06676, take it in proportion to
    the pixels, too.)

    Args:
        image_shape: Tuple `(height, width, channels)`.
        gamma: Float >= 0, the weight for images of up to 28x28.

    Returns:
        An `R1` of weight `gamma * height * width / 28**2` or, if that is less,
        `gamma`.
    """
    height, width, _ = image_shape
    size = max(1.0, height * width / 28**2)
    return penalties.R1(gamma * size, share=SHARE)


# What all arguments below mean:
#
#     image_shape: Tuple `(height, width, channels)`.
#     steps: Int, the training steps to come.
#     latent_dim: Int, length of the latent vector, the recipe's own if None.
#     width: Int, channels of the thinnest layer, the recipe's own if None.
#     seed: Int, the model's seed.
#     num_classes: Int.
#
# All return a compiled `GAN`.


@recipe(steps=10_000, batch_size=64)
def gan(image_shape, steps, latent_dim=None, width=None, seed=None):
    """The first GAN: fully connected layers (arXiv:1406.2661).

    Ingredient: multi-layer perceptrons, and the cross-entropy game without
    anything that holds D back.
    """
    width = width or 256
    model = GAN(
        networks.mlp_generator(
            image_shape, latent_dim or 64, (width, 2 * width)
        ),
        networks.mlp_discriminator(image_shape, (2 * width, width)),
        seed=seed,
    )
    # The paper: maxout units, dropout and SGD with momentum; Adam came after.
    rates = {"d_rate": 2e-4, "g_rate": 2e-4}
    model.compile(
        **adams(
            image_shape, steps, BASE_WIDTH, **rates, beta_1=0.5, beta_2=0.999
        ),
        loss=losses.NonSaturating(),
        penalties=[],
    )
    return model


@recipe(steps=5_500, batch_size=48)
def dcgan(image_shape, steps, latent_dim=None, width=None, seed=None):
    """DCGAN: convolutions that stride, not pooling (arXiv:1511.06434).

    Ingredient: G of transposed and D of strided convolutions, BatchNorm and
    ReLU in G, LeakyReLU in D, tanh at the end, Adam, the non-saturating loss.
    """
    latent_dim, width = scale(image_shape, latent_dim, width)
    # A short game changes fast: with a beta_2 of 0.95, Adam's idea of how
    # large the gradients are is that of the last twenty steps.
    beta_2 = 0.95 if is_small(image_shape) else 0.99
    # The paper: BatchNorm in D, too. It and R1 do not go together.
    gan = GAN(
        dcgan_g(image_shape, latent_dim, width),
        # G's teacher must see more than G draws, and has a layer to think it
        # over after having looked.
        dcgan_d(image_shape, width, hidden=(256,)),
        ema_decay=0.9985,
        seed=seed,
    )
    gan.compile(
        **adams(
            image_shape, steps, width, beta_2=beta_2, hold=hold(image_shape)
        ),
        loss=losses.NonSaturating(),
        # Not the paper's: what keeps ten times its learning rate stable.
        penalties=[r1(image_shape)],
        # D's last layer but one would in time know a few thousand images by
        # heart. The more often it has seen them, the more of them are
        # shifted; sixty thousand digits come up too seldom for that.
        augmentation=augment.GrowingAugmentation(augment.Translation()),
    )
    return gan


@recipe()
def lsgan(image_shape, steps, latent_dim=None, width=None, seed=None):
    """LSGAN: squared errors instead of a classifier (arXiv:1611.04076).

    Ingredient: the least-squares loss.
    """
    latent_dim, width = scale(image_shape, latent_dim, width)
    gan = GAN(
        dcgan_g(image_shape, latent_dim, width),
        dcgan_d(image_shape, width),
        seed=seed,
    )
    gan.compile(
        **adams(image_shape, steps, width),
        loss=losses.LeastSquares(),
        # The paper: none, and BatchNorm in D.
        penalties=[r1(image_shape)],
    )
    return gan


@recipe(steps=5_000, batch_size=5 * 32)
def wgan(image_shape, steps, latent_dim=None, width=None, seed=None):
    """WGAN: a critic that measures a distance (arXiv:1701.07875).

    Ingredient: the Wasserstein loss, a critic whose weights are clipped, and
    that is five turns ahead of G.
    """
    latent_dim, width = scale(image_shape, latent_dim, width)
    gan = GAN(
        dcgan_g(image_shape, latent_dim, width),
        # The paper: c = 0.01, for a network four times as wide. A narrower
        # one adds fewer weights up, and would hardly have a slope.
        constraints.clip_weights(dcgan_d(image_shape, width), limit=0.03),
        seed=seed,
    )
    # RMSprop, since the paper found momentum to make the critic unstable.
    # Its rate: 5e-5, for some 100,000 steps.
    gan.compile(
        keras.optimizers.RMSprop(HoldThenDecay(rate(5e-4, width), 5 * steps)),
        keras.optimizers.RMSprop(HoldThenDecay(rate(5e-4, width), steps)),
        loss=losses.Wasserstein(),
        penalties=[],
        critic_steps=5,
        steps_per_execution=steps_a_call(image_shape, width),
    )
    return gan


@recipe(steps=22_000)
def wgan_gp(image_shape, steps, latent_dim=None, width=None, seed=None):
    """WGAN-GP: a critic of slope one (arXiv:1704.00028).

    Ingredient: the Wasserstein loss with a gradient penalty of weight 10, a
    critic without BatchNorm that is ahead of G.
    """
    latent_dim, width = scale(image_shape, latent_dim, width)
    gan = GAN(
        # Its loss pulls every fake as hard as any other, also those that are
        # good already; what lies between two digits is the last to go. More
        # steps and wider layers before the first map help.
        dcgan_g(image_shape, latent_dim, width, hidden=(512, 512)),
        dcgan_d(image_shape, width),
        seed=seed,
    )
    gan.compile(
        # The paper: five critic steps for each of G's, and 1e-4. One, with a
        # faster rate to keep it ahead, as Heusel et al. (arXiv:1706.08500)
        # trained this GAN, buys G half as many steps again in the same time.
        # A rate of 4e-3 spoils it.
        **adams(image_shape, steps, width, d_rate=2e-3, g_rate=1.4e-3),
        loss=losses.Wasserstein(),
        penalties=[penalties.GradientPenalty(weight=10.0, share=SHARE)],
    )
    return gan


@recipe()
def sngan(image_shape, steps, latent_dim=None, width=None, seed=None):
    """SNGAN: layers that stretch no window (arXiv:1802.05957).

    Ingredient: spectral normalisation of every layer of D, and the hinge
    loss; no penalty.
    """
    latent_dim, width = scale(image_shape, latent_dim, width)
    gan = GAN(
        dcgan_g(image_shape, latent_dim, width),
        # Twice as wide as G. A narrow D that is held back so much cannot
        # keep up, and G leaves out some forms of a digit.
        dcgan_d(image_shape, 2 * width, wrap=layers.SpectralNormalization),
        seed=seed,
    )
    # The paper: one to five critic steps.
    gan.compile(
        **adams(image_shape, steps, width), loss=losses.Hinge(), penalties=[]
    )
    return gan


@recipe(steps=7_500, batch_size=2 * 32)
def sagan(image_shape, steps, latent_dim=None, width=None, seed=None):
    """SAGAN: attention between distant places (arXiv:1805.08318).

    Ingredient: self-attention in both networks, spectral normalisation in
    both, the hinge loss, and a faster learning rate for D than for G.
    """
    latent_dim, width = scale(image_shape, latent_dim, width)
    common = {
        "wrap": layers.SpectralNormalization,
        # The paper: at 32x32 with images of 128x128, a quarter as here.
        "attention": halvings(*image_shape[:2])[:3][-1][0],
    }
    gan = GAN(
        # The paper: ResNets, of 64 and more channels. Narrow ones learned
        # strokes and no digits in the same time.
        dcgan_g(image_shape, latent_dim, width, **common),
        dcgan_d(image_shape, 2 * width, **common),  # see `sngan`
        seed=seed,
    )
    # The paper: 4e-4 for D, 1e-4 for G, and one turn. With one, G left out
    # more forms of a digit the wider D was; with two it has recall 0.87 where
    # it had 0.82, or 0.65.
    gan.compile(
        **adams(
            image_shape, steps, width, d_rate=4e-3, g_rate=2e-3, critic_steps=2
        ),
        loss=losses.Hinge(),
        penalties=[],
    )
    return gan


@recipe(steps=5_500, batch_size=48, classes=True)
def cgan(
    image_shape, steps, latent_dim=None, width=None, seed=None, num_classes=10
):
    """Conditional GAN: draws the class that it is asked for (arXiv:1411.1784).

    Ingredient: G is told a class, and D judges image and class together.
    """
    latent_dim, width = scale(image_shape, latent_dim, width)
    gan = ConditionalGAN(
        # No layers before the first map: z need not be cut into ten clouds
        # where the class is given, and the steps are better spent.
        dcgan_g(
            image_shape, latent_dim, width, hidden=(), num_classes=num_classes
        ),
        # The paper: the class enters with the image (`Concatenation()`). By
        # projection (arXiv:1802.05637) it has more to say; and with a layer to
        # think over what it saw, it knows better whether that is the class.
        dcgan_d(image_shape, width, num_classes=num_classes, hidden=(128,)),
        seed=seed,
    )
    gan.compile(
        **adams(image_shape, steps, width, hold=hold(image_shape)),
        loss=losses.NonSaturating(),
        penalties=[r1(image_shape, gamma=0.3)],
        augmentation=augment.GrowingAugmentation(augment.Translation()),
    )
    return gan


@recipe(classes=True)
def acgan(
    image_shape, steps, latent_dim=None, width=None, seed=None, num_classes=10
):
    """ACGAN: D also names the class (arXiv:1610.09585).

    Ingredient: D is not told the class but has a second head that says it,
    and both players are paid for its being right.
    """
    latent_dim, width = scale(image_shape, latent_dim, width)
    heads = {"class": num_classes}
    gan = ConditionalGAN(
        dcgan_g(image_shape, latent_dim, width, num_classes=num_classes),
        # Twice as wide as G: a D that must know ten classes has little left
        # for the forms of each, and G left some of them out.
        dcgan_d(image_shape, 2 * width, heads=heads),
        seed=seed,
    )
    gan.compile(
        **adams(image_shape, steps, width),
        loss=losses.NonSaturating(),
        penalties=[r1(image_shape)],
        # The paper: all three weights 1. Then G draws only what is easy to
        # read: recall 0.10.
        auxiliaries=[
            auxiliaries.ClassLoss(weight=0.1, fake_weight=0.0, g_weight=0.002)
        ],
    )
    return gan


@recipe()
def infogan(image_shape, steps, latent_dim=None, width=None, seed=None):
    """InfoGAN: codes that D can read, found without labels (arXiv:1606.03657).

    Ingredient: a part of z is a code, and D has heads that must read it off
    the image. Codes as in the paper: one of 10 categories, two continuous.
    """
    latent_dim, width = scale(image_shape, latent_dim, width)
    heads = {"category": 10, "continuous": 2}
    gan = InfoGAN(
        dcgan_g(image_shape, latent_dim, width),
        dcgan_d(image_shape, 2 * width, heads=heads),  # see `acgan`
        categories=10,
        continuous=2,
        seed=seed,
    )
    gan.compile(
        **adams(image_shape, steps, width),
        loss=losses.NonSaturating(),
        penalties=[r1(image_shape)],
        # The paper: 1 for the category, 0.1 for the others. Then G draws what
        # is easy to read, and hardly looks at its noise: recall 0.04.
        auxiliaries=[
            auxiliaries.MutualInformation(
                10, 2, weight=0.02, continuous_weight=0.01
            )
        ],
    )
    return gan


@recipe(steps=16_000)
def r3gan(image_shape, steps, latent_dim=None, width=None, seed=None):
    """R3GAN: a modern baseline without tricks (arXiv:2501.05441).

    Ingredient: the relativistic loss with R1 and R2, and ResNets without
    any normalisation.
    """
    latent_dim, width = scale(image_shape, latent_dim, width)
    # The paper: blocks on maps of the full size, too (`stride=1`), and 3x3
    # convolutions of twice as many channels, in groups. At equal time, such
    # blocks without groups learnt less, and full maps were far worse.
    small = {"stride": 2, "expansion": 1}
    gan = GAN(
        # No layers between z and the first map here: without normalisation
        # they drive all pixels into the flat ends of tanh at once.
        networks.r3gan_generator(image_shape, latent_dim, width, **small),
        networks.r3gan_discriminator(image_shape, width, **small),
        seed=seed,
    )
    # The paper: 2e-4, with gamma falling from 2 to 0.2 at 64x64. A larger
    # rate needs a flatter D; with 10, G left out some forms of a digit.
    gan.compile(
        **adams(image_shape, steps, width, d_rate=1e-3, g_rate=1e-3),
        loss=losses.Relativistic(),
        penalties=[
            penalties.R1(gamma=4.0, share=SHARE),
            penalties.R2(gamma=4.0, share=SHARE),
        ],
    )
    return gan
