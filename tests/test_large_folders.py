"""Folders that do not fit in memory, and what is read of them when."""

import importlib
import os
import shutil
import subprocess
import sys
import tracemalloc
import types
import warnings

import numpy as np
import pytest
from conftest import tiny_recipe
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

import gan_keras_cli
from gan_keras import datasets
from gan_keras import plots
from gan_keras.datasets import inspection
from gan_keras.datasets.decoded import common_form
from gan_keras.datasets.decoded import first_size
from gan_keras.datasets.folder import quiet_pillow
from gan_keras.datasets.folder import read_header
from gan_keras.datasets.folder import read_image

SIDE = 4


@pytest.fixture
def folder(tmp_path):
    """Twelve colour images in two classes, different at every pixel."""
    rng = np.random.default_rng(0)
    for i in range(12):
        path = tmp_path / "faces" / f"class{i // 6}" / f"{i:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    return tmp_path / "faces"


def opened(folder, **options):
    return datasets.ImageFolder(folder, image_size=SIDE, **options)


def test_memory_decides_what_is_returned(folder, monkeypatch):
    needed = 12 * SIDE * SIDE * 3
    kept, labels = datasets.decoded(opened(folder), memory=needed)
    assert isinstance(kept, np.ndarray)
    images, again = datasets.decoded(opened(folder), memory=needed - 1)
    assert isinstance(images, datasets.ImagesOnDisk)
    assert images.shape == kept.shape == (12, SIDE, SIDE, 3)
    np.testing.assert_array_equal(images[np.arange(12)], kept)
    np.testing.assert_array_equal(images[[7, 0, 7]], kept[[7, 0, 7]])
    np.testing.assert_array_equal(np.asarray(images), kept)
    assert np.asarray(images, "float32").dtype == np.float32
    assert labels.tolist() == again.tolist() == [0] * 6 + [1] * 6
    full = shutil.disk_usage(folder)._replace(free=2**30 + needed - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    images, labels = datasets.decoded(opened(folder), memory=0)
    assert isinstance(images, datasets.ImageFolder) and len(labels) == 12
    assert images.shape == (12, SIDE, SIDE, 3)


@pytest.fixture
def files_read(monkeypatch):
    """The names of the files that were decoded since."""
    from gan_keras.datasets import folder as module

    names, read = [], module.read_image
    monkeypatch.setattr(
        module,
        "read_image",
        lambda file, *rest: names.append(file.name) or read(file, *rest),
    )
    return names


def test_so_many_at_the_most_evenly_spread(folder, files_read):
    grey = folder / "class0" / "03.png"
    Image.open(grey).convert("L").save(grey)
    options = {"split": "all", "image_size": SIDE}
    every, labels = datasets.load(folder, **options)
    files_read.clear()
    # 0, 12 / 5, 24 / 5, 36 / 5 and 48 / 5, rounded down.
    images, classes = datasets.load(folder, **options, most=5)
    assert sorted(files_read) == [f"{i:02}.png" for i in (0, 2, 4, 7, 9)]
    np.testing.assert_array_equal(images, every[[0, 2, 4, 7, 9]])
    assert classes.tolist() == [0, 0, 0, 1, 1]
    # Grey, but in colour as the others, which are not read.
    images, _ = datasets.load(folder, **options, most=4)
    np.testing.assert_array_equal(images, every[[0, 3, 6, 9]])
    assert images.shape == (4, SIDE, SIDE, 3)
    for most in (12, 13):
        images, classes = datasets.load(folder, **options, most=most)
        np.testing.assert_array_equal(images, every)
        np.testing.assert_array_equal(classes, labels)
    with pytest.raises(ValueError, match="most=0"):
        datasets.load(folder, **options, most=0)


@pytest.mark.slow
def test_evaluate_reads_no_more_than_it_compares(
    tmp_path, files_read, monkeypatch, capsys
):
    rng = np.random.default_rng(0)
    (tmp_path / "faces").mkdir()
    for i in range(200):
        pixels = rng.integers(0, 256, (28, 28, 1), dtype=np.uint8)
        Image.fromarray(pixels[..., 0]).save(tmp_path / "faces" / f"{i:03}.png")
    tiny_recipe("dcgan", shape=(28, 28, 1)).save(tmp_path / "model.keras")
    monkeypatch.setattr("gan_keras.evaluation.MOST", 12)
    command = ["evaluate", tmp_path / "model.keras", "--extractor", "digits"]
    command += ["--data", tmp_path / "faces"]
    with pytest.warns(UserWarning, match="12 samples of"):
        assert gan_keras_cli.main([*map(str, command)]) == 0
    assert "copies of 12 of the 180 training" in capsys.readouterr().out
    # Of the 180 and 20 that there are, every fifteenth, and so many.
    assert len(files_read) == len(set(files_read)) == 24
    files_read.clear()
    with pytest.warns(UserWarning, match="16 samples of"):
        command += ["--samples", 16]
        assert gan_keras_cli.main([*map(str, command)]) == 0
    assert len(files_read) == 32


def batches(images, labels, epoch, **options):
    data = datasets.pipeline(images, labels, batch_size=5, seed=3, **options)
    data.set_epoch(epoch)
    return [[np.asarray(part) for part in batch] for batch in data]


@pytest.mark.parametrize("options", [{}, {"flip": True, "epoch_size": 17}])
def test_batches_do_not_depend_on_where_the_images_are(folder, options):
    streamed = opened(folder)
    kept, labels = streamed.load()
    on_disk, _ = datasets.decoded(streamed, memory=0)
    expected = batches(kept, labels, 2, **options)
    for images in (on_disk, streamed):
        found = batches(images, labels, 2, **options)
        assert len(found) == len(expected) > 0
        for one, other in zip(found, expected):
            np.testing.assert_array_equal(one[0], other[0])
            np.testing.assert_array_equal(one[1], other[1])


def test_nothing_is_left_on_the_disk(folder, tmp_path):
    images, _ = datasets.decoded(opened(folder), memory=0, directory=tmp_path)
    if os.name == "posix":  # no name, and so gone even if the process is killed
        assert list(tmp_path.iterdir()) == [folder]
    del images
    assert list(tmp_path.iterdir()) == [folder]


def test_headers_tell_the_common_form(tmp_path):
    Image.new("L", (6, 8)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"")
    grey = datasets.ImageFolder(tmp_path, channels=None)
    assert common_form(grey) == ((8, 6), 1)
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side: 6 wide once it stands
    Image.new("RGB", (8, 6)).save(tmp_path / "c.jpg", exif=exif)
    mixed = datasets.ImageFolder(tmp_path, channels=None)
    assert common_form(mixed) == ((8, 6), 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        images, _ = datasets.decoded(mixed, memory=0, directory=tmp_path)
    assert images.shape == (2, 8, 6, 3)
    Image.new("RGB", (8, 6)).save(tmp_path / "d.jpg")
    with pytest.raises(ValueError, match="image_size.*differ|differ in size"):
        common_form(datasets.ImageFolder(tmp_path, channels=None))


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_headers_of_pictures_that_lie_on_their_side(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (8, 6)).save(path, exif=exif)
    assert read_header(path) == ((8, 6), 3)
    assert read_image(path).shape == (8, 6, 3)


def test_a_file_that_is_broken_behind_its_header_decides_nothing(tmp_path):
    def truncated(name, mode, size):
        noise = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
        Image.fromarray(noise).convert(mode).save(tmp_path / name)
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[:-30])
        assert read_header(tmp_path / name)[0] == size

    truncated("a.jpg", "L", (40, 50))
    truncated("b.jpg", "L", (40, 50))
    for name in "ce":
        Image.new("L", (8, 8), 90).save(tmp_path / f"{name}.png")
    truncated("d.jpg", "L", (9, 8))
    folder = datasets.ImageFolder(tmp_path, channels=None)
    assert common_form(folder) == ((8, 8), 1)
    with pytest.warns(UserWarning, match="Skipped 3 of 5 files"):
        images, _ = datasets.decoded(folder, memory=0, directory=tmp_path)
    assert images.shape == (2, 8, 8, 1)
    Image.new("L", (50, 40), 90).save(tmp_path / "b.jpg")  # one is whole
    with pytest.raises(ValueError, match=r"\(40, 50\).* at first, \(8, 8\)"):
        common_form(folder)


def test_a_size_is_told_without_decoding(tmp_path, monkeypatch):
    Image.new("RGB", (7, 7)).save(tmp_path / "a.png")
    Image.new("L", (10, 9)).save(tmp_path / "b.png")

    def load(self):
        raise AssertionError("decoded")

    monkeypatch.setattr(PngImageFile, "load", load)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    assert read_header(tmp_path / "a.png") == ((7, 7), 3)
    # Too many pixels to look for EXIF behind them.
    with quiet_pillow(), pytest.raises(ValueError, match="90 pixels, more"):
        read_header(tmp_path / "b.png")
    (tmp_path / "0.png").write_bytes(b"")
    folder = datasets.ImageFolder(tmp_path, channels=None)
    assert first_size(folder) == (7, 7)
    # One colour image is enough to know the channels of all.
    headers = []

    def header(file):
        headers.append(file.name)
        return read_header(file)

    module = importlib.import_module("gan_keras.datasets.decoded")
    monkeypatch.setattr(module, "read_header", header)
    assert common_form(
        datasets.ImageFolder(tmp_path, image_size=4, channels=None)
    ) == ((4, 4), 3)
    assert headers == ["0.png", "a.png"]


def test_examples_of_very_many_classes_are_of_some():
    labels = np.repeat(np.arange(100), 3)
    chosen = inspection.spread(labels, len(labels), 2)
    assert len(chosen) == 32 * 2  # the first and the last of three
    classes = np.unique(labels[chosen])
    assert len(classes) == 32 and classes[0] == 0 and classes[-1] == 99
    assert set(np.diff(classes)) == {3, 4}  # 99 / 31 is 3.2


def test_flips_mirror_half_of_the_images():
    images = np.arange(40 * 4, dtype=np.uint8).reshape(40, 1, 4, 1)
    data = datasets.pipeline(images, batch_size=40, seed=5, flip=True)
    data.set_epoch(3)
    (seen,) = [datasets.to_uint8(batch) for batch in data]
    # The documented rule, without the package.
    order = np.random.RandomState([5, 3]).permutation(40)
    flips = np.random.RandomState([5, 3, 1]).randint(0, 2, 40).astype(bool)
    expected = images[order]
    expected[flips] = expected[flips][:, :, ::-1]
    np.testing.assert_array_equal(seen, expected)
    assert 10 < flips.sum() < 30
    assert datasets.epoch_flips(40, 5, 3).tolist() == flips.tolist()
    assert datasets.epoch_flips(40, 5, 4).tolist() != flips.tolist()


def test_points_cannot_be_mirrored():
    with pytest.raises(ValueError, match=r"`flip` is for images.*\(4, 2\)"):
        datasets.pipeline(np.zeros((4, 2)), batch_size=2, flip=True)


def test_short_epochs_go_on_where_the_last_one_stopped():
    images = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1)
    data = datasets.pipeline(images, batch_size=2, seed=1, epoch_size=4)
    assert len(data) == 2
    seen = [
        datasets.to_uint8(batch).ravel().tolist()
        for _ in range(5)
        for batch in data
    ]
    rounds = [np.random.RandomState([1, r]).permutation(10) for r in (0, 1)]
    assert sum(seen, []) == np.concatenate(rounds).tolist()
    data.set_epoch(4)
    again = [datasets.to_uint8(batch).ravel().tolist() for batch in data]
    assert again == seen[8:]


def test_epochs_may_be_longer_than_the_data():
    images = np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1)
    data = datasets.pipeline(images, batch_size=7, epoch_size=7)
    (seen,) = [datasets.to_uint8(batch).ravel().tolist() for batch in data]
    assert [seen.count(i) >= 2 for i in range(3)] == [True] * 3


@pytest.mark.parametrize("epoch_size", [0, 2.5])
def test_epoch_size_is_checked(epoch_size):
    images = np.zeros((4, 2, 2, 1), np.uint8)
    with pytest.raises(ValueError, match=f"epoch_size={epoch_size}"):
        datasets.pipeline(images, batch_size=2, epoch_size=epoch_size)


def test_an_epoch_must_hold_a_batch():
    images = np.zeros((4, 2, 2, 1), np.uint8)
    with pytest.raises(ValueError, match="exceed `epoch_size`.*=3 for 2 im"):
        datasets.pipeline(images, batch_size=3, epoch_size=2)
    with pytest.raises(ValueError, match="exceed the number.*=5 for 4 im"):
        datasets.pipeline(images, batch_size=5)


# ------------------------------------------------------------- a first look


def test_inspection(folder):
    shutil.copy(folder / "class0/00.png", folder / "class1/99.png")
    Image.new("L", (6, 6), 7).save(folder / "class1/98.png")
    (folder / "class0/bad.png").write_bytes(b"no")
    found = datasets.inspect(folder)
    assert found.files == 15
    assert found.classes == {"class0": 7, "class1": 8}
    assert found.sizes == {(4, 4): 13, (6, 6): 1}
    assert [*found.broken] == ["class0/bad.png"]
    assert found.duplicates == [["class0/00.png", "class1/99.png"]]
    assert found.examples is None
    with pytest.raises(ValueError, match="differ in size"):
        plots.contact_sheet(found)
    text = str(found)
    for part in ("15 files", "class 1: class1, 8 files", "6x6 (1)", "bad.png"):
        assert part in text
    found = datasets.inspect(folder, image_size=SIDE)
    # All that can be read: none is held out where no class has ten.
    assert found.examples.shape == (14, SIDE, SIDE, 3)
    assert found.example_classes == ["class0"] * 6 + ["class1"] * 8
    (folder / "notes.txt").write_text("no image")
    (folder / "class0/raw.cr2").write_text("nor this")
    found = datasets.inspect(folder, image_size=SIDE)
    assert found.ignored == {".txt": 1, ".cr2": 1}
    assert "1 .txt" in str(found) and "1 .cr2" in str(found)


def test_each_class_has_a_row_of_the_sheet(tmp_path):
    for name, grey, count in [("dark", 10, 3), ("bright", 250, 20)]:
        (tmp_path / name).mkdir()
        for i in range(count):
            path = tmp_path / name / f"{i}.png"
            Image.new("L", (SIDE, SIDE), grey + i % 2).save(path)
    (tmp_path / "bright/-.png").write_bytes(b"no")  # would be the first one
    found = datasets.inspect(tmp_path)
    bright, dark = np.split(found.examples, [7])
    assert len(dark) == 3 and bright.min() >= 250 and dark.max() <= 11
    empty = np.full((4, *dark.shape[1:]), 128, np.uint8)
    cells = np.concatenate([bright, dark, empty])
    expected = plots.image_grid(cells, columns=7)[..., 0]
    sheet = np.asarray(plots.contact_sheet(found))
    height, width = expected.shape
    np.testing.assert_array_equal(sheet[:height, -width:], expected)
    # Beside each row stands a name.
    for names in np.split(sheet[:height, :-width], [height // 2]):
        assert names.min() < 100


def test_statistics_by_hand(folder):
    kept, _ = opened(folder).load()
    pixels = kept.reshape(-1, 3).astype(float)
    expected = {
        name: (pixels[:, i].mean(), pixels[:, i].std())
        for i, name in enumerate(["red", "green", "blue"])
    }
    on_disk, _ = datasets.decoded(opened(folder), memory=0)
    for found in (
        datasets.inspect(folder).statistics,
        *map(datasets.statistics, (kept, on_disk, opened(folder))),
    ):
        assert found.keys() == expected.keys()
        for name in expected:
            np.testing.assert_allclose(found[name], expected[name])
    # The last image alone does not decide what the channels are called.
    Image.new("L", (SIDE, SIDE), 7).save(folder / "class1/zz.png")
    mixed = datasets.statistics(opened(folder, channels=None))
    assert list(mixed) == ["red", "green", "blue"]
    two = np.array([0, 200], np.uint8).reshape(2, 1, 1, 1)
    assert datasets.describe(datasets.statistics(two)) == "grey 100 ± 100"


def test_one_image_of_another_size_and_there_are_no_examples(tmp_path):
    for i in range(12):
        Image.new("L", (SIDE, SIDE)).save(tmp_path / f"{i:02}.png")
    shown = 2 * 2
    assert len(datasets.inspect(tmp_path, columns=2).examples) == shown
    Image.new("L", (SIDE + 1, SIDE)).save(tmp_path / "09.png")  # held out
    assert datasets.inspect(tmp_path, columns=2).examples is None


def test_no_example_can_be_read(tmp_path):
    for i in range(20):
        Image.new("L", (SIDE, SIDE)).save(tmp_path / f"{i:02}.png")
    (tmp_path / "00.png").write_bytes(b"no")
    assert datasets.inspect(tmp_path, columns=1).examples is None


def test_examples_are_of_the_train_part_and_evenly_spread(tmp_path):
    for i in range(100):
        Image.new("L", (2, 2), i).save(tmp_path / f"{i:02}.png")
    found = datasets.inspect(tmp_path, columns=3)
    shown = found.examples[:, 0, 0, 0].tolist()
    assert len(shown) == 9 and shown[0] == 0 and shown[-1] == 98
    assert not any(i % 10 == 9 for i in shown)


# ------------------------------------------------------------------ memory


def test_who_waits_for_a_large_folder_is_told(folder, monkeypatch, capsys):
    from gan_keras.cli import before

    seen = []
    datasets.load(folder, progress=lambda *counts: seen.append(counts))
    assert seen == [(i, 12) for i in range(12)]
    clock = iter([100.0, 102.0, 104.9, 105.0, 108.0, 110.0])
    monkeypatch.setattr(
        before, "time", types.SimpleNamespace(monotonic=lambda: next(clock))
    )
    tell = before.Patience()
    for done in (0, 30, 50, 1200, 1300):
        tell(done, 10_000)
    assert capsys.readouterr().out.splitlines() == [
        "  50 of 10,000 files, 10 a second, 17 minutes left",
        "  1,300 of 10,000 files, 130 a second, 67 seconds left",
    ]


def test_few_files_are_read_ahead(tmp_path, monkeypatch):
    for i in range(100):
        Image.new("L", (2, 2), i).save(tmp_path / f"{i:02}.png")
    folder = datasets.ImageFolder(tmp_path, split="all")
    tried, read = [], folder._try_to_read
    monkeypatch.setattr(
        folder, "_try_to_read", lambda file: tried.append(file) or read(file)
    )
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    found = folder.read(range(100))
    assert next(found)[0] == 0
    found.close()  # waits for those that were begun
    assert len(tried) <= 10
    values = [image[0, 0, 0] for _, image in folder.read(range(100))]
    assert values == [*range(100)]


def test_examples_are_kept_on_request_and_small(tmp_path):
    rng = np.random.default_rng(0)
    for i in range(3):
        pixels = rng.integers(0, 256, (300, 600), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    found = datasets.inspect(tmp_path)
    assert found.examples.shape == (3, 128, 256, 1)
    assert found.sizes == {(300, 600): 3}
    without = datasets.inspect(tmp_path, columns=0)
    assert without.examples is None and str(without) == str(found)
    # Of two sizes, though thumbnails would have one.
    Image.new("L", (1200, 600)).save(tmp_path / "4.png")
    assert datasets.inspect(tmp_path).examples is None


def test_statistics_take_little_memory():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (300, 32, 32, 3), dtype=np.uint8)
    tracemalloc.start()
    try:
        found = datasets.statistics(images)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < images.nbytes / 2
    floats = images.astype(float)
    np.testing.assert_allclose(
        [*found.values()],
        np.stack([floats.mean((0, 1, 2)), floats.std((0, 1, 2))], axis=1),
    )


TRAIN = """
import resource, sys
import gan_keras as gk

folder = gk.datasets.ImageFolder(sys.argv[1], image_size=64)
images, _ = gk.datasets.decoded(folder, memory=0, directory=sys.argv[2])
assert isinstance(images, gk.datasets.ImagesOnDisk)
data = gk.datasets.pipeline(images, batch_size=16, epoch_size=64, flip=True)
gan = gk.GAN(
    gk.networks.dcgan_generator((64, 64, 3), latent_dim=4, width=4),
    gk.networks.dcgan_discriminator((64, 64, 3), width=4),
)
gan.compile(jit_compile=False)
gan.fit(data, epochs=2, verbose=0)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no `resource` there")
def test_memory_does_not_grow_with_the_folder(tmp_path):
    few, many = 1500, 15_000  # 176 MiB of pixels more
    rng = np.random.default_rng(0)
    peaks = []
    for count in (few, many):
        folder = tmp_path / str(count)
        folder.mkdir()
        image = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(image).save(tmp_path / "image.jpg")
        for i in range(count):
            # Decoding does not know that they are one and the same file.
            (folder / f"{i:05}.jpg").hardlink_to(tmp_path / "image.jpg")
        result = subprocess.run(
            [sys.executable, "-c", TRAIN, folder, tmp_path],
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert result.returncode == 0, result.stderr
        peaks.append(int(result.stdout.split()[-1]))
    assert peaks[1] < 1.1 * peaks[0], peaks
