"""The faces that the package draws."""

import os

import numpy as np
import pytest
from PIL import Image

from gan_keras import datasets
from gan_keras.datasets import faces as module
from gan_keras.datasets.faces import draw
from gan_keras.datasets.faces import random_face

OTHER = {
    "hair": (200, 30, 30),
    "hair_shape": "tails",
    "fringe": "spiky",
    "skin": (190, 160, 140),
    "eyes": (0, 160, 0),
    "eye_size": 1.25,
    "mouth": "open",
    "blush": True,
    "tilt": 12.0,
    "clothes": (10, 10, 200),
    "background": (120, 240, 240),
}
FACE = module.Face(
    hair=(60, 40, 120),
    hair_shape="short",
    fringe="straight",
    skin=(250, 220, 200),
    eyes=(120, 60, 20),
    eye_size=1.0,
    mouth="smile",
    blush=False,
    tilt=0.0,
    clothes=(200, 200, 60),
    background=(250, 250, 210),
)


def test_an_image_is_a_function_of_seed_and_place():
    images = datasets.drawn_faces(6, seed=4)
    assert images.shape == (6, 64, 64, 3) and images.dtype == np.uint8
    again = datasets.drawn_faces(3, seed=4)
    np.testing.assert_array_equal(images[:3], again)
    assert len(np.unique(images, axis=0)) == 6
    assert (datasets.drawn_faces(3, seed=5) != again).any(axis=(1, 2, 3)).all()
    assert datasets.drawn_faces(1, image_size=32).shape == (1, 32, 32, 3)


def test_colours_are_where_they_belong():
    pixels = np.asarray(draw(FACE))
    assert tuple(pixels[0, 0]) == tuple(pixels[0, 63]) == FACE.background
    assert tuple(pixels[8, 40]) == FACE.hair
    assert tuple(pixels[42, 32]) == FACE.skin
    assert tuple(pixels[62, 32]) == FACE.clothes
    # Upright, a face without tails is the same on both sides, but for the
    # light and the spots in its eyes.
    same = (pixels == pixels[:, ::-1]).all(axis=-1)
    assert same[40:].mean() > 0.8  # but for half pixels


@pytest.mark.parametrize("name", module.Face._fields)
def test_each_of_eleven_properties_is_seen(name):
    before = np.asarray(draw(FACE)).astype(int)
    after = np.asarray(draw(FACE._replace(**{name: OTHER[name]})))
    assert (np.abs(after - before).max(axis=-1) > 20).sum() >= 8


@pytest.mark.parametrize("name", module.Face._fields)
def test_each_of_eleven_properties_varies(name):
    values = {getattr(random_face(0, i), name) for i in range(60)}
    names = {
        "hair_shape": module.HAIR_SHAPES,
        "fringe": module.FRINGES,
        "mouth": module.MOUTHS,
        "blush": (False, True),
    }
    if name in names:
        assert values == set(names[name])
    else:
        assert len(values) > 30


def test_a_folder_of_them_is_kept(tmp_path):
    folder = datasets.write_drawn_faces(tmp_path / "faces", 3, seed=2)
    names = sorted(os.listdir(folder))
    assert names == ["00000.png", "00001.png", "00002.png"]
    images, labels = datasets.load(folder, split="all")
    np.testing.assert_array_equal(images, datasets.drawn_faces(3, seed=2))
    assert labels is None
    Image.new("RGB", (64, 64)).save(folder / "00001.png")
    datasets.write_drawn_faces(folder, 4, seed=2)
    images, _ = datasets.load(folder, split="all")
    assert len(images) == 4 and not images[1].any()


def test_two_processes_draw_into_one_folder(tmp_path, monkeypatch):
    save = Image.Image.save
    listed = []

    def while_another_does(self, path, *args):
        save(self, path, *args)
        with monkeypatch.context() as other:
            # The other process draws the same, and is done first.
            other.setattr(Image.Image, "save", save)
            other.setattr(os, "getpid", lambda: -1)
            datasets.write_drawn_faces(tmp_path, 2, seed=2)
        assert os.path.exists(path)
        found = datasets.ImageFolder(tmp_path, split="all").files
        listed.append([file.name for file in found])

    with monkeypatch.context() as patch:
        patch.setattr(Image.Image, "save", while_another_does)
        datasets.write_drawn_faces(tmp_path, 2, seed=2)
    names = ["00000.png", "00001.png"]
    assert listed == [names]  # nothing that is only half there
    assert sorted(os.listdir(tmp_path)) == names
    images, _ = datasets.load(tmp_path, split="all")
    np.testing.assert_array_equal(images, datasets.drawn_faces(2, seed=2))


def test_half_a_face_is_not_taken_for_one(tmp_path, monkeypatch):
    def save(self, path, *args):
        with open(path, "wb") as file:
            file.write(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Image.Image, "save", save)
        with pytest.raises(OSError, match="No space left"):
            datasets.write_drawn_faces(tmp_path, 1)
    assert os.listdir(tmp_path) == []
    datasets.write_drawn_faces(tmp_path, 1)
    with Image.open(tmp_path / "00000.png") as image:
        assert image.format == "PNG"
