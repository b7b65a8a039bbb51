# %% [markdown]
# # 3. The generator
#
# **How does a handful of random numbers become an image?**
#
# *Running time: about 3 minutes on two cores.*
#
# At the end you will be able to
#
# - walk from a latent vector to an image, the discriminator's way backwards;
# - compute a transposed convolution by hand, and say where checkerboards come
#   from;
# - say why noise is a vector and not a picture of noise;
# - tell what noise is for, and what a class is for.

# %%
import importlib.util
import os
import subprocess
import sys

# Where gan_keras comes from if it is not there yet: its folder, a wheel, or a
# git address. Elsewhere than in the folder `tutorials`, write it for "..".
SOURCE = os.environ.get("GAN_KERAS_SOURCE", "..")
if importlib.util.find_spec("gan_keras") is None:
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", SOURCE], check=True
    )

# %%
# %matplotlib inline
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # fewer remarks on GPUs

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import gan_keras as gk
from gan_keras import exercises

tf.get_logger().setLevel("ERROR")
keras.utils.set_random_seed(3)

# %% [markdown]
# ## The inverse walk
#
# D halves the map at every layer until a small map with many channels is
# left, and makes one number of it. G walks the same way back: a few random
# numbers become a small map with many channels, and every layer doubles its
# sides.

# %%
generator = gk.networks.dcgan_generator((28, 28, 1), latent_dim=64, width=16)
discriminator = gk.networks.dcgan_discriminator((28, 28, 1), width=16)


def sizes(network, layers):
    """The shapes that these kinds of layers leave behind."""
    return [
        "x".join(map(str, layer.output.shape[1:]))
        for layer in network.layers
        if isinstance(layer, layers)
    ]


kinds = keras.layers
down = sizes(discriminator, (kinds.InputLayer, kinds.Conv2D))
up = sizes(generator, (kinds.Reshape, kinds.Cropping2D, kinds.Conv2DTranspose))
print("D, down:", "  ->  ".join(down), " ->  logit")
print("G, up:   z  -> ", "  ->  ".join(up))

# %% [markdown]
# (Doubling 4 gives 8, but D came from 7; so there one row and one column are
# cut off. Hence 8×8 is followed by 7×7.)
#
# ## A convolution, transposed
#
# A strided convolution lays a window on many pixels and makes *one* number of
# them. A **transposed convolution** does the opposite: it takes one number,
# multiplies a window by it, and *stamps* the result into the larger map. The
# next number stamps two places further on. Where stamps overlap, they add up.
#
# In one dimension, by hand: the numbers 1, 2 and 0.5, and a window of four.

# %%
values, window, stride = [1.0, 2.0, 0.5], np.array([0.5, 1.0, 0.8, 0.3]), 2
length = (len(values) - 1) * stride + len(window)
total = np.zeros(length)
figure, axes = plt.subplots(2, 1, figsize=(8, 3.6), sharex=True, sharey=True)
styles = [("#0072B2", ""), ("#E69F00", "//"), ("#009E73", "..")]
for i, (value, (colour, hatch)) in enumerate(zip(values, styles)):
    stamp = np.zeros(length)
    stamp[i * stride : i * stride + len(window)] = value * window
    for axis, bottom in ((axes[0], 0), (axes[1], total)):
        axis.bar(
            np.arange(length) + (i - 1) * 0.3 * (axis is axes[0]), stamp,
            width=0.3 if axis is axes[0] else 0.7, bottom=bottom,
            color=colour, hatch=hatch, edgecolor="white",
            label=f"stamp of {value}",
        )  # fmt: skip
    total = total + stamp
axes[0].set(ylabel="stamps", ylim=(0, 2.6))
axes[1].set(ylabel="their sum", xlabel="place in the larger map")
axes[0].legend()
plt.show()
keras_says = tf.nn.conv1d_transpose(
    np.float32(values)[None, :, None], np.float32(window)[:, None, None],
    [1, length, 1], stride, "VALID",
)[0, :, 0]  # fmt: skip
print("by hand:   ", total)
print("TensorFlow:", keras_says.numpy())
exercises.claim(np.abs(total - keras_says).max(), at_most=1e-5)

# %% [markdown]
# What you should see: above, three groups of four bars, each beginning two
# places further to the right; below, the same bars piled up where they
# overlap.
#
# Why "transposed"? A convolution is a matrix, and this is the same matrix
# with rows and columns swapped. One property shows it: for any image x and
# map y, ⟨conv(x), y⟩ = ⟨x, convᵀ(y)⟩, where ⟨a, b⟩ means: multiply place by
# place and add up. You have met convᵀ before without knowing it: it is how a
# *gradient* travels back through a convolution.

# %%
rng = np.random.default_rng(0)
x = rng.standard_normal((1, 28, 28, 1)).astype("float32")
y = rng.standard_normal((1, 14, 14, 8)).astype("float32")
filters = rng.standard_normal((4, 4, 1, 8)).astype("float32")
smaller = tf.nn.conv2d(x, filters, 2, "SAME")
larger = tf.nn.conv2d_transpose(y, filters, (1, 28, 28, 1), 2, "SAME")
one, two = float(tf.reduce_sum(smaller * y)), float(tf.reduce_sum(x * larger))
print(f"<conv(x), y> = {one:.4f}   <x, convT(y)> = {two:.4f}")
exercises.claim(abs(one - two), at_most=0.01)

# %% [markdown]
# ## Checkerboards
#
# Look at the pile again: inside, every place got two stamps, because the window
# of four is twice the stride of two. With a window of three, places with two
# stamps and places with one would take turns, across the whole image. Let
# every number be 1 and every window be all ones; then each pixel shows *how
# many stamps* fell on it.
#
# Before you run the next cell: stride 2, windows of side 3, 4 and 5. Which of
# them covers all pixels equally often?

# %%
figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
for axis, side in zip(axes, (3, 4, 5)):
    stamps = tf.nn.conv2d_transpose(
        tf.ones((1, 7, 7, 1)), tf.ones((side, side, 1, 1)), (1, 14, 14, 1),
        2, "SAME",
    )[0, 2:-2, 2:-2, 0].numpy()  # fmt: skip
    drawn = axis.imshow(stamps, cmap=gk.plots.style.AMOUNT, vmin=0, vmax=9)
    counts = sorted({int(count) for count in np.unique(stamps)})
    axis.set_title(f"window {side} × {side}:\n{counts} stamps", fontsize=10)
    axis.set(xticks=[], yticks=[])
    exercises.claim((len(counts) == 1) == (side == 4), at_least=1)
figure.colorbar(drawn, ax=axes, label="stamps on a pixel", shrink=0.8)
plt.show()

# %% [markdown]
# What you should see: checked patterns on the left (1, 2 or 4 stamps) and on
# the right (4, 6 or 9), and one even area in the middle, 4 stamps everywhere.
#
# (In two dimensions the counts of rows and columns multiply: 1 or 2 times 1 or
# 2 makes 1, 2 or 4.) So the window's side should be a multiple of the stride. Here it is 4; many
# programs have 3 or 5, and draw checkerboards that training must first
# unlearn. An *untrained* G shows it best. We look at how much each pixel
# varies over 500 images.

# %%
figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
unevenness = {}
latents = rng.standard_normal((500, 64)).astype("float32")
for axis, side in zip(axes, (3, 4, 5)):
    maps = []
    for seed in range(exercises.setting(full=8, smoke=1)):  # of many beginners
        keras.utils.set_random_seed(seed)
        beginner = gk.networks.dcgan_generator(
            (28, 28, 1), 64, width=16, kernel_size=side
        )
        fakes = beginner(latents, training=False).numpy()[..., 0]
        maps.append(fakes.std(axis=0))
    mean_map = np.mean(maps, axis=0)
    inside = mean_map[6:-6, 6:-6]
    unevenness[side] = inside.max() / inside.min()
    drawn = axis.imshow(
        mean_map / inside.mean(), cmap=gk.plots.style.AMOUNT, vmin=0, vmax=1.6
    )
    axis.set(title=f"window {side} × {side}", xticks=[], yticks=[])
figure.colorbar(
    drawn, ax=axes, label="variation, divided by its mean", shrink=0.8
)
plt.show()
print({side: f"{ratio:.1f}" for side, ratio in unevenness.items()})

# %% [markdown]
# What you should see: a clear pattern of light and dark pixels on the left,
# for windows of 3 × 3, a fainter one on the right for 5 × 5, and in the
# middle, for 4 × 4, an even area that only fades at the edges.
#
# The printed numbers are how many times as much the liveliest pixel in the
# middle of the image varies as the dullest one: it is largest for 3, and
# smallest for 4.

# %%
exercises.claim(unevenness[3] / unevenness[4], at_least=1.3)
exercises.claim(unevenness[3] / unevenness[5], at_least=1.1)
exercises.claim(unevenness[5] / unevenness[4], at_least=1.02)

# %% [markdown]
# ## What an untrained G draws
#
# G has a window for every channel, but knows nothing of digits:

# %%
images, labels = gk.datasets.load("digits")
held_out, _ = gk.datasets.load("digits", split="test")


def new_gan(generator):
    """A fresh D for a generator, and the rules of the game."""
    gan = gk.GAN(
        generator,
        gk.networks.dcgan_discriminator((28, 28, 1), width=16),
        seed=3,
    )
    gan.compile()
    return gan


keras.utils.set_random_seed(3)
vector_gan = new_gan(
    gk.networks.dcgan_generator((28, 28, 1), latent_dim=64, width=16)
)
untrained = vector_gan.generate(8, seed=0)
print(
    "tanh keeps it within", untrained.min().round(2), untrained.max().round(2)
)
gk.plots.image_rows({"untrained": untrained, "10 × as strong": 10 * untrained})

# %% [markdown]
# What you should see: a row of grey squares with hardly a trace of anything;
# below, strengthened, speckled clouds, each of them a little different.
#
# Grey is 0, the middle of -1 and 1. Different z give different clouds, so the
# diversity is there from the first moment; what is missing is meaning.
#
# ## Why a vector, and not a picture of noise?
#
# A fair question: an image has 28 × 28 pixels, so why not begin with 28 × 28
# random numbers, one for each pixel, and let convolutions shape them into a
# digit? Let us build that generator, and let both learn from the same data
# for as many steps.

# %%
keras.utils.set_random_seed(3)
z = keras.Input((784,), name="latents")
h = keras.layers.Reshape((28, 28, 1))(z)
for _ in range(3):
    h = keras.layers.Conv2D(24, 5, padding="same", use_bias=False)(h)
    h = keras.layers.BatchNormalization()(h)
    h = keras.layers.ReLU()(h)
h = keras.layers.Conv2D(1, 5, padding="same", activation="tanh")(h)
matrix_gan = new_gan(keras.Model(z, h, name="generator"))
for name, gan in [("vector", vector_gan), ("matrix", matrix_gan)]:
    print(f"from a {name}: {gan.generator.count_params():,} weights")

# %% [markdown]
# Before you run the next cell: both see every digit equally often. Which one
# will draw digits? What will the other one draw?

# %%
epochs = exercises.setting(full=6, smoke=1)
some = exercises.setting(full=len(images), smoke=128)
data = gk.datasets.pipeline(images[:some], batch_size=64)
for gan in (vector_gan, matrix_gan):
    gan.fit(data, epochs=epochs, verbose=0)
gk.plots.image_rows(
    {
        "real": gk.datasets.to_float(images[:4000:500]),
        "from a vector": vector_gan.generate(8, seed=0),
        "from a matrix": matrix_gan.generate(8, seed=0),
    }
)

# %% [markdown]
# What you should see: a row of digits; a row of clumsy fakes, some of them
# digits; and a row of smudged ones with loose pieces and specks, of which one
# or the other may look like a digit, too. Eight pictures are few: a number
# below will tell the two apart better.
#
# Now change *one* number of the noise, and look at which pixels of the fake
# change.

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
reach = {}
for axis, (name, gan, place) in zip(
    axes,
    [
        ("one of 64 numbers", vector_gan, 5),
        ("one of 784 numbers", matrix_gan, 14 * 28 + 14),
    ],
):
    before = gan.draw_latents(64, seed=1)
    after = before.copy()
    after[:, place] += 3
    change = np.abs(gan.generate_from(after) - gan.generate_from(before))
    change = change.mean(axis=0)[..., 0]
    reach[name] = (change > 1e-5).mean()
    drawn = axis.imshow(change, cmap=gk.plots.style.AMOUNT, vmin=0)
    figure.colorbar(drawn, ax=axis, label="mean change of a pixel")
    axis.set_title(f"{name}:\n{reach[name]:.0%} of the pixels", fontsize=10)
    axis.set(xticks=[], yticks=[])
plt.show()

# %% [markdown]
# What you should see: on the left a change that is spread over the whole
# middle of the image (the title says 100%, since it counts every pixel that
# changes at all, and at the edges that is too little to see); on the right a
# change within one square patch.
#
# A number of the **vector** goes through the dense layer into every place of
# the first map. It can mean something about the whole image: how thick, how
# slanted, which digit. A number of the **matrix** reaches only its own
# surroundings (four windows of 5 × 5: a patch of 17 × 17). Nobody decides
# "this will be a 7": the upper left does not know what the lower right is
# about to draw. (The matrix G has fewer weights, but more of them would not
# change that; only larger windows or more layers would reach further.) Measured in Fréchet distance (lower is better, tutorial 6):

# %%
evaluator = gk.metrics.Evaluator(images, held_out)
distance = {
    name: evaluator.frechet(gan.generate(1000, seed=0))
    for name, gan in [("vector", vector_gan), ("matrix", matrix_gan)]
}
print({name: round(value) for name, value in distance.items()})
print("real images:", round(evaluator.frechet_floor()))
exercises.claim(distance["matrix"] / distance["vector"], at_least=1.3)
exercises.claim(reach["one of 64 numbers"], at_least=0.95)
exercises.claim(reach["one of 784 numbers"], at_most=17 * 17 / 784)

# %% [markdown]
# ## Noise gives diversity
#
# The same z gives the same image, always. A z nearby gives a similar image.
# So a road from z to z' is a film of one fake becoming another. (`slerp`
# takes an arc instead of the straight line, so that every stop is as long a
# vector as noise usually is.)

# %%
start, end = vector_gan.draw_latents(2, seed=4)
again = vector_gan.generate_from(np.stack([start, start]))
exercises.claim(np.abs(again[0] - again[1]).max(), at_most=0)
road = gk.latent.slerp(start, end, np.linspace(0, 1, 9))
gk.plots.image_rows({"z to z'": vector_gan.generate_from(road)})

# %% [markdown]
# What you should see: nine fakes from left to right, each only a little
# different from its neighbours, the first and the last quite different.
#
# ## The class gives control
#
# With noise alone you get *some* digit. If you want a seven, G must be told.
# A conditional G gets a second input beside z, the class; D gets it as well,
# and asks "is this a real *seven*?" (All about it in tutorial 7.)

# %%
keras.utils.set_random_seed(3)
class_gan = gk.ConditionalGAN(
    gk.networks.dcgan_generator((28, 28, 1), 64, width=16, num_classes=10),
    gk.networks.dcgan_discriminator((28, 28, 1), width=16, num_classes=10),
    seed=3,
)
class_gan.compile()
class_gan.fit(
    gk.datasets.pipeline(images[-some:], labels[-some:], batch_size=64),
    epochs=epochs,
    verbose=0,
)
five = class_gan.draw_latents(5, seed=2)  # five noise vectors ...
asked = np.repeat(np.arange(10), 5)  # ... each with all ten classes
drawn = class_gan.generate_from((np.tile(five, (10, 1)), asked))
drawn = drawn.reshape(10, 5, 28, 28, 1)
gk.plots.image_rows(
    {f"noise {i + 1}": drawn[:, i] for i in range(5)}, list("0123456789")
)

# %% [markdown]
# What you should see: five rows for five noise vectors, ten columns for the
# classes 0 to 9: in a column the digit stays, but for a few slips, and its
# manner changes from row to row; along a row the digit changes.
#
# **Noise decides how, the class decides what.** A small network that reads
# digits can check it: how often does it read what was asked?

# %%
asked = np.tile(np.arange(10), 100)
reader = gk.extractors.get("digits")
_, probabilities = reader(class_gan.generate(labels=asked, seed=5))
right = (np.argmax(probabilities, axis=1) == asked).mean()
print(f"read as what was asked: {right:.0%} (by chance: 10%)")
exercises.claim(right, at_least=0.75)

# %% [markdown]
# ## What you have seen
#
# - G is D's way backwards: dense layer, small map, transposed convolutions
#   that double it.
# - A transposed convolution stamps windows; the window's side should be a
#   multiple of the stride, or checkerboards appear.
# - z is a vector, so that each of its numbers can say something about the
#   whole image.
# - Noise gives diversity, the class gives control.
#
# ## Exercises
#
# **1. Stamp it yourself.** A transposed convolution in one dimension: number i
# stamps `number * window` from place `i * stride` on. The result is just long
# enough for the last stamp.


# %%
def transposed_convolution(numbers, window, stride):
    """Float arrays [n] and [k], an int -> float array [(n-1) stride + k]."""
    ...  # your turn


exercises.check("transposed_convolution", transposed_convolution)

# %% [markdown]
# **2. Count the stamps.** How many stamps fall on each place, if n numbers
# stamp windows of k places with this stride? (In one dimension, all places,
# the edges too.)


# %%
def stamp_counts(n, k, stride):
    """Three ints -> int array [(n-1) stride + k]."""
    ...  # your turn


exercises.check("stamp_counts", stamp_counts)

# %% [markdown]
# **3. Tell G the class.** What a conditional G works with is z and the class
# in one vector: behind the numbers of z stand `num_classes` zeros, but for a
# 1 at the place of the class.


# %%
def with_class(latents, labels, num_classes):
    """Floats [n, d], ints [n], an int -> floats [n, d + num_classes]."""
    ...  # your turn


exercises.check("with_class", with_class)
