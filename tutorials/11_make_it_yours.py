# %% [markdown]
# # 11. Make it yours
#
# **Your own loss, your own penalty, your own pictures: how much of the
# package do you have to touch?**
#
# Running time: about 2 minutes on two CPU cores.
#
# Afterwards you will be able to
#
# - write a loss in two methods and a penalty in one function,
# - bring your own images, from a file or a folder,
# - save a model that trains on where it stopped, and load it,
# - give G away, to people who do not have this package.

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

import pathlib

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from PIL import Image

import gan_keras as gk
from gan_keras import exercises

keras.utils.set_random_seed(0)

# %% [markdown]
# The answer in short: you touch nothing. A loss, a penalty, a network, a data
# set are *arguments*; yours goes where ours was.
#
# ## Your own pictures
#
# We need some that are not ours. So we draw them here, 600 coloured shapes,
# and pretend that they came off your camera: files of different sizes, one
# folder a class.


# %%
def draw(kind, rng):
    """One shape on a dark ground, of any size, place and colour."""
    size = int(rng.integers(40, 90))
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    x, y = x - rng.uniform(-0.3, 0.3), y - rng.uniform(-0.3, 0.3)
    r = rng.uniform(0.35, 0.6)
    inside = {
        "disc": x**2 + y**2 < r**2,
        "square": np.maximum(abs(x), abs(y)) < 0.85 * r,
        "ring": abs(np.hypot(x, y) - r) < 0.15,
    }[kind]
    colour = rng.uniform(90, 255, size=3)
    pixels = np.full((size, size, 3), 25.0)
    pixels[inside] = colour
    return Image.fromarray(pixels.astype("uint8"))


rng = np.random.default_rng(0)
folder = pathlib.Path("my_pictures")
for kind in ("disc", "ring", "square"):
    (folder / kind).mkdir(parents=True, exist_ok=True)
    for i in range(exercises.setting(full=200, smoke=20)):
        draw(kind, rng).save(folder / kind / f"{i:03}.png")

some = sorted(folder.glob("*/*.png"))[:3]
print([f"{path}: {Image.open(path).size}" for path in some])

# %% [markdown]
# `load` takes a folder, a size and the number of channels. Every file is
# resized and cropped to that size; with three channels a grey one counts as
# coloured; sub-folders, if there are any, become labels; every tenth image is
# held out as `split="test"`.
# To use **your own folder**, write `folder = "path/to/my/pictures"` as the
# first line of the next cell.

# %%
images, labels = gk.datasets.load(folder, image_size=16, channels=3)
held_out, _ = gk.datasets.load(folder, "test", image_size=16, channels=3)
print(images.shape, images.dtype, "held out:", len(held_out))
grid = gk.plots.image_grid(images[::18], columns=15, min_width=800)
gk.plots.caption(grid, "my pictures")

# %% [markdown]
# *What you should see: two rows of small discs, rings and squares of many
# colours and sizes.*
#
# Arrays do as well. An `.npz` file with `x` (images, uint8) and, if you like,
# `y` (labels) is the quickest way to keep them:

# %%
arrays = {"x": images} if labels is None else {"x": images, "y": labels}
np.savez("my_pictures.npz", **arrays)
again, again_labels = gk.datasets.load("my_pictures.npz", split="all")
print(again.shape, "the same images:", np.array_equal(again, images))
exercises.claim(np.array_equal(again, images), at_least=1)

# %% [markdown]
# Labels or not, one thing always holds: what goes into training is float32
# in [-1, 1], and `pipeline` makes it so.

# %%
data = gk.datasets.pipeline(images, batch_size=32)
batch = next(iter(data))
print(batch.dtype, tuple(batch.shape), float(tf.reduce_min(batch)))

# %% [markdown]
# ## Your own loss
#
# A loss is an object with two methods: what D makes small, and what G makes
# small. Both get D's scores of a batch of real images and of fakes, and
# return one number *for each image*. Here is one that the package does not
# have. D pushes real scores above 1 and fake ones below -1, and pays the
# *square* of what is missing.
#
# The decorator gives the class a name under which Keras finds it when a saved
# model is loaded.


# %%
@keras.saving.register_keras_serializable("my_course")
class SquaredHinge(gk.losses.Loss):
    boundary = 0.0  # above it, D says "real"

    def discriminator(self, real_logits, fake_logits):
        missing_real = tf.nn.relu(1 - real_logits)  # [batch]
        missing_fake = tf.nn.relu(1 + fake_logits)
        return missing_real**2 + missing_fake**2

    def generator(self, real_logits, fake_logits):
        return -fake_logits


# %% [markdown]
# **Before you run the next cell:** where does D, and where does G, stop
# paying attention to a fake? Look at the two formulas, then at the curves.

# %%
scores = tf.linspace(-3.0, 3.0, 121)
nothing = tf.fill(scores.shape, 1.0)  # real images that cost D nothing
figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
for name, loss, style in [
    ("squared hinge", SquaredHinge(), "-"),
    ("hinge", gk.losses.Hinge(), "--"),
    ("least squares", gk.losses.LeastSquares(), ":"),
]:
    axes[0].plot(
        scores, loss.discriminator(nothing, scores), style,
        color=gk.plots.D_COLOUR, label=name,
    )  # fmt: skip
    axes[1].plot(
        scores, loss.generator(nothing, scores), style,
        color=gk.plots.G_COLOUR, label=name,
    )  # fmt: skip
axes[0].set(title="what D pays for a fake", ylabel="loss", ylim=(-0.2, 6))
axes[1].set(title="what G pays for it", ylim=(-4, 6))
for axis in axes:
    axis.set_xlabel("D's score of the fake")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# *What you should see: on the left, D pays nothing for a fake below -1 with
# both hinges, and more and more above it; least squares have their lowest
# point at 0. On the right, with both hinges, one straight line: G never stops
# wanting a higher score.*
#
# ## Your own penalty
#
# A penalty is any callable that takes D (as a function from images to
# scores), real images and fakes, and returns a number for each image, which
# D pays on top of its loss. This one keeps the scores of real images from
# drifting off, as that of the Progressive GAN (2017) did. A plain function
# will do; its name is the name of its curve.


# %%
@keras.saving.register_keras_serializable("my_course")
def drift(discriminate, real_images, fake_images):
    return 0.001 * discriminate(real_images) ** 2


drift.name = "drift"

# %% [markdown]
# If the penalty is one on D's *slope*, somewhere, at some price, there is a
# base class: say where, `places`, and how much, `price`. R1 asks at the real
# images, R2 at the fakes. Ours asks half-way between them.


# %%
@keras.saving.register_keras_serializable("my_course")
class Halfway(gk.penalties.Penalty):
    def places(self, real_images, fake_images):
        return (real_images + fake_images) / 2

    def price(self, squared_slope):
        return 2.0 * squared_slope


# %% [markdown]
# ## All of it in one training
#
# Three things of yours, and the networks could be a fourth: any Keras model
# from latent vectors to images in [-1, 1], and from images to one score,
# without a sigmoid.

# %%
gan = gk.GAN(
    gk.networks.dcgan_generator(
        (16, 16, 3), latent_dim=16, width=16, hidden=(64, 64)
    ),
    gk.networks.dcgan_discriminator((16, 16, 3), width=16),
    ema_decay=0.99,
    seed=0,
)
gan.compile(
    d_optimizer=keras.optimizers.Adam(2e-3, beta_1=0.0, beta_2=0.99),
    g_optimizer=keras.optimizers.Adam(2e-3, beta_1=0.0, beta_2=0.99),
    loss=SquaredHinge(),
    penalties=[drift, Halfway(share=0.25)],
    jit_compile=False,  # for so short a run, compiling does not pay
)
drawings = gk.callbacks.Record(lambda gan: gan.generate(4, seed=2), every=25)
epochs = exercises.setting(full=150, smoke=1)
history = gan.fit(data, epochs=epochs, verbose=0, callbacks=[drawings])
print({name: round(v[-1], 3) for name, v in history.history.items()})

# %%
gk.plots.sample_strip(drawings.epochs, drawings.answers, columns=7)

# %% [markdown]
# *What you should see: four latent vectors in rows; from left to right grey
# turns into speckled shapes on a dark ground, rings and filled ones, and the
# speckles get fewer. At 16 by 16 pixels you cannot always tell a disc from a
# square, and the same latent vector may still change from a ring into a
# filled shape, or back.*

# %%
gk.plots.loss_race(history, gan.loss)

# %% [markdown]
# *What you should see: your loss's curves on the left, D's mean scores of
# real images and of fakes on the right. They are scores, not probabilities,
# and no line of rest is drawn, since your class does not name one.*
#
# The new curves are there as well, under their names:

# %%
figure, axis = plt.subplots(figsize=(6, 2.8), layout="constrained")
for name, style in [("drift", "--"), ("halfway", "-")]:
    curve = history.history[name]
    axis.plot(
        range(1, len(curve) + 1), curve, style, color=gk.plots.D_COLOUR,
        label=name,
    )  # fmt: skip
last = {name: history.history[name][-1] for name in ("drift", "halfway")}
exercises.claim(last["halfway"] / last["drift"], at_least=10)
axis.set(xlabel="epoch", ylabel="penalty, mean of the epoch", yscale="log")
axis.spines[["top", "right"]].set_visible(False)
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# *What you should see: two curves on a logarithmic axis. Drift costs far less
# than the slope half-way.*
#
# ## Save, load, go on
#
# One file holds both networks, the average of G, both optimizers with what
# they remember, and the rules. **Before you run the next cell:** what must
# the program that loads it have imported or defined?

# %%
gan.save("mine.keras")
loaded = keras.saving.load_model("mine.keras")  # after `import gan_keras`
print(type(loaded.loss).__name__, [p.name for p in loaded.penalties])

same = np.abs(gan.generate(4, seed=0) - loaded.generate(4, seed=0)).max()
print("largest difference of a pixel:", same)
exercises.claim(same, at_most=1e-6)

# %% [markdown]
# `import gan_keras`, and your three registered definitions: a file holds
# their names, not their code.
#
# The loaded model is compiled and trains on where it was. To see how exactly,
# both take one more epoch:

# %%
for model in (gan, loaded):
    data.set_epoch(epochs)
    model.fit(data, epochs=epochs + 1, initial_epoch=epochs, verbose=0)
apart = max(
    float(np.abs(a - b).max())
    for a, b in zip(gan.get_weights(), loaded.get_weights())
)
print("largest difference of a weight after another epoch:", apart)
exercises.claim(apart, at_most=1e-4)

# %% [markdown]
# (For a long run that may be interrupted there is `gk.callbacks.Resume`,
# which does this by itself.)
#
# ## Give G away
#
# Whoever wants your pictures needs neither D, nor the optimizers, nor this
# package. `export_generator` writes the averaged generator alone. We read it
# in a **new Python process which never imports gan_keras**.

# %%
target = pathlib.Path("generator.keras")
target.unlink(missing_ok=True)  # an existing file is not overwritten
gan.export_generator(target)
sizes = {
    str(p): f"{os.path.getsize(p) / 1e6:.1f} MB" for p in ("mine.keras", target)
}
print(sizes)

program = """
import sys, keras, numpy as np
generator = keras.saving.load_model("generator.keras", compile=False)
z = np.random.default_rng(0).standard_normal((8, 16)).astype("float32")
np.save("from_elsewhere.npy", generator.predict(z, verbose=0))
print("gan_keras imported:", "gan_keras" in sys.modules)
"""
done = subprocess.run(
    [sys.executable, "-c", program], text=True, check=True,
    capture_output=True,
)  # fmt: skip
print(done.stdout)
assert "False" in done.stdout

elsewhere = np.load("from_elsewhere.npy")
gk.plots.image_rows({"drawn elsewhere": elsewhere})

# %% [markdown]
# *What you should see: a row of eight shapes, not all of them complete,
# drawn by the other process.*
#
# A path without `.keras` makes a folder in TensorFlow's own format, which
# runs even without Keras: `tf.saved_model.load(path).serve(latents)`.
#
# **Before you share a model:** say what it was trained on, and whether those
# images were yours to use. A generator can hold more of its training images
# than one thinks; look at the nearest real ones before you publish.

# %%
samples = gan.generate(6, seed=3)
gk.plots.memorisation_panel(samples, images, held_out, rows=6)

# %% [markdown]
# *What you should see: six samples in the left column; beside each, the
# training image and the held-out image that are nearest to it by their
# pixels. If a sample had an exact twin among the training images and none
# among the others, it would be a copy.*
#
# ## Exercises
#
# **1.** Write a loss of your own: a subclass of `gk.losses.Loss` for the
# *logistic ranking* game. D pays `log(1 + exp(fake - real))` for each pair
# of a real and a fake score, and G pays `log(1 + exp(real - fake))`.


# %%
class Ranking(gk.losses.Loss):
    def discriminator(self, real_logits, fake_logits):
        # Your turn.
        ...

    def generator(self, real_logits, fake_logits):
        # Your turn.
        ...


exercises.check("ranking_loss", Ranking)

# %% [markdown]
# **2.** Write the R1 penalty as a function, from nothing but a tape:
# `gamma / 2` times the squared length of D's gradient at each real image.
# Images may be points `[batch, 2]` or pictures `[batch, H, W, C]`.


# %%
def flat_at_reals(discriminate, real_images, fake_images, gamma=1.0):
    # Your turn.
    ...


exercises.check("flat_at_reals", flat_at_reals)

# %% [markdown]
# **3.** Somebody hands you grey photographs as uint8 `[n, H, W]`. Return them
# as networks want them: float32 `[n, H, W, 1]` in [-1, 1], black -1 and white
# exactly 1.


# %%
def ready_for_training(photographs):
    # Your turn.
    ...


exercises.check("ready_for_training", ready_for_training)

# %% [markdown]
# And then: your own folder in the cell with `gk.datasets.load`, and an evening.
