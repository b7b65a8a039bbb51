# %% [markdown]
# # 10. TensorBoard
#
# **Seven curves and a wall of histograms: what do you look at first, to see
# how a GAN is doing?**
#
# Running time: about 2 minutes on two CPU cores.
#
# Afterwards you will be able to
#
# - write a run that TensorBoard can show, and open it,
# - read its tabs: scalars, images, histograms, the graph,
# - lay two runs over each other, and see which of them is in trouble,
# - read the same files from Python, for a report.

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

# %% [markdown]
# (If the next cell prints lines on red: TensorFlow greets the machine. Nothing
# is wrong.)

# %%
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # fewer remarks on GPUs

import io

import keras
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from tensorboard.backend.event_processing import event_accumulator

import gan_keras as gk
from gan_keras import exercises

images, labels = gk.datasets.load("digits")
used = exercises.setting(full=3200, smoke=64)  # in an epoch
data = gk.datasets.pipeline(images, batch_size=32, epoch_size=used)

# %% [markdown]
# ## Two runs to compare
#
# One callback, `gk.callbacks.TensorBoardSamples`, writes everything that this
# tutorial looks at. Each run gets a folder of its own below one common
# folder; that is all that TensorBoard needs to compare them.
#
# - **calm**: the R1 penalty holds D back a little, as in tutorial 4.
# - **harsh**: no penalty, and G learns at a tenth of D's rate (in the calm run
#   both have the same, which is D's in this one, too).
#
# **Before you run the next cell:** write down what you expect of D's opinion
# of real images, and of fakes, in the harsh run.

# %%
epochs = exercises.setting(full=8, smoke=2)


def run(name, g_rate, penalties):
    keras.utils.set_random_seed(0)
    gan = gk.GAN(
        gk.networks.dcgan_generator((28, 28, 1), latent_dim=32, width=8),
        gk.networks.dcgan_discriminator((28, 28, 1), width=8),
        seed=0,
    )
    gan.compile(
        d_optimizer=keras.optimizers.Adam(2e-3, beta_1=0.5),
        g_optimizer=keras.optimizers.Adam(g_rate, beta_1=0.5),
        loss=gk.losses.NonSaturating(),
        penalties=penalties,
        jit_compile=False,  # for so short a run, compiling does not pay
    )
    board = gk.callbacks.TensorBoardSamples(
        f"logs/{name}",
        rows=4,
        histograms=True,  # weights and gradients, every epoch
        graph=True,  # the training step, once
    )
    gan.fit(data, epochs=epochs, verbose=0, callbacks=[board])
    return gan


calm = run("calm", 2e-3, [gk.penalties.R1(gamma=1.0, share=0.25)])
harsh = run("harsh", 2e-4, [])

# %% [markdown]
# ## Open it
#
# In a terminal, in the folder that this notebook runs in (and with its virtual
# environment activated):
#
# ```sh
# tensorboard --logdir logs
# ```
#
# and open the address that it prints, usually `http://localhost:6006`. In
# Jupyter or Colab you can have it inside the notebook; put these two lines
# into a cell of their own:
#
# ```
# %load_ext tensorboard
# %tensorboard --logdir logs
# ```
#
# It re-reads the files as they grow: you can watch a training that is still
# going on, and stop it when you have seen enough.
#
# What is in the files? Everything that the browser shows can be read from
# Python, too. From here on we do that, so that each tab has its picture here;
# open TensorBoard beside it and find the same things there.


# %%
def read(name):
    """The event files of a run, all of them, nothing left out."""
    everything = {
        kind: 0
        for kind in ("scalars", "images", "histograms", "tensors", "graph")
    }
    events = event_accumulator.EventAccumulator(
        f"logs/{name}/train", size_guidance=everything
    )
    return events.Reload()


runs = {"calm": read("calm"), "harsh": read("harsh")}
tags = sorted(runs["calm"].Tags()["tensors"])
print(len(tags), "tags. The curves and the samples, and some histograms:")
print([tag for tag in tags if "/" not in tag])
print([tag for tag in tags if "/" in tag][:3])

# %% [markdown]
# ## The tab *Scalars*: who is winning?
#
# Each tag is one curve, each run one colour. Four tags are enough for a first
# look, and it pays to read them in this order:
#
# 1. `epoch_d_real` and `epoch_d_fake`: what D says, on average, of real
#    images and of fakes. Together near one half: an even game. Far apart: D
#    sees through everything.
# 2. `epoch_g_loss`: how hard G finds it. Rising for long: G loses touch.
# 3. `epoch_d_loss`: near zero, D has nothing left to learn, and its advice
#    to G is seldom of use.


# %%
def curve(events, tag):
    """Steps and values of one curve."""
    points = events.Tensors(tag)
    steps = [point.step for point in points]
    values = [float(np.asarray(_array(point))) for point in points]
    return steps, values


def _array(point):
    from tensorflow import make_ndarray

    return make_ndarray(point.tensor_proto)


lines = {
    "calm": {"color": gk.plots.D_COLOUR, "linestyle": "-"},
    "harsh": {"color": gk.plots.G_COLOUR, "linestyle": "--"},
}
figure, axes = plt.subplots(2, 2, figsize=(9, 5), layout="constrained")
for axis, tag in zip(
    axes.flat, ["epoch_d_real", "epoch_d_fake", "epoch_g_loss", "epoch_d_loss"]
):
    for name, events in runs.items():
        axis.plot(*curve(events, tag), **lines[name], label=name)
    axis.set(title=tag, xlabel="epoch", ylabel="mean over the epoch")
    axis.spines[["top", "right"]].set_visible(False)
    if tag.startswith("epoch_d_") and "loss" not in tag:
        axis.set_ylim(-0.02, 1.02)
        axis.axhline(0.5, color=gk.plots.QUIET, linestyle=":")
axes[0, 0].legend(frameon=False)
plt.show()

# %% [markdown]
# *What you should see: the calm run (solid) has D's two opinions come closer
# and closer to one half. In the harsh run (dashed) D says nearly 1 of real
# images and nearly 0 of fakes from the first epoch to the last; its d_loss
# stays far below the calm run's and ends next to nothing, and its g_loss is
# more than twice as high from the start, and several times at the end.*

# %%
last = {
    name: {
        tag: curve(events, f"epoch_{tag}")[1][-1]
        for tag in ("d_real", "d_fake", "g_loss", "d_loss")
    }
    for name, events in runs.items()
}
for name, values in last.items():
    print(name, {tag: round(value, 2) for tag, value in values.items()})
exercises.claim(last["harsh"]["d_real"], at_least=0.9)
exercises.claim(last["harsh"]["d_fake"], at_most=0.1)
exercises.claim(last["calm"]["d_real"], at_most=0.75)
exercises.claim(last["calm"]["d_fake"], at_least=0.35)
exercises.claim(last["harsh"]["d_loss"], at_most=0.15)
exercises.claim(min(curve(runs["harsh"], "epoch_d_real")[1]), at_least=0.9)
exercises.claim(max(curve(runs["harsh"], "epoch_d_fake")[1]), at_most=0.15)
exercises.claim(last["harsh"]["g_loss"] / last["calm"]["g_loss"], at_least=2)

# %% [markdown]
# Two things are good to know:
#
# - **Smoothing**, a slider at the left, averages each curve over its past; the
#   pale line behind is the truth. Set it to 0 when you look for a single bad
#   epoch.
# - The **learning rates** are curves, too: `d_learning_rate`,
#   `g_learning_rate`. If a run changes its behaviour, look whether they did.
#
# ## The tab *Images*: what do the curves mean?
#
# The same latent vectors, drawn after every epoch; a slider goes through the
# epochs. **Look here before you believe a curve.**


# %%
def picture(events, at):
    width, height, png = _array(events.Tensors("samples")[at])[:3]
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


figure, axes = plt.subplots(2, 2, figsize=(9, 5), layout="constrained")
for row, (name, events) in zip(axes, runs.items()):
    for axis, at in zip(row, (0, -1)):
        step = events.Tensors("samples")[at].step
        axis.imshow(picture(events, at), cmap="gray")
        axis.set_title(f"{name}, epoch {step}", fontsize=10)
        axis.axis("off")

# %% [markdown]
# *What you should see: above the calm run, after its first epoch and after
# its last: from blots to digits or something near them. Below the harsh one:
# patches of noise that are no digits even in the end.*
#
# ## The tabs *Histograms* and *Distributions*: do the weights live?
#
# With `histograms=True` every array of weights (the kernel of a layer, or
# its bias) of both networks has a histogram each epoch, and so has its
# gradient. There are many. Look at two things:
#
# - **gradients/generator/...**: where learning arrives. All of them in one
#   thin peak at zero: G is told nothing. Wider each epoch: something is about
#   to explode.
# - **weights/...**: they should drift slowly. A layer that never changes does
#   not learn.
#
# TensorBoard stacks the epochs behind each other, the latest in front, and
# puts the two runs side by side. There are several pages; search for a layer
# with the field on top. Here is one of them: the gradient of the kernel of
# G's last layer, in the calm run.


# %%
def histograms(events, tag):
    """Epoch to rows `[left edge, right edge, count]`."""
    return {point.step: _array(point) for point in events.Tensors(tag)}


layer = "gradients/generator/up_28x28/kernel"
rows = histograms(runs["calm"], layer)
figure, axes = plt.subplots(
    len(rows), 1, figsize=(7, 0.75 * len(rows) + 0.6), sharex=True,
    layout="constrained", squeeze=False,
)  # fmt: skip
for axis, (step, bars) in zip(axes[:, 0], rows.items()):
    axis.bar(
        bars[:, 0], bars[:, 2], bars[:, 1] - bars[:, 0], align="edge",
        color=lines["calm"]["color"],
    )  # fmt: skip
    axis.set_ylabel(f"epoch {step}", rotation=0, ha="right", va="center")
    axis.set_yticks([])
    axis.spines[["top", "right", "left"]].set_visible(False)
axes[-1, 0].set_xlabel("gradient of one weight (height: how many have it)")
plt.show()

# %% [markdown]
# *What you should see: one small histogram an epoch. The first is wide and
# lopsided; from the second on the peak is near zero: most weights of this
# layer are told to move a little, some a lot. They get narrower as the game
# becomes even, but not to one thin line.*
#
# One number for a histogram is its spread. Over all layers of G, and both
# runs:


# %%
def spread(bars):
    middle = (bars[:, 0] + bars[:, 1]) / 2
    return np.sqrt(np.average(middle**2, weights=bars[:, 2]))


kernels = [  # in the order of the layers, from z to the pixels
    f"gradients/generator/{layer.name}/kernel"
    for layer in calm.generator.layers
    if f"gradients/generator/{layer.name}/kernel" in tags
]
figure, axis = plt.subplots(figsize=(7, 3), layout="constrained")
spreads = {}
for name, events in runs.items():
    spreads[name] = strength = [
        spread(histograms(events, tag)[epochs]) for tag in kernels
    ]
    axis.plot(
        strength, range(len(kernels)), "o" if name == "calm" else "s",
        color=lines[name]["color"], label=name,
    )  # fmt: skip
axis.set_yticks(range(len(kernels)), [t.split("/")[-2] for t in kernels])
axis.invert_yaxis()
axis.set(xscale="log", xlabel="spread of the gradient in the last epoch")
axis.spines[["top", "right"]].set_visible(False)
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# *What you should see: one row for each layer of G, the first on top, with a
# dot for the calm and a square for the harsh run, on a logarithmic axis. The
# squares lie far to the right of the dots.*
#
# A D that is too strong does not fall silent, at least not with the
# non-saturating loss. It shouts. Long gradients are no sign of good advice:
# look at the harsh run's images above.

# %%
ratios = np.array(spreads["harsh"]) / spreads["calm"]
print("harsh / calm, layer by layer:", ratios.round(1))
exercises.claim(ratios.min(), at_least=2)

# %% [markdown]
# ## The tab *Graphs*: is the wiring right?
#
# With `graph=True` the whole training step is drawn once, as it is written,
# before TensorFlow shortens it. It is large and takes a while to appear;
# search it for the names of your layers (there is a search field at the
# left) and follow an arrow or two. It answers questions such as "does D get
# the fakes as well?" From Python:

# %%
graph = runs["calm"].Graph()
nodes = [node.name for node in graph.node]
looks = sorted(
    {
        name.split("/")[0]
        for name in nodes
        if name.startswith("discriminator") and name.endswith("/convolution")
    }
)
print(len(nodes), "operations, and D at work in", len(looks), "places:", looks)
exercises.claim(len(looks), at_least=5, at_most=5)

# %% [markdown]
# D stands in the graph of one step five times in the calm run. **Before you
# read on:** what for?
#
# For d_loss about the real images and about the fakes; for R1's slope; and
# for g_loss about the fakes again, and about the real images, which only a
# loss that compares the two would need (for others TensorFlow drops the
# answer before it is computed).
#
# ## Comparing runs, and a number that can be believed
#
# Curves of D's opinion cannot be compared between two *losses* (a critic has
# scores, not probabilities), and a low g_loss is no proof of good images.
# What can be compared is a distance to real images. Log it, and TensorBoard
# shows it beside the others: `gk.callbacks.QualityMonitor` in front of
# `TensorBoardSamples` in the list of callbacks adds a curve
# `epoch_fd_digits`. Here we measure the two runs once, at their end.
#
# **Before you run the next cell:** by which factor do they differ?

# %%
held_out, _ = gk.datasets.load("digits", split="test")
reader = gk.extractors.get("digits")
real_features = reader(held_out)[0]
distances = {
    name: gk.metrics.frechet_distance(
        real_features, reader(gan.generate(1000, seed=0))[0]
    )
    for name, gan in [("calm", calm), ("harsh", harsh)]
}
print({name: round(value) for name, value in distances.items()})
exercises.claim(distances["harsh"] / distances["calm"], at_least=3)

# %% [markdown]
# The harsh run's number is several times the calm run's. (It is a squared
# distance, as is usual.) Its curves said so from the first epoch. (A part of it
# is only that its G takes steps a tenth as long.)
#
# ## A check list
#
# | what you see | perhaps | look next at |
# | --- | --- | --- |
# | d_real near 1, d_fake near 0 | D too strong | images, G's gradients |
# | d_loss above 1.39, g_loss low | D too weak | images, D's rate |
# | all level, images all alike | mode collapse | more samples |
# | all level, images good | an even game | a distance, to be sure |
# | a curve that ends | NaN: not a number any more | the learning rates |
#
# Tutorial 8 provokes the first three, and cures them.
#
# ## Exercises
#
# **1.** Read one curve from a folder with event files: return two lists,
# steps and values, of the scalar `tag`, in the order they were written in.
# (`curve` and `read` above are good company; but `read` looks in
# `logs/NAME/train`, and yours is given the folder itself.)


# %%
def read_scalars(directory, tag):
    # Your turn.
    ...


exercises.check("read_scalars", read_scalars)

# %% [markdown]
# **2.** TensorBoard's smoothing. With the weight w it keeps a running sum,
# from `total = 0`: `total = w * total + (1 - w) * value`, and shows, after
# the n-th value, `total / (1 - w ** n)`. (Without the division the curve
# would begin near zero, whatever its values.) Return the smoothed values.


# %%
def smoothed_curve(values, weight):
    # Your turn.
    ...


exercises.check("smoothed_curve", smoothed_curve)

# %% [markdown]
# **3.** Several runs were logged with a distance to real images, such as
# `epoch_fd_digits`, where less is better. `runs` is a dict from a run's name
# to its list of values, one an epoch, perhaps of different lengths, perhaps
# with NaN in it. Return the name of the run and the epoch (from 1) with the
# best value of all.


# %%
def best_checkpoint(runs):
    # Your turn.
    ...


exercises.check("best_checkpoint", best_checkpoint)
