#!/usr/bin/python3
"""Images trained on per CPU-second by a plain PyTorch loop on one thread: the networks, the batch and the optimiser of
bench_trainers, data in memory, nothing tuned. Needs PyTorch (Debian: python3-torch)."""
import sys
import time

import torch
from torch import nn


def norm_relu(channels):
    return [nn.BatchNorm2d(channels), nn.ReLU()]


def conv(inputs, outputs, kernel, stride, groups=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)


def separable(inputs, outputs, stride):
    return [conv(inputs, inputs, 3, stride, inputs), *norm_relu(inputs), conv(inputs, outputs, 1, 1), *norm_relu(outputs)]


def classifier(channels):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(conv(inputs, outputs, 3, stride), *norm_relu(outputs), conv(outputs, outputs, 3, 1),
                                  nn.BatchNorm2d(outputs))
        self.shortcut = nn.Identity() if inputs == outputs and stride == 1 else conv(inputs, outputs, 1, stride)

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


class MbConv(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        wide = 4 * inputs
        self.body = nn.Sequential(conv(inputs, wide, 1, 1), *norm_relu(wide), conv(wide, wide, 5, stride, wide), *norm_relu(wide),
                                  conv(wide, outputs, 1, 1), nn.BatchNorm2d(outputs))
        self.same = inputs == outputs and stride == 1

    def forward(self, x):
        return x + self.body(x) if self.same else self.body(x)


def mbconv_5x5():
    sizes = [(16, 24, 1), (24, 24, 1), (24, 40, 2), (40, 40, 1), (40, 64, 2), (64, 64, 1)]
    return nn.Sequential(conv(3, 16, 3, 2), *norm_relu(16), *(MbConv(*size) for size in sizes), *classifier(64))


def resnet8():
    return nn.Sequential(conv(3, 16, 3, 1), *norm_relu(16), Residual(16, 16, 1), Residual(16, 32, 2),
                         Residual(32, 64, 2), *classifier(64))


def depthwise(first, blocks):
    layers, channels = [conv(1, first, 3, 1), *norm_relu(first)], first
    for outputs, stride in blocks:
        layers += separable(channels, outputs, stride)
        channels = outputs
    return nn.Sequential(*layers, *classifier(channels))


NETWORKS = {
    "resnet8": (resnet8, (3, 32, 32), 10),
    "depthwise_50k": (lambda: depthwise(32, [(64, 2), (64, 1), (128, 2), (128, 1), (128, 1)]), (1, 28, 28), 20),
    "depthwise_8_16_32": (lambda: depthwise(8, [(16, 2), (32, 2)]), (1, 28, 28), 50),
    "mbconv_5x5": (mbconv_5x5, (3, 32, 32), 10),
}
BATCH = 128


def images_per_cpu_second(name):
    make, shape, steps = NETWORKS[name]
    torch.manual_seed(1)
    model, loss_of = make().train(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9, weight_decay=5e-4, nesterov=True)
    images, labels = torch.randn(steps * BATCH, *shape), torch.randint(10, (steps * BATCH,))

    def epoch():
        for at in torch.randperm(len(labels)).split(BATCH):
            optimizer.zero_grad()
            loss = loss_of(model(images[at]), labels[at])
            loss.backward()
            loss.item()
            optimizer.step()

    epoch()
    begin = time.process_time()
    for _ in range(4):
        epoch()
    return 4 * len(labels) / (time.process_time() - begin)


torch.set_num_threads(1)
for name in sys.argv[1:] or NETWORKS:
    print(name, f"{images_per_cpu_second(name):.0f}", flush=True)
