# %% [markdown]
# # 9. Faces in colour
#
# **How does a folder of pictures become a machine that draws new ones?**
#
# *Running time: about 4 minutes on two cores.*
#
# At the end you will be able to
#
# - look at a folder before a network does, and know what is wrong with it;
# - say why D and G of a DCGAN mirror each other, map by map;
# - train on images of your own: only one line of this tutorial changes.

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
from IPython.display import display
from matplotlib.colors import rgb_to_hsv

import gan_keras as gk
from gan_keras import exercises

keras.utils.set_random_seed(1)

# %% [markdown]
# ## The folder
#
# Any folder of image files will do, of any size and any common format. If you
# have one of faces, cats or flowers, a thousand or more, put its path here (or
# into the environment variable `GAN_KERAS_FACES`), and run the tutorial with
# it. Otherwise it makes its own: **small faces that a program draws**, nobody's
# face and nobody's art. Each one is another draw of eleven properties: hair
# colour, hair shape, fringe, skin, eye colour, eye size, mouth, blush, tilt of
# the head, clothes, background.

# %%
folder = os.environ.get("GAN_KERAS_FACES")  # or: folder = "path/to/my/faces"
drawn = folder is None
if drawn:
    number = exercises.setting(full=2000, smoke=100)
    folder = gk.datasets.write_drawn_faces("drawn_faces", number)

# %% [markdown]
# ## First, look
#
# Most of what goes wrong with images of one's own goes wrong before training:
# half of the files are thumbnails, some are broken, a hundred are the same
# picture. So look first, at what the network *will* see: decoded, brought to
# 64x64 (the shorter side is scaled, and the longer one cut), in colour.

# %%
found = gk.datasets.inspect(folder, image_size=64)
print(found)
gk.plots.contact_sheet(found)

# %% [markdown]
# *What you should see: 64 faces, each with both eyes and its chin in the
# picture (a few tails of hair are cut by the edge). If chins or eyes are cut
# off in yours, crop the files first: what is not on this sheet, G will never
# draw.*
#
# (In a terminal: `gan-keras data FOLDER --preview sheet.png --image-size 64`.)
#
# A tenth of the files is held out, and we train on the others. They are
# decoded once, and stay in memory as whole numbers from 0 to 255. When an epoch
# begins they are shuffled, and half of them mirrored: a face that looks to the
# left may as well look to the right.

# %%
images, _ = gk.datasets.load(folder, image_size=64, channels=3)
held_out, _ = gk.datasets.load(folder, "test", image_size=64, channels=3)
data = gk.datasets.pipeline(images, batch_size=32, seed=1, flip=True)
print(images.shape, images.dtype, f"{images.nbytes / 2**20:.0f} MiB")

# %% [markdown]
# ## Down by halves, and up again
#
# D has to turn 64x64x3 = 12,288 numbers into a single one. It does so by
# convolutions that stride: each looks at 4x4 pixels, then moves on by *two*,
# and so halves the map. G walks the same way back.
#
# **Predict:** which of D's four convolutions has the most weights: the first,
# which sees the largest map, or the last, which sees the smallest?

# %%
epochs = exercises.setting(full=25, smoke=1)
gan = gk.recipes.dcgan((64, 64, 3), steps=epochs * len(data), width=16, seed=1)


def maps(network):
    """Name, map and weights of every layer that has a map."""
    return [
        (layer.name, layer.output.shape[1:], layer.count_params())
        for layer in network.layers
        if len(layer.output.shape) == 4 and "onv" in type(layer).__name__
    ]


for title, network in [("D", gan.discriminator), ("G", gan.generator)]:
    print(title)
    for name, (height, width, channels), weights in maps(network):
        print(f"  {name:12} {height:3}x{width:<3} x{channels:<4} {weights:8,}")

d_sizes = [shape[0] for _, shape, _ in maps(gan.discriminator)]
g_sizes = [shape[0] for _, shape, _ in maps(gan.generator)]
assert d_sizes == [32, 16, 8, 4] and g_sizes == [8, 16, 32, 64]
d_weights = [weights for _, _, weights in maps(gan.discriminator)]
exercises.claim(d_weights[-1] / sum(d_weights), at_least=0.5)

# %% [markdown]
# *What you should see: D goes 32, 16, 8, 4, and G 8, 16, 32, 64, with the
# channels doubling where D's map halves.* So from D's first map on, the
# number of values falls by half at each step, while from the second
# convolution on the weights grow fourfold: the last one has three quarters of
# those of all four.
# The first ones know edges and colours, of which there are few kinds; the
# last ones know eyes and fringes, of which there are many.
#
# The maps mirror each other, and so do the channels: 16 at 32x32 in D and in
# G. But G's teacher must see more than G draws. So D has one more layer between
# its last map and the logit, of 256 units, in which what it has seen in one
# place meets what it has seen in all others: are the two eyes alike? Every unit
# looks at all 4x4x128 numbers of that map, so this layer alone has three times
# as many weights as the four convolutions together.

# %%
convolutions = sum(d_weights)
hidden = sum(layer.count_params() for layer in gan.discriminator.layers)
hidden -= convolutions
print(f"D: {convolutions:,} in convolutions, {hidden:,} behind them")
exercises.claim(hidden / convolutions, at_least=2.9, at_most=3.2)

# %% [markdown]
#
# The paper that introduced the DCGAN (Radford and others, 2015) has 128
# channels in G's thinnest layer, where we have 16: that is what makes it fit
# into minutes without a GPU.
#
# ## Train
#
# **Predict:** what will G learn first: that there are two eyes, or that hair
# comes in many colours? And what last?

# %%
strip = gk.callbacks.Record(lambda gan: gan.generate(4, seed=3), every=1)
history = gan.fit(
    data,
    epochs=epochs,
    verbose=0,
    callbacks=[gk.callbacks.SampleGrid("runs/faces", show=True), strip],
)

# %% [markdown]
# *What you should see: a grid of 64 faces, each of them from its own noise.*
#
# And this is how four of them came to be:

# %%
gk.plots.sample_strip(strip.epochs, strip.answers)

# %% [markdown]
# *What you should see: from left to right nothing at first, soon a blur with
# a head and two dark spots in it, then a face, and only later clean
# outlines.* G learns first what all faces have in common: where the head is,
# and the eyes. A fake without them is caught by D, whatever else is right
# about it. How faces *differ*, by mouths, by tails, by the colour of the
# eyes, comes later, and a background of one even colour has not come by the
# end. Until then the same noise may well change its hair.
#
# ## Is it any good?
#
# Eight real ones that were held out, and eight fakes:

# %%
fakes = gan.generate(400, seed=7)
# From all over the folder, whose classes, if any, follow each other.
unseen = held_out[:: max(1, len(held_out) // 8)][:8]
gk.plots.image_rows({"real": gk.datasets.to_float(unseen), "fake": fakes[:8]})

# %% [markdown]
# *What you should see: two rows of which you can tell which is which: the
# fakes have rough outlines, and backgrounds of several colours. Their hair
# alone would not tell you.*
#
# A folder has variety, and a GAN may lose it. Colour is easy to check. Here is
# the mean colour of the upper part of each image, where drawn faces have their
# hair, sorted by hue: real ones above, fakes below.


# %%
def tops(images):
    """The mean colour of each image's upper part, [n, 3] in [0, 1]."""
    return (np.asarray(images)[:, 8:14, 26:38].mean(axis=(1, 2)) + 1) / 2


some = images[:: max(1, len(images) // len(fakes))]
real_tops = tops(gk.datasets.to_float(some))
fake_tops = tops(fakes)
figure, axes = plt.subplots(2, 1, figsize=(9, 1.6), layout="constrained")
for axis, label, colours in zip(
    axes, ["real", "fake"], [real_tops, fake_tops], strict=True
):
    ordered = colours[np.argsort(rgb_to_hsv(colours)[:, 0])]
    axis.imshow(ordered[None], aspect="auto")
    axis.set_ylabel(label, rotation=0, ha="right", va="center")
    axis.set_xticks([])
    axis.set_yticks([])
display(figure)
plt.close(figure)
spread = fake_tops.std(axis=0).mean() / real_tops.std(axis=0).mean()
print(f"The fakes' colours are {spread:.0%} as far apart as the real ones'.")

# %% [markdown]
# *What you should see: two rainbows, the lower one with the same hues as the
# upper one, perhaps in other shares.* For the drawn faces, the fakes' hair
# has at least half of the real ones' variety.

# %%
if drawn:
    exercises.claim(spread, at_least=0.5)

# %% [markdown]
# ## From face to face
#
# Nothing between two real files is a file. Between two of G's faces there are
# only more faces:

# %%
walk = gan.generate_from(gan.walk_inputs(stops=4, frames=4, seed=5))
gk.plots.image_rows(
    {f"walk {i + 1}": walk[8 * i : 8 * i + 8] for i in range(2)}
)

# %% [markdown]
# *What you should see: hair and background change their colours step by
# step, and every picture on the way is a face.* Mixing the pixels of two files
# would give two pairs of eyes half way; a network that had learnt the files by
# heart would often stay near one of them and then change quickly to the next.
# A smooth walk is no proof, though: whether G copies is seen beside the training
# images that are nearest to its own (tutorial 11).
#
# ## Further
#
# The same from a terminal, for an hour, with the grid, the curves and
# everything else below `runs`; with 24 channels instead of 16, which is the
# default for this size:
#
# ```sh
# gan-keras train dcgan --data FOLDER --image-size 64 --flip --minutes 60
# ```
#
# A folder too large for memory is decoded into a file on the disk. And with
# a sub-folder for each kind of face, `gan-keras train cgan` draws the kind it
# is asked for: tutorial 7 says how.
#
# ## What you have seen
#
# - Look at a folder before you train on it: what is not on the contact sheet
#   will not be learnt.
# - D halves the map with every stride and doubles the channels; G mirrors it.
# - G learns first what all images share, and then how they differ.
# - Variety is to be measured, not hoped for.
#
# ## Exercises
#
# **1. A square.** Images of any shape have to become squares. Cut the largest
# one out of the middle. (Where the rest is odd, let the last row or column be
# the one that goes.)


# %%
def centre_square(image):
    """Array [height, width, 3] -> array [side, side, 3]."""
    ...  # your turn


exercises.check("centre_square", centre_square)

# %% [markdown]
# **2. Mirrored.** Mirror those images of a batch for which `flips` is true,
# left to right, and give back a new array.


# %%
def mirror_some(images, flips):
    """Arrays [n, height, width, 3] and bool [n] -> one like the first."""
    ...  # your turn


exercises.check("mirror_some", mirror_some)

# %% [markdown]
# **3. Does it fit?** How many bytes do `count` decoded colour images of
# `size` x `size` take?


# %%
def bytes_needed(count, size):
    """Two ints -> an int."""
    ...  # your turn


exercises.check("bytes_needed", bytes_needed)

# %% [markdown]
# **4. Copies.** Folders from the net have pictures twice. How many images of
# this array could go, so that each picture is there once?


# %%
def extra_copies(images):
    """Uint8 array [n, height, width, 3] -> an int."""
    ...  # your turn


exercises.check("extra_copies", extra_copies)
