"""A GIF that grows frame by frame and is whole at every moment.

Libraries write an animation in one go, from a list of all its frames. A
training run wants it while it goes on, at a cost that does not grow, and may
be stopped at any time. Pillow encodes the frames; this file knows only how
they follow each other: header, frames, a closing semicolon.
"""

import io
import os
import struct

_TRAILER = b";"
_NUMBER = b"!\xfe\x0cframe %06d\x00"  # a comment, which no viewer shows
_LOOP_FOREVER = b"!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"


class GrowingGIF:
    """Appends frames to a GIF file.

    A frame is first written *behind* the closing semicolon, where no reader
    looks, and then linked in by changing that one byte. Whenever the process
    dies, the file shows every frame that was finished. Each has a number, in
    a comment behind it.

    Args:
        path: The file. If it exists it goes on, unless `last` is below 0.
        last: Int, the number of the last frame already there that is kept;
            all of them are if not given. A resumed run keeps those of the
            epochs that it does not repeat.
        like: A `PIL.Image.Image` as large as the frames to come, to find out
            before any is removed whether they fit those already there.
        frame_ms: Int, milliseconds that a frame is shown.
        hold_ms: Int, the same for the last frame.

    Raises:
        ValueError: If the file exists and is not a GIF of this kind, or its
            frames are not as large as `like`.
    """

    def __init__(self, path, last=None, like=None, frame_ms=150, hold_ms=2000):
        self.path = os.fspath(path)
        self.frame_ms = frame_ms
        self.hold_ms = hold_ms
        # Where each frame begins; the last entry is where the next will.
        self.offsets = []
        self.numbers = []
        self.size = None  # (width, height) of every frame
        if (last is None or last >= 0) and os.path.exists(self.path):
            self._reopen(last, like)

    def __len__(self):
        return len(self.numbers)

    def append(self, image, number=None):
        """Adds one frame.

        Args:
            image: A `PIL.Image.Image`; all of one size.
            number: Int, 0 to 999,999; one more than that of the frame before
                if not given. The first is 0.

        Raises:
            ValueError: If the image is not as large as the frames before.
        """
        if number is None:
            number = self.numbers[-1] + 1 if self.numbers else 0
        self._check_size(image)
        if not self.offsets:
            self._create(image)
        frame = _encode(image, self.hold_ms) + _NUMBER % number
        end = self.offsets[-1]
        with open(self.path, "r+b") as file:
            if len(self):
                self._set_delay(file, self.offsets[-2], self.frame_ms)
            file.seek(end + 1)
            file.write(frame[1:] + _TRAILER)
            file.truncate()
            file.flush()
            file.seek(end)
            file.write(frame[:1])  # the semicolon gives way: now it counts
        self.offsets.append(end + len(frame))
        self.numbers.append(number)

    def _check_size(self, image):
        if self.size not in (None, image.size):
            raise ValueError(
                f"All frames of {self.path} must be of one size. Draw the "
                "same picture as before, or name another file. Received: "
                f"{image.size[0]} x {image.size[1]} pixels, behind frames of "
                f"{self.size[0]} x {self.size[1]}"
            )

    def _create(self, image):
        # Every frame brings its own palette, so the global one is left out.
        self.size = width, height = image.size
        head = b"GIF89a"
        head += width.to_bytes(2, "little") + height.to_bytes(2, "little")
        head += b"\x00\x00\x00" + _LOOP_FOREVER
        with open(self.path, "wb") as file:
            file.write(head + _TRAILER)
        self.offsets = [len(head)]

    def _reopen(self, last, like):
        with open(self.path, "r+b") as file:
            data = file.read()
            offsets, numbers = _frames(data, self.path)
            keep = sum(last is None or number <= last for number in numbers)
            if not keep:
                return  # the first frame begins the file anew
            self.size = struct.unpack_from("<HH", data, 6)
            if like is not None:
                self._check_size(like)
            self.offsets = offsets[: keep + 1]
            self.numbers = numbers[:keep]
            if keep < len(numbers):
                self._set_delay(file, self.offsets[-2], self.hold_ms)
                file.seek(self.offsets[-1])
                file.write(_TRAILER)
                file.truncate()

    @staticmethod
    def _set_delay(file, offset, milliseconds):
        # A frame opens with its graphic control extension:
        # 21 F9 04, flags, then the delay in hundredths of a second.
        file.seek(offset + 4)
        file.write((milliseconds // 10).to_bytes(2, "little"))


def _encode(image, milliseconds):
    """One frame's bytes, from its graphic control extension on."""
    single = io.BytesIO()
    # Pillow writes no control extension where the delay is 0.
    image.save(single, format="GIF", duration=milliseconds, optimize=False)
    data = single.getvalue()
    # Move the single image's global palette into the frame.
    flags = data[10]
    size = 3 << ((flags & 7) + 1) if flags & 0x80 else 0
    palette = data[13 : 13 + size]
    start = data.index(b"!\xf9\x04", 13 + size)
    control = data[start : start + 8]
    descriptor = bytearray(data[start + 8 : start + 18])
    descriptor[9] = (descriptor[9] & 0x40) | 0x80 | (flags & 7)
    pixels = data[start + 18 : -1]
    return control + bytes(descriptor) + palette + pixels


def _frames(data, path):
    """Where each frame begins, and the next one would; and their numbers."""
    if data[:6] != b"GIF89a" or len(data) < 13 or data[10] & 0x80:
        raise ValueError(
            "`path` exists and is not a GIF that this package wrote. Move it "
            f"away or name another file. Received: {path!r}"
        )
    offsets, numbers = [], []
    at = 13 + len(_LOOP_FOREVER)
    while data[at : at + 3] == b"!\xf9\x04" and at + 17 < len(data):
        end = at + 8
        size = 3 << ((data[end + 9] & 7) + 1)
        end += 10 + size + 1  # descriptor, palette, code size
        while end < len(data) and data[end]:  # pixel blocks, each with length
            end += data[end] + 1
        if end >= len(data):
            break  # cut off in the middle of a frame
        comment = data[end + 1 : end + 1 + len(_NUMBER % 0)]
        number = comment[-7:-1]
        if not comment.startswith(b"!\xfe"):
            # Of a file from before frames had numbers.
            comment, number = b"", len(numbers)
        elif len(comment) < len(_NUMBER % 0):
            break  # cut off in the middle of its number
        offsets.append(at)
        numbers.append(int(number))
        at = end + 1 + len(comment)
    return [*offsets, at], numbers
