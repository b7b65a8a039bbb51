"""What people have in their folders: each kind is read, or left out."""

import os
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from gan_keras import datasets

GREY = (100, 100, 100)
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def noise(side=64):
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8))


def plain(colour=RED, mode="RGB", size=(8, 8)):
    return Image.new(mode, size, colour)


def cut(path, image, length, **options):
    """The first bytes of an image file."""
    image.save(path, **options)
    path.write_bytes(path.read_bytes()[:length])


def png(path, width, height, depth, kind, pixels):
    """A PNG from its parts, such as Pillow would not write."""

    def chunk(name, content):
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )


def damaged_png(path):
    noise().save(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


def link(path, target):
    try:
        path.symlink_to(target)
    except OSError:
        pytest.skip("this user may not make links")


def links_in_a_ring(path):
    link(path, path.with_name("other"))
    link(path.with_name("other"), path)


def pipe(path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("there are no pipes with names")
    os.mkfifo(path)


def without_permission(path):
    plain().save(path)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")


def palette_with_alpha(path):
    image = plain(0, "P")
    image.putpalette([*RED, *BLUE])
    image.save(path, transparency=0)


def lying_on_its_side(path):
    stored = np.zeros((16, 32, 3), np.uint8)
    stored[:, :16] = 255  # white on the left, so on top when upright
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(stored).save(path, exif=exif, quality=95)


def with_damaged_exif(path):
    plain().save(path, exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff", quality=95)


def then_garbage(path):
    plain().save(path, quality=95)
    with open(path, "ab") as file:
        file.write(b"something else" * 99)


def frames(path, **options):
    plain().save(path, save_all=True, append_images=[plain(BLUE)], **options)


def written(content):
    return lambda path: path.write_bytes(content)


def saved(image, **options):
    return lambda path: image.save(path, **options)


BROKEN = {
    "jpeg cut short": ("a.jpg", lambda p: cut(p, noise(), 3000)),
    "jpeg of a header only": ("a.jpg", lambda p: cut(p, noise(), 300)),
    "png cut short": ("a.png", lambda p: cut(p, noise(), 6000)),
    "gif cut short": ("a.gif", lambda p: cut(p, noise(), 20)),
    "webp cut short": ("a.webp", lambda p: cut(p, noise(), 500)),
    "bmp cut short": ("a.bmp", lambda p: cut(p, noise(), 5000)),
    "png with a damaged bit": ("a.png", damaged_png),
    "no bytes": ("a.jpg", written(b"")),
    "text": ("a.png", written(b"this is no image")),
    "a server's error page": ("a.jpg", written(b"<html>404 not found")),
    "vector graphics": ("a.png", written(b"<svg width='8' height='8'/>")),
    "zip": ("a.png", written(b"PK\x03\x04" + bytes(99))),
    "no pixels": ("a.ppm", written(b"P6 0 0 255\n")),
    "small file of too many pixels": (
        "a.png",
        lambda p: png(p, 60_000, 60_000, 8, 2, bytes(999)),
    ),
    "floating point": ("a.tif", saved(plain(0.5, "F"))),
    "whole numbers of 32 bits": ("a.tif", saved(plain(1 << 20, "I"))),
    "link to nowhere": ("a.png", lambda p: link(p, p.with_name("none"))),
    "link to itself": ("a.png", lambda p: link(p, p)),
    "links in a ring": ("a.png", links_in_a_ring),
    "pipe": ("a.png", pipe),
    "no permission": ("a.png", without_permission),
}

# With the colour in the middle of what is read.
READ = {
    "cmyk": ("a.jpg", saved(plain((0, 255, 255, 0), "CMYK")), RED),
    "grey of 16 bits": (
        "a.png",
        saved(Image.fromarray(np.full((8, 8), 25700, np.uint16))),
        GREY,
    ),
    "colour of 16 bits": (
        "a.png",
        lambda p: png(p, 8, 8, 16, 2, 8 * (b"\0" + 8 * b"\xff\xff\0\0\0\0")),
        RED,
    ),
    "palette with a transparent colour": ("a.png", palette_with_alpha, WHITE),
    "half transparent": ("a.png", saved(plain((0, 0, 0, 128), "RGBA")), 127),
    "grey and transparent": ("a.png", saved(plain((0, 0), "LA")), WHITE),
    "black and white": ("a.png", saved(plain(1, "1")), WHITE),
    "grey jpeg": ("a.jpg", saved(plain(100, "L")), GREY),
    "progressive jpeg": (
        "a.jpg",
        saved(plain(), progressive=True, quality=95),
        RED,
    ),
    "moving gif": ("a.gif", frames, RED),
    "moving png": ("a.png", frames, RED),
    "moving webp": ("a.webp", lambda p: frames(p, lossless=True), RED),
    "tiff of two pages": ("a.tif", frames, RED),
    "photograph lying on its side": ("a.jpg", lying_on_its_side, None),
    "damaged exif": ("a.jpg", with_damaged_exif, RED),
    "garbage behind the end": ("a.jpg", then_garbage, RED),
    "a jpeg called png": ("a.png", saved(plain(), format="JPEG"), RED),
    "a single pixel": ("a.png", saved(plain(size=(1, 1))), RED),
    "a narrow strip": ("a.png", saved(plain(size=(500, 1))), RED),
    "capital letters": ("A.JPEG", saved(plain(), quality=95), RED),
    "spaces and a line break": ("a  b\nc.png", saved(plain()), RED),
    "another script": ("a あ い.png", saved(plain()), RED),
    "a long name": ("a" * 200 + ".png", saved(plain()), RED),
    "a link to an image": (
        "a.png",
        lambda p: [
            plain().save(p.with_name("b.data"), "PNG"),
            link(p, "b.data"),
        ],
        RED,
    ),
}

IGNORED = {
    "hidden": (".a.png", saved(plain())),
    "other suffix": ("a.png.txt", written(b"notes")),
    "database of thumbnails": ("Thumbs.db", written(b"\xd0\xcf")),
    "a folder called png": ("a.png", lambda p: p.mkdir()),
}


@pytest.fixture
def folder(tmp_path):
    """A folder with one good image, last by name."""
    plain(GREY).save(tmp_path / "z.png")
    return tmp_path


def load(folder):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        images, _ = datasets.load(folder, image_size=8, channels=3)
    return images, [str(warning.message) for warning in caught]


def test_there_are_more_than_thirty_kinds():
    assert len(BROKEN) + len(READ) + len(IGNORED) >= 30


@pytest.mark.parametrize("kind", BROKEN)
def test_left_out_and_counted_in_one_warning(folder, kind):
    name, make = BROKEN[kind]
    make(folder / name)
    images, (message,) = load(folder)
    assert images.shape == (1, 8, 8, 3) and (images == 100).all()
    assert "Skipped 1 of 2 files" in message and repr(name) in message
    # The same where files are read in every epoch, or kept on the disk.
    with pytest.warns(UserWarning, match="Skipped 1 of 2"):
        on_disk, _ = datasets.load(
            folder, image_size=8, channels=3, memory=0, directory=folder
        )
    np.testing.assert_array_equal(on_disk[[0]], images)
    found = datasets.inspect(folder, image_size=8)
    assert list(found.broken) == [name]
    assert "broken files: 1" in str(found)
    (folder / "z.png").unlink()
    with pytest.warns(UserWarning), pytest.raises(ValueError, match="None of"):
        datasets.load(folder, image_size=8)
    with pytest.raises(ValueError, match="None of"):
        datasets.inspect(folder)


@pytest.mark.parametrize("kind", READ)
def test_read(folder, kind):
    name, make, colour = READ[kind]
    try:
        make(folder / name)
    except OSError:
        pytest.skip("no such name on this system")
    images, messages = load(folder)
    assert not messages and images.shape == (2, 8, 8, 3)
    if colour is None:  # white on top
        assert images[0, :3].min() > 240 and images[0, 5:].max() < 15
    else:
        assert np.abs(images[0, 4, 4].astype(int) - colour).max() <= 2
    assert (images[1] == 100).all()


@pytest.mark.parametrize("kind", IGNORED)
def test_ignored(folder, kind):
    name, make = IGNORED[kind]
    make(folder / name)
    images, messages = load(folder)
    assert not messages and (images == 100).all() and len(images) == 1


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_name_that_is_no_text(folder):
    with open(os.path.join(os.fsencode(folder), b"\xff.png"), "wb"):
        pass
    _, (message,) = load(folder)
    message.encode()  # can be printed
    str(datasets.inspect(folder)).encode()
