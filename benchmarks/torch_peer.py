"""PyTorch's DCGAN example, on the networks of TensorFlow's tutorial.

Only the order of steps and the framework differ: D learns from real images,
then from fakes; G learns from the updated D's second look at the same fakes.

Source: https://github.com/pytorch/examples/tree/main/dcgan
"""

import torch
from torch import nn

from benchmarks import peers


def generator():
    """`[B, 100]` to `[B, 1, 28, 28]`, weight for weight the tutorial's."""

    def up(inputs, outputs, stride):
        return nn.ConvTranspose2d(
            inputs,
            outputs,
            5,
            stride,
            padding=2,
            output_padding=stride - 1,
            bias=False,
        )

    return nn.Sequential(
        nn.Linear(peers.LATENT_DIM, 7 * 7 * 256, bias=False),
        nn.BatchNorm1d(7 * 7 * 256),
        nn.LeakyReLU(0.3),  # Keras' default slope
        nn.Unflatten(1, (256, 7, 7)),
        up(256, 128, 1),
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.3),
        up(128, 64, 2),
        nn.BatchNorm2d(64),
        nn.LeakyReLU(0.3),
        up(64, 1, 2),
        nn.Tanh(),
    )


def discriminator():
    """`[B, 1, 28, 28]` to logits `[B, 1]`."""
    return nn.Sequential(
        nn.Conv2d(1, 64, 5, 2, padding=2),
        nn.LeakyReLU(0.3),
        nn.Dropout(0.3),
        nn.Conv2d(64, 128, 5, 2, padding=2),
        nn.LeakyReLU(0.3),
        nn.Dropout(0.3),
        nn.Flatten(),
        nn.Linear(128 * 7 * 7, 1),
    )


class ExampleLoop:
    """The example's training step, eager as there.

    Args:
        batch_size: Int.
    """

    def __init__(self, batch_size):
        self.batch_size = batch_size
        self.generator = generator()
        self.discriminator = discriminator()
        self.g_optimizer, self.d_optimizer = (
            torch.optim.Adam(network.parameters(), peers.LEARNING_RATE)
            for network in (self.generator, self.discriminator)
        )
        self.cross_entropy = nn.BCEWithLogitsLoss()

    def step(self, images):
        """One step on float32 images `[B, 1, 28, 28]` in [-1, 1]."""
        ones = torch.ones(len(images), 1)
        self.d_optimizer.zero_grad()
        self.cross_entropy(self.discriminator(images), ones).backward()
        fakes = self.generator(torch.randn(len(images), peers.LATENT_DIM))
        fake_logits = self.discriminator(fakes.detach())
        self.cross_entropy(fake_logits, torch.zeros_like(ones)).backward()
        self.d_optimizer.step()
        self.g_optimizer.zero_grad()
        self.cross_entropy(self.discriminator(fakes), ones).backward()
        self.g_optimizer.step()

    def batches(self, images):
        """An epoch of batches of uint8 images `[N, 28, 28, 1]`, shuffled."""
        images = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
        images = images.float() / 127.5 - 1
        for batch in torch.randperm(len(images)).split(self.batch_size):
            if len(batch) == self.batch_size:
                yield images[batch]
