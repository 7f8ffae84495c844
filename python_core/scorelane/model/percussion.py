"""What is struck: a convolutional network over the attack spectrum.

The encoder looks at each pair of frames of the attack spectrum through one matrix, which is enough
to hear that something begins, not what. A drum is known by the shape of its spectrum, wherever its
tuning puts it, and a cymbal from a hi-hat by how it dies away: so the convolutions see bands beside
each other, then half a second before and after.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.model.config import ModelConfig
from scorelane.model.frontend import ATTACK_BINS
from scorelane.model.layers import dense
from scorelane.model.strokes import DRUM_KEYS

_CHANNELS = (16, 24, 32, 48)
"""Of the convolutions over time and bands; all but the first halve the bands, the second halves
time too, as the attack spectrum is read twice a frame."""

_REACH = (1, 2, 4, 8)
"""How many frames lie between the five that each convolution over time alone sees."""


class Percussion(nn.Module):
    """Hears what is struck, and tells the encoder."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        network = config.network
        width = network.drum_width
        self.stack = network.frames_per_state
        self.bands = ATTACK_BINS
        a, b, c, d = _CHANNELS
        self.near = nn.Sequential(
            *(nn.Conv2d(1, a, 3, padding=1), nn.GELU("tanh")),
            *(nn.Conv2d(a, b, 3, padding=1, stride=2), nn.GELU("tanh")),
            *(nn.Conv2d(b, c, 3, padding=1, stride=(1, 2)), nn.GELU("tanh")),
            *(nn.Conv2d(c, d, 3, padding=1, stride=(1, 2)), nn.GELU("tanh")),
        )
        self.spectrum = nn.Sequential(nn.Conv1d(d * ATTACK_BINS // 8, width, 1), nn.GELU("tanh"))
        self.around = nn.Sequential(*(_Around(width, reach) for reach in _REACH))
        self.hits = dense(width, len(DRUM_KEYS))
        self.told = dense(self.stack * width, network.width)
        nn.init.zeros_(self.hits.weight)
        nn.init.zeros_(self.told.weight)

    def forward(self, attack: Tensor) -> list[Tensor]:
        """What the ``attack`` spectrum [batch, frames, 128] adds to the states and to the drums.

        Returns [batch, states, width] and logits [batch, frames, drum keys]. It begins by adding
        nothing.
        """
        batch, frames = attack.size(0), attack.size(1)
        image = self.near(attack.reshape(batch, 1, 2 * frames, self.bands))
        heard = self.around(self.spectrum(image.transpose(2, 3).flatten(1, 2))).transpose(1, 2)
        told = self.told(heard.reshape(batch, frames // self.stack, self.told.in_features))
        return [told, self.hits(heard)]


class _Around(nn.Module):
    """Adds to each frame what five frames, so far apart, say."""

    def __init__(self, width: int, reach: int) -> None:
        super().__init__()
        self.look = nn.Conv1d(width, width, 5, padding=2 * reach, dilation=reach)
        self.out = nn.Conv1d(width, width, 1)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, width, frames] to the same."""
        y: Tensor = x + self.out(F.gelu(self.look(x), approximate="tanh"))
        return y
