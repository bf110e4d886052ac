#!/usr/bin/python3
"""What a convolution of so many channels costs to train: milliseconds forward and back, 64 images of 28x28, one thread,
the least of six. By it one sees whether padding channels would pay. Needs PyTorch (Debian: python3-torch)."""
import time

import torch

CHANNELS = (4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 28, 30, 32, 40, 48)


def milliseconds(channels, kernel, groups):
    layer = torch.nn.Conv2d(channels, channels, kernel, 1, kernel // 2, groups=groups, bias=False)
    layer = layer.to(memory_format=torch.channels_last)
    x = torch.randn(64, channels, 28, 28).to(memory_format=torch.channels_last).requires_grad_()
    gradient = torch.randn_like(layer(x))
    best = float("inf")
    for _ in range(6):
        begin = time.process_time()
        layer(x).backward(gradient)
        best = min(best, time.process_time() - begin)
    return 1e3 * best


torch.set_num_threads(1)
print("channels", *CHANNELS)
for name, kernel, depthwise in (("1x1", 1, False), ("3x3", 3, False), ("depthwise", 3, True)):
    print(name, *(f"{milliseconds(c, kernel, c if depthwise else 1):.2f}" for c in CHANNELS), flush=True)
