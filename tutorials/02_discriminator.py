# %% [markdown]
# # 2. The discriminator
#
# **How does a network tell a real image from a fake one?**
#
# *Running time: about 2 minutes on two cores.*
#
# At the end you will be able to
#
# - follow an image through strided convolutions, layer by layer;
# - turn a logit into a probability, and say why D returns the logit;
# - write down D's loss as two cross-entropies, and train D with it;
# - say what D learns (and what it does not) when the fakes are bad.

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

keras.utils.set_random_seed(2)

# %% [markdown]
# ## Real images
#
# The police officer begins with what the bank prints: 4,000 real handwritten
# digits, and 1,000 more that are put aside to test her with.

# %%
real = gk.datasets.to_float(gk.datasets.load("digits")[0])
held_out = gk.datasets.to_float(gk.datasets.load("digits", split="test")[0])
print("for training:", real.shape, " values from", real.min(), "to", real.max())
print("held out:    ", held_out.shape)
gk.plots.image_rows({"real": real[:3200:400]})

# %% [markdown]
# What you should see: eight handwritten digits in white on black.
#
# Black is -1 and white is 1, since G will end in a tanh, which has this range.
#
# ## A convolution that skips
#
# A convolution slides a small window over the image and writes down one
# number for each place. With **stride 1** it looks at every place, and the
# result is as large as the image. With **stride 2** it looks at every second
# place in both directions: the map is half as high and half as wide.
#
# Here are two windows of 4 × 4 numbers: one answers to dark-above-light, one
# to dark-left-of-light.

# %%
edge = np.float32([[-1], [-1], [1], [1]]) @ np.ones((1, 4), "float32") / 8
windows = np.stack([edge, edge.T], axis=-1)[:, :, None]  # [4, 4, 1, 2]
digit = real[:1]

figure, axes = plt.subplots(1, 5, figsize=(10, 2.6))
axes[0].imshow(digit[0, ..., 0], cmap="gray")
axes[0].set_title("image 28 × 28", fontsize=10)
for i, stride in enumerate([1, 2]):
    maps = tf.nn.conv2d(digit, windows, stride, "SAME")[0]
    for j, name in enumerate(["above", "left"]):
        axis = axes[1 + 2 * i + j]
        axis.imshow(maps[..., j], cmap=gk.plots.style.SIGNED, vmin=-1, vmax=1)
        axis.set_title(
            f"{name}, stride {stride}\n{maps.shape[0]} × {maps.shape[1]}",
            fontsize=10,
        )
    exercises.claim(maps.shape[0], 28 // stride, 28 // stride)
for axis in axes:
    axis.set(xticks=[], yticks=[])
plt.show()

# %% [markdown]
# What you should see: the digit, and four maps in which its edges are orange
# (dark to light) or purple (light to dark); the last two are half as large,
# and so their pixels are coarser, but they show the same edges.
#
# (The coloured frame comes from the padding: beyond the image there are
# zeros, a grey between black, -1, and white, 1. To a window that is an edge.)
#
# Little is lost, and the next layer has a quarter of the places to look at.
# In a network nobody writes the windows by hand: they are the weights.
#
# ## The network
#
# Before you run the next cell: the image is 28 × 28, and every layer halves
# it, rounding up. Which sizes come after one, two, three layers?

# %%
d = gk.networks.dcgan_discriminator((28, 28, 1), width=16)
for layer in d.layers:
    print(f"{layer.name:14} {str(layer.output.shape[1:]):14} "
          f"{layer.count_params():6,} weights")  # fmt: skip
print(f"{'in all':29} {d.count_params():6,} weights")

# %% [markdown]
# 28, 14, 7, 4: the map shrinks and the channels double, 16, 32, 64. Early
# layers have many places and few questions ("an edge here?"), late layers
# few places and many questions ("a closed loop about here?"). In the end
# every number of the last maps is multiplied by a weight, and all are added
# up: one number is left.
#
# There is no pooling: the stride does the halving, and so the network learns
# *how* to make things smaller. Each of these layers ends in a leaky ReLU,
# which lets a little of the negative numbers through. This will matter for
# G, whose lesson comes back through D: where a ReLU is off, no lesson comes
# through.

# %%
sizes = [layer.output.shape[1] for layer in d.layers if "down" in layer.name]
print(sizes)
exercises.claim(sizes == [14, 7, 4], at_least=1)
gk.plots.feature_maps(d, digit[0])

# %% [markdown]
# What you should see: a row for each layer, eight maps in each; the digit can
# be recognised in the first rows and dissolves into a few coarse squares in
# the last ones; at the bottom, one number: the logit.
#
# These are the maps of a network that knows nothing. Its windows are random,
# and still some of its maps show the edges.
#
# ## One number: logit and probability
#
# The last number is a **logit**: any number at all, high for "real". The
# sigmoid turns it into a probability between 0 and 1.

# %%
logits = np.linspace(-8, 8, 201)
figure, axis = plt.subplots(figsize=(6, 3))
axis.plot(logits, 1 / (1 + np.exp(-logits)), color=gk.plots.D_COLOUR)
axis.axhline(0.5, color=gk.plots.QUIET, linestyle=":")
axis.axvline(0, color=gk.plots.QUIET, linestyle=":")
axis.set(xlabel="logit", ylabel="probability of real")
plt.show()
untrained = tf.sigmoid(d(held_out, training=False)).numpy()
print(f"untrained D says {untrained.min():.2f} to {untrained.max():.2f}")

# %% [markdown]
# What you should see: an S-shaped curve from 0 on the left to 1 on the right,
# which goes through 0.5 where the logit is 0.
#
# The untrained D stays around one half for every image.
#
# Why does D not return the probability itself? Because a computer cannot hold
# a probability that is very near 1, and then its logarithm goes wrong:

# %%
sure = tf.constant([5.0, 15.0, 30.0])
naive = -tf.math.log(1 - tf.sigmoid(sure))
from_logits = tf.nn.softplus(sure)  # log(1 + exp(x)), the same thing
print("by way of the probability:", naive.numpy())
print("straight from the logit:  ", from_logits.numpy())
exercises.claim(np.isinf(naive.numpy()[-1]), at_least=1)
exercises.claim(np.abs(untrained - 0.5).max(), at_most=0.25)

# %% [markdown]
# An infinite loss has no useful gradient. So D returns logits, and the losses
# work on logits; sigmoids are for people.
#
# ## The loss: two cross-entropies, added
#
# D is a classifier with two classes. Its error is the usual one, the
# **cross-entropy**: minus the logarithm of the probability that it gave to
# the right answer.
#
# - A real image should get 1: the error is -log D(x).
# - A fake should get 0: the error is -log(1 - D(x)).
#
# `d_loss` is the mean of the first over the real images **plus** the mean of
# the second over the fakes.

# %%
p = np.linspace(0.005, 0.995, 200)
figure, axis = plt.subplots(figsize=(6, 3.2))
axis.plot(p, -np.log(p), color=gk.plots.REAL_COLOUR, label="real: -log D")
axis.plot(
    p, -np.log(1 - p), "--", color=gk.plots.FAKE_COLOUR,
    label="fake: -log(1 - D)",
)  # fmt: skip
axis.axvline(0.5, color=gk.plots.QUIET, linestyle=":")
axis.set(xlabel="D says: probability of real", ylabel="error", ylim=(0, 5))
axis.legend()
plt.show()
print(f"D = 0.5 to everything: {-np.log(0.5):.3f} + {-np.log(0.5):.3f} "
      f"= {2 * np.log(2):.3f}")  # fmt: skip

# %% [markdown]
# What you should see: two curves that mirror each other and cross at 0.5; the
# green one for real images falls to 0 on the right, the pink dashed one for
# fakes falls to 0 on the left; each shoots up at its wrong end.
#
# Whoever says "0.5" to everything pays 2 log 2 = 1.386. Whoever is sure and
# wrong pays without limit. Remember 1.386; you will meet it in many plots of
# GANs.
#
# ## Train D alone
#
# No generator yet. We give the officer fakes that never change, and see what
# she makes of them. First: **noise**, 4,000 images of it.
#
# Some words that you will meet in many cells from here on. A `GradientTape`
# writes down what is computed, so that TensorFlow can go back through it and say
# how the loss would change with each weight: the *gradient*. The *optimizer*
# takes a small step with it, downhill; `Adam` is the usual one, and `1e-3` its
# *learning rate*, how long a step is. (And `tf.function` makes of a Python
# function one that runs fast.)
#
# Before you run the next cell: how many steps of 64 real and 64 fake images
# does she need until `d_loss` is below 0.1? Ten, a hundred, a thousand?


# %%
def train_alone(fakes, steps):
    """A new D that learns to tell the real digits from these fakes."""
    keras.utils.set_random_seed(2)
    d = gk.networks.dcgan_discriminator((28, 28, 1), width=16)
    optimizer = keras.optimizers.Adam(1e-3)
    optimizer.build(d.trainable_variables)

    @tf.function
    def step(real_images, fake_images):
        with tf.GradientTape() as tape:
            real_logits = d(real_images, training=True)[:, 0]
            fake_logits = d(fake_images, training=True)[:, 0]
            # -log D(real) = softplus(-logit), -log(1 - D) = softplus(logit)
            d_loss = tf.reduce_mean(tf.nn.softplus(-real_logits))
            d_loss += tf.reduce_mean(tf.nn.softplus(fake_logits))
        gradients = tape.gradient(d_loss, d.trainable_variables)
        optimizer.apply(gradients, d.trainable_variables)
        return d_loss

    rng = np.random.default_rng(0)
    history = []
    for _ in range(steps):
        chosen = rng.integers(len(real), size=64)
        others = rng.integers(len(fakes), size=64)
        history.append(float(step(real[chosen], fakes[others])))
    return d, history


rng = np.random.default_rng(1)
noise = rng.uniform(-1, 1, size=real.shape).astype("float32")
steps = exercises.setting(full=300, smoke=3)
noise_d, noise_history = train_alone(noise, steps)
below = next((i for i, v in enumerate(noise_history) if v < 0.1), steps)
print(f"d_loss begins at {noise_history[0]:.2f}, "
      f"falls below 0.1 after {below} steps, "
      f"ends at {noise_history[-1]:.5f}")  # fmt: skip

# %% [markdown]
# It begins near 1.386, and twenty steps are enough for 0.1. That was too easy.
# Now a
# better counterfeiter: real digits, but **blurred**. Every pixel becomes the
# mean of its surroundings.

# %%
exercises.claim(noise_history[0], at_least=1.2, at_most=1.6)
exercises.claim(below, at_most=20)


def blur(images, times=2):
    """Every pixel becomes the mean of itself and its eight neighbours."""
    for _ in range(times):
        images = tf.nn.avg_pool2d(images, 3, 1, "SAME")
    return images.numpy()


blurred = blur(real)
gk.plots.image_rows(
    {"real": real[:3200:400], "noise": noise[:8], "blurred": blurred[:3200:400]}
)

# %% [markdown]
# What you should see: a row of digits, a row of grey noise, and the digits
# again, as if out of focus.
#
# Before you run the next cell:
#
# 1. Will this take D more steps than the noise, or fewer?
# 2. What will the D that was trained against *noise* say about blurred
#    digits, which it has never seen?

# %%
blur_d, blur_history = train_alone(blurred, steps)
figure, axis = plt.subplots(figsize=(7, 3.2))
axis.semilogy(noise_history, color=gk.plots.QUIET, label="against noise")
axis.semilogy(blur_history, color=gk.plots.D_COLOUR, label="against blurred")
axis.axhline(2 * np.log(2), color="black", linestyle=":", label="2 log 2")
axis.set(xlabel="step", ylabel="d_loss (logarithmic)")
axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, frameon=False)
plt.show()

# %% [markdown]
# What you should see: two falling curves that begin at the dotted line; the
# grey one, against noise, falls faster and far below the blue one, against
# blurred digits.
#
# More steps, as you may have guessed. For the second question we ask both
# officers about all three kinds of images, none of which they trained on.

# %%
kinds = {
    "held-out digits": held_out,
    "noise": rng.uniform(-1, 1, size=held_out.shape).astype("float32"),
    "blurred digits": blur(held_out),
}
officers = {"noise": noise_d, "blurred digits": blur_d}
said = {
    (name, kind): float(
        tf.reduce_mean(tf.sigmoid(network(images, training=False)))
    )
    for name, network in officers.items()
    for kind, images in kinds.items()
}

figure, axis = plt.subplots(figsize=(7, 2.6))
table = np.reshape(list(said.values()), (2, 3))
axis.imshow(table, cmap=gk.plots.style.opinion(), vmin=0, vmax=1, alpha=0.75)
for (row, column), mean in np.ndenumerate(table):
    axis.text(column, row, f"{mean:.3f}", ha="center", va="center")
axis.set_xticks(range(3), [f"says to\n{kind}" for kind in kinds])
axis.set_yticks(range(2), [f"D trained against\n{name}" for name in officers])
axis.set_title("D's mean probability of real", fontsize=10)
plt.show()

# %% [markdown]
# What you should see: a table of two rows and three columns; above, D of the
# noise is at 1 for digits and for blurred digits, and at 0 for noise; below, D
# of the blurred digits is at 1 for digits and for noise, and at 0 for blurred
# ones.
#
# The D that was trained against noise is quite sure that blurred digits are
# real. It never had to look at sharpness: "mostly black" was enough to tell
# digits from noise. And the D that was trained against blurred digits takes
# pure noise for the real thing: it is sharp, after all! **D learns only as
# much as its fakes force it to.** That is why the two networks of a GAN must grow up together: bad fakes make a
# lazy officer, and better fakes make a better one.

# %%
exercises.claim(min(blur_history[: below + 1]), at_least=0.2)  # slower
far_below = np.mean(noise_history[-50:]) / np.mean(blur_history[-50:])
exercises.claim(far_below, at_most=0.1)
exercises.claim(said["noise", "held-out digits"], at_least=0.9)
exercises.claim(said["noise", "blurred digits"], at_least=0.9)
exercises.claim(said["noise", "noise"], at_most=0.1)
exercises.claim(said["blurred digits", "held-out digits"], at_least=0.9)
exercises.claim(said["blurred digits", "noise"], at_least=0.9)
exercises.claim(said["blurred digits", "blurred digits"], at_most=0.1)
logit = float(blur_d(digit)[0, 0])
exercises.claim(logit, at_least=5)
gk.plots.feature_maps(blur_d, digit[0])

# %% [markdown]
# What you should see: the rows of maps from before, now those of the D that
# learnt about blur; in the first two most maps look nearly the same, the
# last two have larger even areas, and the logit is far above 0.
#
# Random windows see edges already, and so the first layer had little to
# change. What the deeper layers make of them is what D has learnt.
#
# ## The same in the package
#
# `gk.losses.NonSaturating().discriminator` is D's loss, one number for each
# pair of a real image and a fake. It is what you have just written:

# %%
some = held_out[::16]  # of every digit a few
real_logits = blur_d(some)[:, 0]
fake_logits = blur_d(blur(some))[:, 0]
by_hand = tf.nn.softplus(-real_logits) + tf.nn.softplus(fake_logits)
loss = gk.losses.NonSaturating()
packaged = loss.discriminator(real_logits, fake_logits)
print(float(tf.reduce_mean(by_hand)), float(tf.reduce_mean(packaged)))
exercises.claim(tf.reduce_max(tf.abs(by_hand - packaged)), at_most=1e-5)

# %% [markdown]
# ## What you have seen
#
# - D is a classifier: image in, one logit out. Strided convolutions halve the
#   map, and the channels double.
# - Its loss is two cross-entropies, real against 1 and fake against 0, added.
#   It is 2 log 2 for a D that cannot tell.
# - Against poor fakes D is quickly perfect, and learns little.
#
# ## Exercises
#
# **1. Sizes.** An image of `size` pixels goes through `layers` convolutions of
# stride 2 that halve it, rounding up. List the sizes of the maps, without the
# image itself.


# %%
def map_sizes(size, layers):
    """Two ints -> a list of ints."""
    ...  # your turn


exercises.check("map_sizes", map_sizes)

# %% [markdown]
# **2. From logit to probability.** It should work for very sure logits, too.
# (NumPy: `np.exp(800)` is too large to hold. Of which number can you take the
# exponential without risk?)


# %%
def probability(logits):
    """Float array [n] -> float array [n], between 0 and 1."""
    ...  # your turn


exercises.check("probability", probability)

# %% [markdown]
# **3. D's loss.** From D's logits on real images and on fakes, the loss: one
# number. (There may be more real images than fakes: each kind has its own
# mean.)


# %%
def discriminator_loss(real_logits, fake_logits):
    """Float arrays [n] and [m] -> one number."""
    ...  # your turn


exercises.check("discriminator_loss", discriminator_loss)

# %% [markdown]
# **4. A strided convolution by hand.** Lay the window on the image at every
# `stride`-th row and column where it fits, multiply, add up.


# %%
def strided_convolution(image, window, stride):
    """Float arrays [h, w] and [k, k], and an int -> the map, a float array."""
    ...  # your turn


exercises.check("strided_convolution", strided_convolution)
