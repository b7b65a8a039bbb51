"""A GIF that is whole at every moment."""

import io

import numpy as np
import pytest
from PIL import Image

from gan_keras import gif as gif_module
from gan_keras.gif import GrowingGIF


def frame(value, mode="L"):
    rng = np.random.default_rng(value)
    shape = (20, 30) if mode == "L" else (20, 30, 3)
    return Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))


def read(path):
    """Frames (as grey arrays) and delays in ms, as Pillow sees them."""
    frames, delays = [], []
    with Image.open(path) as image:
        for i in range(image.n_frames):
            image.seek(i)
            frames.append(np.asarray(image.convert("L")))
            delays.append(image.info["duration"])
        assert image.info.get("loop") == 0
    return frames, delays


def test_frames_delays_and_the_hold_on_the_last(tmp_path):
    path = tmp_path / "a.gif"
    gif = GrowingGIF(path, frame_ms=150, hold_ms=2000)
    for i in range(4):
        gif.append(frame(i))
        # Whole after every frame, not only in the end.
        frames, delays = read(path)
        assert len(frames) == len(gif) == i + 1
        assert delays == [150] * i + [2000]
    for i, pixels in enumerate(frames):
        np.testing.assert_array_equal(pixels, np.asarray(frame(i)))


def test_colour(tmp_path):
    gif = GrowingGIF(tmp_path / "a.gif")
    flag = np.zeros((20, 30, 3), np.uint8)
    flag[:, :10], flag[:, 10:20], flag[:, 20:] = (255, 0, 0), (0, 255, 0), 40
    gif.append(Image.fromarray(flag))
    gif.append(frame(1, "RGB"))
    with Image.open(tmp_path / "a.gif") as image:
        assert image.n_frames == 2
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), flag)


def test_imageio_reads_it_too(tmp_path):
    imageio = pytest.importorskip("imageio.v3")
    gif = GrowingGIF(tmp_path / "a.gif")
    for i in range(3):
        gif.append(frame(i))
    frames = imageio.imread(tmp_path / "a.gif")
    assert frames.shape[:3] == (3, 20, 30)


@pytest.mark.parametrize("last", [-1, 0, 1, 2, None, 9])
def test_going_on_from_an_earlier_file(tmp_path, last):
    path = tmp_path / "a.gif"
    gif = GrowingGIF(path)
    for i in range(3):
        gif.append(frame(i))
    again = GrowingGIF(path, last=last)
    kept = 3 if last is None else min(last + 1, 3)
    assert len(again) == kept
    if kept:
        assert len(read(path)[0]) == kept
        assert read(path)[1][-1] == 2000
    again.append(frame(7))
    frames, delays = read(path)
    assert len(frames) == kept + 1
    assert delays == [150] * kept + [2000]
    np.testing.assert_array_equal(frames[-1], np.asarray(frame(7)))
    # Byte for byte what one uninterrupted writing gives.
    once = GrowingGIF(tmp_path / "b.gif")
    for i in [*range(kept), 7]:
        once.append(frame(i))
    assert path.read_bytes() == (tmp_path / "b.gif").read_bytes()


def test_killed_at_any_byte_of_an_append(tmp_path, monkeypatch):
    """Replays all that an append writes, byte by byte, in its own order."""
    writes = []  # (where, what), as they reach the system

    class Recorded(io.FileIO):
        def write(self, data):
            writes.append((self.tell(), bytes(data)))
            return super().write(data)

    def recorded(path, mode):
        assert mode == "r+b"
        return io.BufferedRandom(Recorded(path, mode))

    path, other = tmp_path / "a.gif", tmp_path / "b.gif"
    gif = GrowingGIF(path)
    gif.append(frame(0))
    gif.append(frame(1))
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(gif_module, "open", recorded, raising=False)
        gif.append(frame(2))
    after = path.read_bytes()
    # What goes on behind a kill may be shorter than what it left there.
    short = Image.new("L", (30, 20))
    expected = GrowingGIF(other)
    for image in (frame(0), frame(1), short):
        expected.append(image)
    expected = other.read_bytes()
    assert len(expected) < len(after)

    state, checked = bytearray(before), 0
    for start, data in writes:
        for i in range(len(data)):
            assert start + i <= len(state)  # no hole
            state[start + i : start + i + 1] = data[i : i + 1]
            # All bytes of short writes, some of the long one.
            if 8 <= i < len(data) - 8 and i % 11:
                continue
            path.write_bytes(state)
            whole = state == after
            frames, _ = read(path)
            assert len(frames) == (3 if whole else 2)
            for number, pixels in enumerate(frames):
                np.testing.assert_array_equal(pixels, frame(number))
            again = GrowingGIF(path)
            assert len(again) == len(frames)
            if not whole:
                again.append(short)
                assert path.read_bytes() == expected
            checked += 1
    assert state == after and checked > 100


@pytest.mark.parametrize("last, kept", [(4, []), (6, [5, 6]), (9, [5, 6, 9])])
def test_frames_are_known_by_their_numbers(tmp_path, last, kept):
    path = tmp_path / "a.gif"
    gif = GrowingGIF(path)
    for number in (5, 6, 9):  # it began late, and had a gap
        gif.append(frame(number), number)
    gif.append(frame(10))
    assert gif.numbers == [5, 6, 9, 10]
    again = GrowingGIF(path, last=last)
    assert again.numbers == kept
    again.append(frame(7), 7)
    frames, _ = read(path)
    for pixels, number in zip(frames, [*kept, 7], strict=True):
        np.testing.assert_array_equal(pixels, np.asarray(frame(number)))


def test_frames_of_another_size_are_refused_and_none_is_lost(tmp_path):
    path = tmp_path / "a.gif"
    gif = GrowingGIF(path)
    for i in range(3):
        gif.append(frame(i))
    before = path.read_bytes()
    large = Image.new("L", (30, 21))
    received = "Received: 30 x 21 pixels, behind frames of 30 x 20"
    with pytest.raises(ValueError, match=received):
        gif.append(large)
    with pytest.raises(ValueError, match="one size. Draw.*" + received):
        GrowingGIF(path, last=1, like=large)
    with pytest.raises(ValueError, match=received):
        GrowingGIF(path).append(large)
    assert path.read_bytes() == before
    assert GrowingGIF(path, last=1, like=frame(0)).numbers == [0, 1]
    # With none that stays it is another film.
    GrowingGIF(path, last=-1, like=large).append(large)
    assert read(path)[0][0].shape[:2] == (21, 30)


def test_a_file_that_was_cut_off_goes_on(tmp_path):
    path, other = tmp_path / "a.gif", tmp_path / "b.gif"
    expected = GrowingGIF(other)
    for i in (0, 2):
        expected.append(frame(i), i)
    gif = GrowingGIF(path)
    gif.append(frame(0))
    begin = gif.offsets[-1]
    gif.append(frame(1))
    whole = path.read_bytes()
    comment = len(gif_module._NUMBER % 1)
    lost = [
        *range(begin, begin + 60),  # in the frame's head
        *range(-40, -comment - 1),  # in its last pixels
        *range(2 - comment, -1),  # in its number
    ]
    for length in lost:
        path.write_bytes(whole[:length])
        again = GrowingGIF(path)
        assert again.numbers == [0]
        again.append(frame(2), 2)
        assert path.read_bytes() == other.read_bytes()


def test_a_file_whose_frames_have_no_numbers_goes_on(tmp_path):
    path = tmp_path / "a.gif"
    gif = GrowingGIF(path)
    for i in range(3):
        gif.append(frame(i))
    plain = path.read_bytes()
    for i in range(3):
        plain = plain.replace(gif_module._NUMBER % i, b"")
    path.write_bytes(plain)
    again = GrowingGIF(path, last=1)
    assert again.numbers == [0, 1]
    again.append(frame(4), 4)
    assert GrowingGIF(path).numbers == [0, 1, 4]
    assert len(read(path)[0]) == 3


def test_cost_of_a_frame_does_not_grow(tmp_path, monkeypatch):
    written = []  # numbers of bytes, frame by frame

    class Counted(io.FileIO):
        def write(self, data):
            written[-1] += len(data)
            return super().write(data)

    path = tmp_path / "a.gif"
    gif = GrowingGIF(path)
    gif.append(frame(3))
    monkeypatch.setattr(
        gif_module,
        "open",
        lambda path, mode: io.BufferedRandom(Counted(path, mode)),
        raising=False,
    )
    sizes = [path.stat().st_size]
    for _ in range(50):
        written.append(0)
        gif.append(frame(3))
        sizes.append(path.stat().st_size)
    assert min(np.diff(sizes)) == max(np.diff(sizes))
    # Besides the frame: a delay, a semicolon, and what takes its place.
    assert max(written) <= np.diff(sizes)[0] + 4


def test_a_foreign_file_is_not_touched(tmp_path):
    path = tmp_path / "a.gif"
    path.write_bytes(b"not a GIF")
    with pytest.raises(ValueError, match="Move it away or name another"):
        GrowingGIF(path)
    assert path.read_bytes() == b"not a GIF"
