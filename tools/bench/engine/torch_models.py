"""The models of models.mjs in PyTorch: name -> (module, loss of the batch)."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


def classified(model, x, count=10):
    y = torch.randint(0, count, (x.shape[0],))
    return model, lambda: F.cross_entropy(model(x), y)


def mlp():
    model = nn.Sequential(
        nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)
    )
    return classified(model, torch.rand(64, 784))


def cnn():
    def block(before, after):
        return [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]

    model = nn.Sequential(*block(1, 16), *block(16, 32), nn.Flatten(), nn.Linear(32 * 7 * 7, 10))
    return classified(model, torch.rand(32, 1, 28, 28))


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(1000, 64)
        self.lstm = nn.LSTM(64, 128, batch_first=True)
        self.out = nn.Linear(128, 10)
        # PyTorch has two biases that are added; one of them is all that tfjs has
        self.lstm.bias_hh_l0.requires_grad_(False).zero_()

    def forward(self, x):
        return self.out(self.lstm(self.words(x))[0])


def lstm():
    model = Tagger()
    x = torch.randint(0, 1000, (16, 32))
    y = torch.randint(0, 10, (16 * 32,))
    return model, lambda: F.cross_entropy(model(x).reshape(16 * 32, 10), y)


class Layer(nn.Module):
    def __init__(self, width, heads, rate):
        super().__init__()
        self.heads, self.rate = heads, rate
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.projection = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.expand, self.contract = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, width = x.shape
        per_head = width // self.heads
        split = self.attention(self.norm1(x)).reshape(batch, length, 3, self.heads, per_head)
        q, k, v = split.permute(2, 0, 3, 1, 4).unbind(0)
        weights = F.dropout(F.softmax(q @ k.transpose(-1, -2) / math.sqrt(per_head), -1), self.rate)
        mixed = (weights @ v).transpose(1, 2).reshape(batch, length, width)
        x = x + F.dropout(self.projection(mixed), self.rate)
        return x + F.dropout(self.contract(F.gelu(self.expand(self.norm2(x)))), self.rate)


class LanguageModel(nn.Module):
    def __init__(self, rate):
        super().__init__()
        self.rate = rate
        self.words = nn.Embedding(1000, 128)
        self.positions = nn.Parameter(torch.randn(64, 128) * 0.1)
        self.layers = nn.Sequential(*[Layer(128, 4, rate) for _ in range(2)])
        self.out = nn.Linear(128, 1000, bias=False)

    def forward(self, x):
        return self.out(self.layers(F.dropout(self.words(x) + self.positions, self.rate)))


def transformer(rate=0.0):
    model = LanguageModel(rate)
    x = torch.randint(0, 1000, (16, 64))
    y = torch.randint(0, 1000, (16 * 64,))
    return model, lambda: F.cross_entropy(model(x).reshape(16 * 64, 1000), y)


def transformer_dropout():
    return transformer(0.1)


def cifar():
    def block(before, after, stride):
        return [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]

    features = [*block(3, 32, 1), *block(32, 64, 2), *block(64, 128, 2), *block(128, 128, 1)]
    model = nn.Sequential(*features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))
    return classified(model, torch.rand(32, 3, 32, 32))


def mobilenet():
    def active(conv):
        return [conv, nn.BatchNorm2d(conv.out_channels), nn.ReLU6()]

    def separable(before, after, stride):
        depthwise = nn.Conv2d(before, before, 3, stride, 1, groups=before, bias=False)
        return active(depthwise) + active(nn.Conv2d(before, after, 1, bias=False))

    features = [
        *active(nn.Conv2d(3, 32, 3, 1, 1, bias=False)),
        *separable(32, 64, 2),
        *separable(64, 128, 1),
        *separable(128, 128, 2),
    ]
    model = nn.Sequential(*features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))
    return classified(model, torch.rand(32, 3, 32, 32))
