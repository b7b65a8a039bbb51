"""Mistakes that learners make: what they are told, and what it costs them.

Every row is a short script, written once: with `lab.wrong` it makes the
mistake, without it does what the message advises. Up to its `yield` it
prepares. For each row the message is checked, that no network has learned a
step, that no file has changed, and that the corrected script trains.
"""

import contextlib
import hashlib
import io
import os
import zipfile
import zlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import tiny_gan
from conftest import tiny_images
from PIL import Image

import gan_keras as gk
from gan_keras.cli.run_directory import load
from gan_keras.files import in_use

layers = keras.layers
G = gk.networks.dcgan_generator
D = gk.networks.dcgan_discriminator


class Lab:
    """What a script works with."""

    def __init__(self, path, wrong):
        self.path = path
        self.wrong = wrong
        self.gans = []

    def gan(self, *networks, compiled=True, **kwargs):
        gan = gk.GAN(*networks, **kwargs) if networks else tiny_gan(**kwargs)
        self.gans.append(gan)
        if compiled:
            gan.compile(penalties=[], run_eagerly=True)  # fast
        return gan

    def fit(self, gan, x=None, **kwargs):
        x = tiny_images(16) if x is None else x
        if isinstance(x, np.ndarray):
            kwargs.setdefault("batch_size", 16)
        gan.fit(x, **{"verbose": 0, **kwargs})

    def compile(self, *args, **kwargs):
        """Compiles a fresh model as told, and trains it."""
        gan = self.gan(compiled=False)
        gan.compile(*args, **{"run_eagerly": True, "penalties": [], **kwargs})
        self.fit(gan)

    def steps(self):
        return sum(int(gan.steps.numpy()) for gan in self.gans)


MISTAKES = {}


def mistake(message, error=ValueError):
    def register(script):
        MISTAKES[script.__name__] = (message, error, script)
        return script

    return register


# ------------------------------------------------------------- the images


@mistake(r"`x` must be floating point in \[-1, 1\].*pipeline.*dtype uint8")
def uint8_images_straight_in(lab):
    images = np.uint8(127.5 + 127.5 * tiny_images(16))
    yield
    if not lab.wrong:
        images = gk.datasets.pipeline(images, batch_size=8)
    lab.fit(lab.gan(), images)


@mistake(r"`x` must lie in \[-1, 1\].*Received: values in \[0.\d+, 25\d")
def images_from_0_to_255(lab):
    images = 127.5 + 127.5 * tiny_images(16)
    yield
    lab.fit(lab.gan(), images if lab.wrong else images / 127.5 - 1)


@mistake(r"`x` seem to lie in \[0, 1\].*images \* 2 - 1")
def images_from_0_to_1(lab):
    images = 0.5 + 0.5 * tiny_images(16)
    yield
    lab.fit(lab.gan(), images if lab.wrong else images * 2 - 1)


@mistake(r"Add the channel axis: `images\[..., None\]`.*\(16, 8, 8\)")
def images_without_channels(lab):
    images = tiny_images(16)[..., 0]
    yield
    lab.fit(lab.gan(), images if lab.wrong else images[..., None])


@mistake(r"shape \[batch, 8, 8, 1\].*Received: shape \(16, 9, 9, 1\)")
def images_of_another_size(lab):
    yield
    lab.fit(lab.gan(), tiny_images(16, size=9 if lab.wrong else 8))


@mistake("`x` must be finite. Received: NaN")
def images_with_nan(lab):
    images = tiny_images(16)
    images[3, 2, 1] = np.nan
    yield
    lab.fit(lab.gan(), images if lab.wrong else np.nan_to_num(images))


@mistake("`x` must be an array, a `tf.data.Dataset`.*Received: list")
def a_list_of_images(lab):
    images = list(tiny_images(16))
    yield
    lab.fit(lab.gan(), images if lab.wrong else np.stack(images))


@mistake("`x` must be the real images. Received: x=None")
def no_images(lab):
    gan = lab.gan()
    yield
    gan.fit(None if lab.wrong else tiny_images(64), verbose=0)


@mistake("`x` must hold at least one batch.*an empty dataset")
def an_empty_data_set(lab):
    data = tf.data.Dataset.from_tensor_slices(tiny_images(16))
    yield
    lab.fit(lab.gan(), data.batch(32 if lab.wrong else 8, drop_remainder=True))


@mistake("`batch_size` must not exceed.*batch_size=64 for 16 images")
def a_batch_larger_than_the_data(lab):
    yield
    lab.fit(lab.gan(), batch_size=64 if lab.wrong else 16)


@mistake("`batch_size` must .*Received: batch_size=0")
def a_batch_of_nothing(lab):
    yield
    lab.fit(lab.gan(), batch_size=0 if lab.wrong else 8)


@mistake("`y` and `batch_size` go with arrays; a dataset brings its own")
def batch_size_of_a_data_set(lab):
    data = tf.data.Dataset.from_tensor_slices(tiny_images(16)).batch(8)
    yield
    lab.fit(lab.gan(), data, **({"batch_size": 8} if lab.wrong else {}))


@mistake("`labels` must .*16")
def too_few_labels(lab):
    labels = np.arange(16) % 10
    yield
    lab.fit(lab.gan(), y=labels[:15] if lab.wrong else labels)


@mistake("`labels`")
def labels_between_classes(lab):
    labels = np.linspace(0, 1, 16) if lab.wrong else np.arange(16) % 2
    yield
    lab.fit(lab.gan(), y=labels)


@mistake(r"`validation_data` must be floating point.*dtype uint8")
def uint8_validation_data(lab):
    held_out = np.uint8(127.5 + 127.5 * tiny_images(16))
    yield
    if not lab.wrong:
        held_out = gk.datasets.pipeline(held_out, batch_size=8)
    lab.fit(lab.gan(), validation_data=held_out)


@mistake("`validation_split`.*load.*split")
def validation_split(lab):
    images = tiny_images(24)
    yield
    if lab.wrong:
        lab.fit(lab.gan(), images, validation_split=0.3)
    else:
        held_out = gk.datasets.pipeline(images[16:], batch_size=8)
        lab.fit(lab.gan(), images[:16], validation_data=held_out)


@mistake("`sample_weight` has no effect.*remove it")
def sample_weights(lab):
    weights = {"sample_weight": np.ones(16)} if lab.wrong else {}
    yield
    lab.fit(lab.gan(), **weights)


@mistake("`epochs` must be a whole number, 1 or more. Received: epochs=0")
def no_epochs(lab):
    yield
    lab.fit(lab.gan(), epochs=0 if lab.wrong else 1)


@mistake("compile")
def fit_before_compile(lab):
    gan = lab.gan(compiled=False)
    yield
    if not lab.wrong:
        gan.compile(run_eagerly=True)
    lab.fit(gan)


# ----------------------------------------------------------- the networks


def network(*stack, shape=(8, 8, 1)):
    return keras.Sequential([keras.Input(shape), *stack])


def drawing(activation):
    return network(
        layers.Dense(64),
        layers.Reshape((8, 8, 1)),
        layers.Activation(activation),
        shape=(4,),
    )


@mistake(r"same `image_shape`.*generator output \(8, 8, 1\).*\(16, 16, 1\)")
def networks_of_two_sizes(lab):
    yield
    lab.fit(
        lab.gan(G((8, 8, 1), 4, 4), D((16 if lab.wrong else 8,) * 2 + (1,), 4))
    )


@mistake("`discriminator` must return logits, but ends in a sigmoid")
def a_sigmoid_at_the_end_of_d(lab):
    last = layers.Dense(1, "sigmoid" if lab.wrong else None)
    yield
    lab.fit(lab.gan(G((8, 8, 1), 4, 4), network(layers.Flatten(), last)))


@mistake(r"`discriminator` must end in one logit.*output shape \(None, 2\)")
def two_logits(lab):
    last = layers.Dense(2 if lab.wrong else 1)
    yield
    lab.fit(lab.gan(G((8, 8, 1), 4, 4), network(layers.Flatten(), last)))


@mistake("end it in a tanh. Received: 'sigmoid'")
def a_sigmoid_at_the_end_of_g(lab):
    generator = drawing("sigmoid" if lab.wrong else "tanh")
    yield
    lab.fit(lab.gan(generator, D((8, 8, 1), 4)))


@mistake("end it in a tanh. Received: 'relu'")
def a_relu_at_the_end_of_g(lab):
    generator = drawing("relu" if lab.wrong else "tanh")
    yield
    lab.fit(lab.gan(generator, D((8, 8, 1), 4)))


@mistake("`generator` and `discriminator` must be two networks")
def one_network_for_both(lab):
    generator, judge = drawing("tanh"), D((8, 8, 1), 4)
    yield
    lab.fit(lab.gan(judge if lab.wrong else generator, judge))


@mistake("`generator` must be a `keras.Model`.*Received: generator=<function")
def a_function_for_a_network(lab):
    yield
    lab.fit(lab.gan(G if lab.wrong else G((8, 8, 1), 4, 4), D((8, 8, 1), 4)))


@mistake(r"`generator` must know its shapes.*keras.Input\(shape\)")
def a_network_without_input(lab):
    stack = [layers.Dense(64, "tanh"), layers.Reshape((8, 8, 1))]
    if not lab.wrong:
        stack.insert(0, keras.Input((4,)))
    yield
    lab.fit(lab.gan(keras.Sequential(stack), D((8, 8, 1), 4)))


@mistake("`generator` must be a network that can be copied.*Lambda")
def a_lambda_in_g(lab):
    last = layers.Lambda(lambda x: tf.tanh(x)) if lab.wrong else Tanh()
    stack = [layers.Dense(64), layers.Reshape((8, 8, 1)), last]
    yield
    lab.fit(lab.gan(network(*stack, shape=(4,)), D((8, 8, 1), 4)))


class Tanh(layers.Layer):  # not registered, and need not be
    def call(self, inputs):
        return tf.tanh(inputs)


@mistake("'steep' has an activation of your own.*Keras' 'leaky_relu'")
def an_activation_with_a_name_of_keras(lab):
    def leaky_relu(x):
        return tf.nn.leaky_relu(x, 0.01)

    if not lab.wrong:
        leaky_relu = keras.activations.leaky_relu
    steep = layers.Dense(64, leaky_relu, name="steep")
    generator = network(steep, layers.Reshape((8, 8, 1)), shape=(4,))
    yield
    lab.fit(lab.gan(generator, D((8, 8, 1), 4)))


@mistake(r"`generator` must take latent vectors.*\(None, 1, 1, 4\)")
def latents_as_a_map(lab):
    shape = (1, 1, 4) if lab.wrong else (4,)
    stack = [layers.Reshape((1, 1, 4)), layers.Conv2DTranspose(1, 8)]
    generator = network(*stack, layers.Activation("tanh"), shape=shape)
    yield
    lab.fit(lab.gan(generator, D((8, 8, 1), 4)))


@mistake("`discriminator`: `keras.layers.SpectralNormalization` writes")
def the_other_spectral_normalization(lab):
    wrap = (keras if lab.wrong else gk).layers.SpectralNormalization
    yield
    lab.fit(lab.gan(G((8, 8, 1), 4, 4), D((8, 8, 1), 4, wrap=wrap)))


@mistake(r"`hidden` must be a tuple of widths.*Received: hidden=256")
def one_hidden_layer_without_a_tuple(lab):
    yield
    judge = D((8, 8, 1), 4, hidden=256 if lab.wrong else (256,))
    lab.fit(lab.gan(G((8, 8, 1), 4, 4), judge))


@mistake(r"`heads` must be a dict.*Received: heads=\['class'\]")
def heads_without_units(lab):
    yield
    D((8, 8, 1), 4, heads=["class"] if lab.wrong else {"class": 3})
    lab.fit(lab.gan())


@mistake(r"`seed` must be a whole number from 0 to 2\*\*32 - 1.*seed=-1")
def a_negative_seed(lab):
    yield
    lab.fit(lab.gan(seed=-1 if lab.wrong else 1))


@mistake(r"`ema_decay` must lie in \[0, 1\).*ema_decay=1.0")
def an_average_that_never_forgets(lab):
    yield
    lab.fit(lab.gan(ema_decay=1.0 if lab.wrong else 0.99))


@mistake(r"`latents` must have shape \[n, 4\].*Received: shape \(3, 5\)")
def latents_of_another_length(lab):
    gan = lab.gan()
    latents = np.zeros((3, 5 if lab.wrong else 4), "float32")
    yield
    gan.generate_from(latents)
    lab.fit(gan)


@mistake("`n` must be a whole number, 1 or more. Received: n=0")
def no_samples(lab):
    gan = lab.gan()
    yield
    gan.generate(0 if lab.wrong else 1)
    lab.fit(gan)


@mistake("float16 is not supported.*mixed_bfloat16")
def half_precision(lab):
    yield
    name = "mixed_float16" if lab.wrong else "mixed_bfloat16"
    keras.mixed_precision.set_global_policy(name)
    try:
        lab.fit(lab.gan())
    finally:
        keras.mixed_precision.set_global_policy("float32")


# ------------------------------------------------------------ the compiling


@mistake("`d_optimizer` and `g_optimizer` are the same object.*Make two")
def one_optimizer_for_both(lab):
    one, two = keras.optimizers.Adam(), keras.optimizers.Adam()
    yield
    lab.compile(one, one if lab.wrong else two)


@mistake("`g_optimizer` has already been used by a model")
def an_optimizer_of_another_model(lab):
    used, fresh = keras.optimizers.Adam(), keras.optimizers.Adam()
    used.build([keras.Variable(1.0)])
    yield
    lab.compile(g_optimizer=used if lab.wrong else fresh)


@mistake(r"`d_optimizer` must be an optimizer object.*write Adam\(\)")
def an_optimizer_class(lab):
    adam = keras.optimizers.Adam
    yield
    lab.compile(adam if lab.wrong else adam())


@mistake("`d_optimizer` must be.*Received: d_optimizer='adaam'")
def an_optimizer_misspelt(lab):
    yield
    lab.compile("adaam" if lab.wrong else "adam")


@mistake("`g_optimizer` must be.*Received: g_optimizer=0.001")
def a_number_for_an_optimizer(lab):
    yield
    lab.compile(
        g_optimizer=0.001 if lab.wrong else keras.optimizers.Adam(0.001)
    )


@mistake("`g_optimizer` must have a learning rate above 0.*learning_rate=-0.1")
def a_negative_learning_rate(lab):
    yield
    rate = -0.1 if lab.wrong else 0.1
    lab.compile(g_optimizer=keras.optimizers.SGD(rate))


@mistake("`d_optimizer` must have a learning rate above 0.*learning_rate=0")
def no_learning_rate(lab):
    yield
    lab.compile(keras.optimizers.SGD(0.0 if lab.wrong else 0.1))


@mistake("`d_optimizer` must not average weights itself")
def an_optimizer_that_averages(lab):
    yield
    lab.compile(keras.optimizers.Adam(use_ema=lab.wrong))


@mistake("`g_optimizer` must not scale the loss.*mixed_bfloat16")
def a_loss_scale(lab):
    yield
    scale = 1024 if lab.wrong else None
    sgd = keras.optimizers.SGD(0.1, loss_scale_factor=scale)
    lab.compile(g_optimizer=sgd)


@mistake("`d_optimizer` must not scale the loss")
def an_optimizer_for_float16(lab):
    adam = keras.optimizers.Adam(2e-3)
    yield
    if lab.wrong:
        adam = keras.optimizers.LossScaleOptimizer(adam)
    lab.compile(d_optimizer=adam)


class CrossEntropy(gk.losses.Loss):
    def __init__(self, reduction):
        self.cross = keras.losses.BinaryCrossentropy(
            from_logits=True, reduction=reduction
        )

    def discriminator(self, real_logits, fake_logits):
        real, fake = real_logits[:, None], fake_logits[:, None]
        ones = tf.ones_like(real)
        return self.cross(ones, real) + self.cross(0 * ones, fake)

    def generator(self, real_logits, fake_logits):
        fake = fake_logits[:, None]
        return self.cross(tf.ones_like(fake), fake)


@mistake(r"'drift', of `penalties`.*head\[:, 0\]`. Received: shape \(16, 1\)")
def a_penalty_that_keeps_an_axis(lab):
    def drift(discriminate, real_images, fake_images):
        score = discriminate(real_images) ** 2
        return score[:, None] if lab.wrong else score

    drift.name = "drift"
    yield
    lab.compile(penalties=[drift], run_eagerly=False, jit_compile=False)


@mistake(r"must return one number an image.*reduction=None.*shape \(\)")
def a_loss_that_is_a_mean(lab):
    yield
    loss = CrossEntropy("sum_over_batch_size" if lab.wrong else None)
    lab.compile(loss=loss)


@mistake("'d_real' would be logged twice: pass another `name=`")
def a_penalty_named_like_a_figure(lab):
    yield
    name = "d_real" if lab.wrong else "slope"
    lab.compile(penalties=[gk.penalties.R1(name=name)])


@mistake("`augmentation` is another model's.*make a new one")
def an_augmentation_for_two_models(lab):
    first = gk.augment.AdaptiveAugmentation()
    other = lab.gan(compiled=False)
    other.compile(augmentation=first, run_eagerly=True)
    yield
    second = gk.augment.AdaptiveAugmentation()
    lab.compile(augmentation=first if lab.wrong else second)


@mistake("Unknown `loss`. Did you mean 'non_saturating'")
def a_loss_misspelt(lab):
    yield
    lab.compile(loss="nonsaturating" if lab.wrong else "non_saturating")


@mistake(r"`loss` must be an object, not a class: write Minimax\(\)")
def a_loss_class(lab):
    minimax = gk.losses.Minimax
    yield
    lab.compile(loss=minimax if lab.wrong else minimax())


@mistake(r"`real_label` must lie in \(0.5, 1\].*Received: 0.1")
def labels_smoothed_the_wrong_way(lab):
    yield
    smooth = 0.1 if lab.wrong else 1 - 0.1
    lab.compile(loss=gk.losses.NonSaturating(real_label=smooth))


@mistake(r"`penalties` must be a list, e.g. `penalties=\[R1\(\)\]`")
def a_penalty_without_a_list(lab):
    r1 = gk.penalties.R1()
    yield
    lab.compile(penalties=r1 if lab.wrong else [r1])


@mistake("Unknown `penalties`. Did you mean 'r1'")
def a_penalty_misspelt(lab):
    yield
    lab.compile(penalties=["r11" if lab.wrong else "r1"])


@mistake("`gamma` weighs the penalty and must be 0 or more.*gamma=-1")
def a_penalty_that_rewards(lab):
    yield
    lab.compile(penalties=[gk.penalties.R1(-1.0 if lab.wrong else 1.0)])


@mistake("`every` must be a whole number, 1 or more.*every=0")
def a_penalty_never_paid(lab):
    yield
    lab.compile(penalties=[gk.penalties.R1(every=0 if lab.wrong else 1)])


@mistake(r"`share` is a part of the batch and must lie in \(0, 1\].*share=4")
def a_share_of_more_than_all(lab):
    yield
    lab.compile(penalties=[gk.penalties.R1(share=4 if lab.wrong else 0.25)])


@mistake("`penalties` must have different names.*pass `name=`")
def two_penalties_of_one_name(lab):
    yield
    name = "r1" if lab.wrong else "r1_gentle"
    lab.compile(penalties=[gk.penalties.R1(), gk.penalties.R1(0.1, name=name)])


@mistake("`penalties` ask for D's slope.*'r1' and layer 'norm_4x4'")
def batch_norm_in_d_with_a_penalty(lab):
    gan = lab.gan(
        G((16, 16, 1), 4, 4),
        D((16, 16, 1), 4, batch_norm=True),
        compiled=False,
    )
    yield
    gan.compile(penalties=["r1"] if lab.wrong else [], run_eagerly=True)
    lab.fit(gan, tiny_images(16, size=16))


@mistake("`jit_compile` and `run_eagerly` exclude each other")
def compiled_and_eager(lab):
    yield
    lab.compile(jit_compile=True, run_eagerly=lab.wrong)


@mistake("`steps_per_execution` must be a whole number, 1 or more")
def no_steps_per_execution(lab):
    yield
    lab.compile(steps_per_execution=0 if lab.wrong else 2)


# ----------------------------------------------------------- the callbacks


@mistake("`directory` must be a directory, but a file has that name")
def a_file_for_a_directory(lab):
    (lab.path / "run").write_text("precious")
    yield
    name = "run" if lab.wrong else "run2"
    lab.fit(lab.gan(), callbacks=[gk.callbacks.SampleGrid(lab.path / name)])


@mistake("`rows` must be a whole number, 1 or more. Received: rows=0")
def a_grid_without_rows(lab):
    yield
    grid = gk.callbacks.SampleGrid(lab.path, rows=0 if lab.wrong else 1)
    lab.fit(lab.gan(), callbacks=[grid])


@mistake("belongs to a model that is built or compiled in another way")
def checkpoints_of_another_model(lab):
    resume = gk.callbacks.Resume(lab.path / "run")
    if lab.wrong:
        lab.fit(gk_gan_of_width(8), callbacks=[resume])
    yield
    lab.fit(lab.gan(), callbacks=[resume])


def gk_gan_of_width(width):
    gan = gk.GAN(G((8, 8, 1), 4, width), D((8, 8, 1), width))
    gan.compile(run_eagerly=True)
    return gan


@mistake("TerminateOnNaN does not work.*gk.callbacks.DivergenceGuard")
def a_guard_that_sees_nothing(lab):
    yield
    guard = (
        keras.callbacks.TerminateOnNaN()
        if lab.wrong
        else gk.callbacks.DivergenceGuard()
    )
    lab.fit(lab.gan(), callbacks=[guard])


@mistake("waits for 'val_loss', but a GAN has two losses.*mode='min'")
def a_callback_that_waits_for_ever(lab):
    stop = keras.callbacks.EarlyStopping
    yield
    chosen = stop() if lab.wrong else stop(monitor="g_loss", mode="min")
    lab.fit(lab.gan(), callbacks=[chosen])


@contextlib.contextmanager
def full_disk():
    """The operating system refuses every byte that is to be written."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@mistake("Cannot write .*epoch_0000.png: File too large. Make room", OSError)
def a_full_disk(lab):
    (lab.path / "samples").mkdir()
    gan = lab.gan()
    yield
    with full_disk() if lab.wrong else contextlib.nullcontext():
        lab.fit(gan, callbacks=[gk.callbacks.SampleGrid(lab.path)])


@mistake("Cannot make the directory /proc/.*Choose one below", OSError)
def a_directory_that_nobody_may_make(lab):
    if not os.path.isdir("/proc/self"):
        pytest.skip("needs a file system that refuses even root")
    yield
    place = "/proc/self/gan" if lab.wrong else lab.path / "gan"
    lab.fit(lab.gan(), callbacks=[gk.callbacks.SampleGrid(place)])


@mistake("Another process is writing to")
def a_run_directory_in_use(lab):
    (lab.path / "run").mkdir()
    holder = in_use(lab.path / "run") if lab.wrong else contextlib.nullcontext()
    with holder:
        yield
        with in_use(lab.path / "run"):
            lab.fit(lab.gan())


# ---------------------------------------------------------------- the files


def load_and_fit(lab, source, **kwargs):
    images, _ = gk.datasets.load(source, **kwargs)
    lab.fit(lab.gan(), gk.datasets.pipeline(images, batch_size=8))


def small_images():
    return np.random.default_rng(0).integers(0, 256, (16, 8, 8), np.uint8)


@mistake('is neither; did you mean "digits"')
def a_data_set_misspelt(lab):
    np.savez(lab.path / "a.npz", x=small_images())
    yield
    load_and_fit(lab, "digit" if lab.wrong else lab.path / "a.npz")


@mistake("must name a data set or an existing path.*nowhere")
def a_path_that_is_not_there(lab):
    np.savez(lab.path / "a.npz", x=small_images())
    yield
    load_and_fit(lab, lab.path / ("nowhere" if lab.wrong else "a.npz"))


@mistake("pickle")
def pickled_objects(lab):
    images = small_images()
    if lab.wrong:
        images = np.array(list(images) + [None], dtype=object)
    np.savez(lab.path / "a.npz", x=images)
    yield
    load_and_fit(lab, lab.path / "a.npz")


@mistake("a.npz.*(damaged|cut|not a|cannot)")
def an_npz_cut_short(lab):
    file = io.BytesIO()
    np.savez(file, x=small_images())
    content = file.getvalue()
    (lab.path / "a.npz").write_bytes(content[: 500 if lab.wrong else None])
    yield
    load_and_fit(lab, lab.path / "a.npz")


@mistake("x_train.*pictures")
def an_npz_with_other_keys(lab):
    key = "pictures" if lab.wrong else "x_train"
    np.savez(lab.path / "a.npz", **{key: small_images()})
    yield
    load_and_fit(lab, lab.path / "a.npz")


def paint(path, size=(8, 8)):
    Image.fromarray(small_images()[0]).resize(size).save(path)


@mistake("holds no image files")
def a_folder_without_images(lab):
    (lab.path / "faces").mkdir()
    for i in range(0 if lab.wrong else 8):
        paint(lab.path / "faces" / f"{i}.png")
    yield
    load_and_fit(lab, lab.path / "faces")


@mistake("image_size")
def images_of_many_sizes(lab):
    (lab.path / "faces").mkdir()
    for i in range(8):
        paint(lab.path / "faces" / f"{i}.png", (8 + i, 9))
    yield
    load_and_fit(lab, lab.path / "faces", image_size=None if lab.wrong else 8)


@mistake("None of the 8 files in .* could be read as an image")
def text_named_png(lab):
    (lab.path / "faces").mkdir()
    for i in range(8):
        (lab.path / "faces" / f"{i}.png").write_text("no image")
        if not lab.wrong:
            paint(lab.path / "faces" / f"{i}.png")
    yield
    load_and_fit(lab, lab.path / "faces")


def bomb(path):
    """A PNG that says it has 30,000 x 30,000 pixels."""
    paint(path)
    content = bytearray(path.read_bytes())
    header = b"IHDR" + (30_000).to_bytes(4, "big") * 2 + bytes(content[24:29])
    content[12:33] = header + zlib.crc32(header).to_bytes(4, "big")
    path.write_bytes(content)


@mistake("could be read.*decompression bomb")
def an_image_bomb(lab):
    (lab.path / "faces").mkdir()
    if lab.wrong:
        bomb(lab.path / "faces" / "bomb.png")
    for i in range(0 if lab.wrong else 8):
        paint(lab.path / "faces" / f"{i}.png")
    yield
    load_and_fit(lab, lab.path / "faces", image_size=8)


@mistake("cannot load .*model.keras")
def a_model_cut_short(lab):
    path = lab.path / "model.keras"
    gan = tiny_gan()
    gan.compile(run_eagerly=True)
    gan.save(path)
    if lab.wrong:
        path.write_bytes(path.read_bytes()[:1000])
    yield
    gan = load(path)
    lab.gans.append(gan)
    lab.fit(gan)


@mistake("cannot load .*model.keras")
def a_model_that_is_something_else(lab):
    path = lab.path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    if not lab.wrong:
        gan = tiny_gan()
        gan.compile(run_eagerly=True)
        gan.save(path)
    yield
    gan = load(path)
    lab.gans.append(gan)
    lab.fit(gan)


# ------------------------------------------- classes, heads, augmentation


def tiny_conditional(lab, compiled=True, **kwargs):
    kwargs.setdefault("num_classes", 3)
    gan = gk.ConditionalGAN(
        G((8, 8, 1), 4, 4, num_classes=3), D((8, 8, 1), 4, **kwargs)
    )
    lab.gans.append(gan)
    if compiled:
        gan.compile(run_eagerly=True)
    return gan


CLASSES = np.arange(16) % 3


@mistake("`x` must have labels, since the model is conditional.*images only")
def a_conditional_model_without_labels(lab):
    yield
    gan = tiny_conditional(lab)
    lab.fit(gan, y=None if lab.wrong else CLASSES)


@mistake("the labels must lie in 0 to 2.*Received: labels from 1 to 3")
def labels_that_begin_at_one(lab):
    yield
    lab.fit(tiny_conditional(lab), y=CLASSES + 1 if lab.wrong else CLASSES)


@mistake("the labels must lie in 0 to 2.*Received: labels from 0 to 7")
def one_wrong_label_in_a_later_batch(lab):
    labels = CLASSES.copy()
    labels[-1] = 7 if lab.wrong else 0
    data = gk.datasets.pipeline(
        tiny_images(16), labels, batch_size=4, shuffle=False
    )
    yield
    lab.fit(tiny_conditional(lab), data)


@mistake(r"whole numbers, one an image.*dtype float32, shape \(4,\) for 4")
def labels_as_floats(lab):
    labels = CLASSES.astype("float32") if lab.wrong else CLASSES
    data = tf.data.Dataset.from_tensor_slices((tiny_images(16), labels))
    yield
    lab.fit(tiny_conditional(lab), data.batch(4))


@mistake("the labels must lie in 0 to 2.*Received: labels from 5 to 5")
def asked_for_a_class_that_is_not_there(lab):
    gan = tiny_conditional(lab)
    yield
    gan.generate(labels=5 if lab.wrong else 2)
    lab.fit(gan, y=CLASSES)


@mistake("`inputs` must be a pair of latents and labels")
def latents_without_labels(lab):
    gan = tiny_conditional(lab)
    latents = gan.draw_latents(3, seed=0)
    yield
    gan.generate_from(latents if lab.wrong else (latents, [0, 1, 2]))
    lab.fit(gan, y=CLASSES)


@mistake("`generator` has 2 inputs.*Use `ConditionalGAN`")
def a_conditional_generator_in_a_plain_gan(lab):
    networks = [G((8, 8, 1), 4, 4, num_classes=3), D((8, 8, 1), 4)]
    yield
    if lab.wrong:
        lab.gan(*networks)
    lab.fit(tiny_conditional(lab), y=CLASSES)


@mistake("must take latents and classes: make it with `num_classes=`")
def a_plain_generator_in_a_conditional_gan(lab):
    yield
    if lab.wrong:
        gk.ConditionalGAN(G((8, 8, 1), 4, 4), D((8, 8, 1), 4, num_classes=3))
    lab.fit(tiny_conditional(lab), y=CLASSES)


@mistake("must know the same classes.*Received: 3 and 4")
def two_numbers_of_classes(lab):
    yield
    lab.fit(tiny_conditional(lab, num_classes=4 if lab.wrong else 3), y=CLASSES)


@mistake("or G would learn to ignore them.*logits as its only output")
def a_discriminator_that_knows_no_classes(lab):
    yield
    lab.fit(
        tiny_conditional(lab, num_classes=None if lab.wrong else 3), y=CLASSES
    )


@mistake("`condition` says how D is told a class, so it needs `num_classes`")
def a_condition_without_classes(lab):
    condition = gk.networks.Concatenation()
    yield
    if lab.wrong:
        D((8, 8, 1), 4, condition=condition)
    lab.fit(tiny_conditional(lab, condition=condition), y=CLASSES)


@mistake(r"'class_loss' reads a head 'class' of 3 units.*heads=\{'class': 3\}")
def an_auxiliary_without_its_head(lab):
    kwargs = {} if lab.wrong else {"heads": {"class": 3}, "num_classes": None}
    yield
    gan = tiny_conditional(lab, compiled=False, **kwargs)
    gan.compile(auxiliaries=["class_loss"], run_eagerly=True)
    lab.fit(gan, y=CLASSES)


@mistake("'class_loss' is about classes: use a `ConditionalGAN`")
def a_class_loss_without_classes(lab):
    yield
    if lab.wrong:
        lab.compile(auxiliaries=["class_loss"])
    lab.compile(auxiliaries=[])


@mistake(r"`auxiliaries` must be a list, e.g. `auxiliaries=\[ClassLoss\(\)\]`")
def an_auxiliary_without_a_list(lab):
    yield
    lab.compile(auxiliaries="class_loss" if lab.wrong else [])


@mistake(r"`generator` must have a latent vector at least as long.*10 \+ 2")
def codes_longer_than_z(lab):
    heads = {"category": 10, "continuous": 2}
    yield
    gan = gk.InfoGAN(
        G((8, 8, 1), 4 if lab.wrong else 12, 4), D((8, 8, 1), 4, heads=heads)
    )
    lab.gans.append(gan)
    gan.compile(auxiliaries=["mutual_information"], run_eagerly=True)
    lab.fit(gan)


@mistake("`critic_steps` must be a whole number, 1 or more.*critic_steps=0")
def no_critic_steps(lab):
    yield
    lab.compile(critic_steps=0 if lab.wrong else 2)


@mistake("make the batch size a multiple of 3. Received: a batch of 8")
def a_batch_that_cannot_be_dealt_out(lab):
    yield
    gan = lab.gan(compiled=False)
    gan.compile(critic_steps=3, run_eagerly=True)
    lab.fit(gan, batch_size=8 if lab.wrong else 6)


@mistake("batches of two images or more.*Received: a batch of 3 for critic_s")
def one_image_for_each_critic_step(lab):
    yield
    gan = lab.gan(G((8, 8, 1), 4, 4, hidden=[6]), D((8, 8, 1), 4), seed=1)
    gan.compile(critic_steps=3, penalties=[], run_eagerly=True)
    lab.fit(gan, batch_size=3 if lab.wrong else 6)


@mistake("may have a smaller last batch.*drop_remainder=True")
def a_last_batch_too_small_for_all_critic_steps(lab):
    data = tf.data.Dataset.from_tensor_slices(tiny_images(16))
    data = data.batch(6, drop_remainder=not lab.wrong)
    yield
    gan = lab.gan(compiled=False)
    gan.compile(critic_steps=3, run_eagerly=True)
    lab.fit(gan, data)


@mistake("`validation_data` must have labels, since the model is conditional")
def validation_data_without_labels(lab):
    held_out = tiny_images(4)
    yield
    lab.fit(
        tiny_conditional(lab),
        y=CLASSES,
        validation_data=held_out if lab.wrong else (held_out, CLASSES[:4]),
    )


@mistake("nothing reads D's head 'class', so nothing would teach it")
def a_head_that_nobody_reads(lab):
    yield
    gan = tiny_conditional(
        lab, compiled=False, num_classes=None, heads={"class": 3}
    )
    auxiliaries = [] if lab.wrong else ["class_loss"]
    gan.compile(auxiliaries=auxiliaries, run_eagerly=True)
    lab.fit(gan, y=CLASSES)


@mistake("reads 8 categories and 2 continuous codes.*InfoGAN with 4 and 2")
def codes_of_another_model(lab):
    heads = {"category": 4, "continuous": 2}
    gan = gk.InfoGAN(G((8, 8, 1), 12, 4), D((8, 8, 1), 4, heads=heads), 4, 2)
    lab.gans.append(gan)
    yield
    mutual = gk.auxiliaries.MutualInformation(8 if lab.wrong else 4, 2)
    gan.compile(auxiliaries=[mutual], run_eagerly=True)
    lab.fit(gan)


@mistake("`discriminator` must have heads that read the codes")
def an_infogan_whose_d_reads_no_codes(lab):
    heads = None if lab.wrong else {"category": 4, "continuous": 2}
    yield
    gan = gk.InfoGAN(G((8, 8, 1), 12, 4), D((8, 8, 1), 4, heads=heads), 4, 2)
    lab.gans.append(gan)
    mutual = gk.auxiliaries.MutualInformation(4, 2)
    gan.compile(auxiliaries=[mutual], run_eagerly=True)
    lab.fit(gan)


@mistake("Unknown `augmentation`. Did you mean 'diff_augment'")
def an_augmentation_misspelt(lab):
    yield
    lab.compile(augmentation="dif_augment" if lab.wrong else "diff_augment")


@mistake("the scores of this loss have no boundary.*loss=Wasserstein")
def adaptive_augmentation_without_a_boundary(lab):
    yield
    lab.compile(
        augmentation="adaptive_augmentation",
        loss="wasserstein" if lab.wrong else "hinge",
    )


@mistake("`augmentation` is for images; points have no pixels to change")
def augmented_points(lab):
    points = np.random.default_rng(0).normal(size=(16, 2)).astype("float32")
    yield
    gan = gk.GAN(
        gk.networks.mlp_generator((2,), 4, (4,)),
        gk.networks.mlp_discriminator((2,), (4,)),
    )
    lab.gans.append(gan)
    gan.compile(
        augmentation="diff_augment" if lab.wrong else None, run_eagerly=True
    )
    lab.fit(gan, points)


# ------------------------------------------- what nothing here would listen to


@mistake("`generator` must know its shapes.*a functional model.*Drawer")
def a_subclassed_network(lab):
    class Drawer(keras.Model):
        def __init__(self):
            super().__init__()
            self.stack = drawing("tanh")

        def call(self, latents):
            return self.stack(latents)

    generator = Drawer()
    generator(np.zeros((1, 4), "float32"))
    yield
    generator = generator if lab.wrong else generator.stack
    lab.fit(lab.gan(generator, D((8, 8, 1), 4)))


@mistake("`discriminator` must have no.*weight_decay.*last/kernel' with L2")
def a_regularizer(lab):
    yield
    stack = [
        keras.Input((8, 8, 1)),
        layers.Flatten(),
        layers.Dense(
            1, kernel_regularizer="l2" if lab.wrong else None, name="last"
        ),
    ]
    lab.fit(lab.gan(G((8, 8, 1), 4, 4), keras.Sequential(stack)))


@mistake("`generator` must have no regularizers.*'maps' with L1")
def a_regularizer_of_what_a_layer_says(lab):
    yield
    stack = [
        keras.Input((4,)),
        layers.Dense(
            64,
            "tanh",
            activity_regularizer="l1" if lab.wrong else None,
            name="maps",
        ),
        layers.Reshape((8, 8, 1)),
    ]
    lab.fit(lab.gan(keras.Sequential(stack), D((8, 8, 1), 4)))


@mistake("`generator` must draw in float32.*dtype='float32'.*bfloat16")
def a_picture_of_16_bits(lab):
    yield
    stack = [
        keras.Input((4,)),
        layers.Dense(64, dtype="mixed_bfloat16"),
        layers.Reshape((8, 8, 1), dtype="mixed_bfloat16"),
        layers.Activation(
            "tanh", dtype="mixed_bfloat16" if lab.wrong else "float32"
        ),
    ]
    lab.fit(lab.gan(keras.Sequential(stack), D((8, 8, 1), 4)))


@mistake("`penalties` are logged under their names.*<function")
def a_penalty_without_a_name(lab):
    def drift(discriminate, real_images, fake_images):
        return 1e-3 * tf.square(discriminate(real_images))

    yield
    if not lab.wrong:
        drift.name = "drift"
    lab.compile(penalties=[drift])


@mistake("`g_weight` must be a number, 0 or more.*g_weight=-1")
def an_objective_turned_round(lab):
    yield
    gk.auxiliaries.ClassLoss(g_weight=-1.0 if lab.wrong else 1.0)
    lab.fit(lab.gan())


@mistake("`continuous_weight` must be a number, 0 or more.*'much'")
def a_weight_that_is_no_number(lab):
    yield
    gk.auxiliaries.MutualInformation(
        continuous_weight="much" if lab.wrong else 1
    )
    lab.fit(lab.gan())


@mistake("extractor 'digits' of 'fd_digits' looks at images of another shape")
def a_metric_of_other_images(lab):
    yield
    if lab.wrong:
        lab.compile(metrics=["frechet_distance"])
    network = gk.extractors.small_cnn((8, 8, 1), 3)
    extractor = gk.extractors.Extractor("own", network)
    lab.compile(metrics=[gk.metrics.FrechetDistance(extractor)])


@mistake("`x` must be floating point in .*dtype uint8")
def evaluating_uint8_images(lab):
    images = tiny_images(16)
    gan = lab.gan()
    yield
    if lab.wrong:
        gan.evaluate(np.uint8(127.5 + 127.5 * images), verbose=0)
    gan.evaluate(images, batch_size=8, verbose=0)
    lab.fit(gan)


@mistake("`sample_weight` has no effect on a GAN")
def evaluating_with_weights(lab):
    gan = lab.gan()
    yield
    gan.evaluate(
        tiny_images(8), sample_weight=np.ones(8) if lab.wrong else None
    )
    lab.fit(gan)


@mistake("`x` must be floating point in .*dtype uint8")
def a_generator_of_uint8_batches(lab):
    batches = tiny_images(16).reshape((2, 8, 8, 8, 1))
    yield
    if lab.wrong:
        batches = np.uint8(127.5 + 127.5 * batches)
    lab.fit(lab.gan(), (batch for batch in batches))


@mistake("`x` must yield at least one batch")
def a_generator_of_nothing(lab):
    batches = tiny_images(16).reshape((2, 8, 8, 8, 1))
    yield
    lab.fit(lab.gan(), (batch for batch in batches[: 0 if lab.wrong else 2]))


@mistake("weights of samples have no effect on a GAN.*three parts")
def weights_in_the_data_set(lab):
    images = tiny_images(16)
    parts = (images, np.zeros(16, "int32"), np.ones(16, "float32"))
    yield
    parts = parts if lab.wrong else parts[:2]
    data = tf.data.Dataset.from_tensor_slices(parts).batch(8)
    lab.fit(lab.gan(), data)


def snapshot(directory):
    return {
        path: (
            hashlib.sha256(path.read_bytes()).hexdigest()
            if path.is_file()
            else "directory",
            path.stat().st_mtime_ns if path.is_file() else None,
        )
        for path in directory.rglob("*")
    }


@pytest.mark.filterwarnings("ignore:.*could not be read")
@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(name, tmp_path):
    message, error, script = MISTAKES[name]
    lab = Lab(tmp_path / "wrong", wrong=True)
    lab.path.mkdir()
    run = script(lab)
    next(run)
    before = snapshot(lab.path)
    with pytest.raises(error, match=f"(?s){message}"):
        next(run, None)
    assert lab.steps() == 0
    assert snapshot(lab.path) == before


@pytest.mark.slow
@pytest.mark.parametrize("name", MISTAKES)
def test_the_advice_helps(name, tmp_path):
    _, _, script = MISTAKES[name]
    lab = Lab(tmp_path / "right", wrong=False)
    lab.path.mkdir()
    run = script(lab)
    next(run)
    next(run, None)
    assert lab.steps() > 0


def test_the_table_is_long_enough():
    assert len(MISTAKES) >= 40
