"""The models of models.cpp in PyTorch, with weights of its own: what they compute is not compared, only how fast."""
import torch
from torch import nn


def convolution(channels_in, channels, kernel, stride, relu, folded):
    layers = [nn.Conv2d(channels_in, channels, kernel, stride, kernel // 2, bias=folded)]
    if not folded:
        layers.append(nn.BatchNorm2d(channels))
    if relu:
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


class Bottleneck(nn.Module):
    def __init__(self, channels_in, width, stride, first, folded):
        super().__init__()
        self.body = nn.Sequential(convolution(channels_in, width, 1, 1, True, folded),
                                  convolution(width, width, 3, stride, True, folded),
                                  convolution(width, 4 * width, 1, 1, False, folded))
        self.shortcut = convolution(channels_in, 4 * width, 1, stride, False, folded) if first else nn.Identity()

    def forward(self, x):
        return torch.relu_(self.body(x) + self.shortcut(x))


def resnet50(folded=False):
    """`folded`: batch norms are in the convolutions' weights, as an import by Baton has them."""
    layers, channels, width = [convolution(3, 64, 7, 2, True, folded), nn.MaxPool2d(3, 2, 1)], 64, 64
    for blocks in (3, 4, 6, 3):
        for i in range(blocks):
            layers.append(Bottleneck(channels, width, 2 if i == 0 and width > 64 else 1, i == 0, folded))
            channels = 4 * width
        width *= 2
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.last = nn.LSTM(256, 512), nn.Linear(512, 10)

    def forward(self, x):
        return self.last(self.lstm(x)[1][0][0])


def lstm(folded=False):
    return Lstm()


INPUTS = {"resnet50": lambda n: (n, 3, 224, 224), "lstm": lambda n: (32, n, 256)}
MAKERS = {"resnet50": resnet50, "lstm": lstm}


class Run:
    """A model at a batch size, eager or as a captured graph; `seconds` is one run on average, each waited for."""

    def __init__(self, name, batch, tf32, graph, folded):
        self.tf32 = tf32
        self.model = MAKERS[name](folded).cuda().eval()
        self.x = torch.randn(INPUTS[name](batch), device="cuda")
        self.graph = None
        self.settings()
        with torch.inference_mode():
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(3):
                    self.model(self.x)
            torch.cuda.current_stream().wait_stream(side)
            torch.cuda.synchronize()
            if graph:
                self.graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(self.graph):
                    self.y = self.model(self.x)

    def settings(self):
        torch.backends.cudnn.benchmark = True  # Baton measures algorithms too
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = self.tf32

    def seconds(self, times):
        from time import perf_counter
        self.settings()
        with torch.inference_mode():
            torch.cuda.synchronize()
            start = perf_counter()
            for _ in range(times):
                if self.graph:
                    self.graph.replay()
                else:
                    self.model(self.x)
                torch.cuda.synchronize()
            return (perf_counter() - start) / times


class Copy:
    """The plainest copy there is: all at once, pinned memory on the host's side."""

    def __init__(self, direction, mib):
        host = torch.empty(mib << 20, dtype=torch.uint8).pin_memory()
        card = torch.empty(mib << 20, dtype=torch.uint8, device="cuda:0")
        if direction == "card_to_card":
            self.to, self.source = torch.empty_like(card, device="cuda:1"), card
        else:
            self.to, self.source = (card, host) if direction == "host_to_card" else (host, card)

    def seconds(self, times):
        from time import perf_counter
        torch.cuda.synchronize()
        start = perf_counter()
        for _ in range(times):
            self.to.copy_(self.source, non_blocking=True)
            torch.cuda.synchronize()
        return (perf_counter() - start) / times
