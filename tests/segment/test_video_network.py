import importlib
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from robot_skills.core.errors import InputError
from robot_skills.segment.video import Clip, VideoConfig, embed_videos
from robot_skills.segment.video.network import Network, load_network, read_weights
from robot_skills.storage.video import VideoWriter


def imports(name: str) -> bool:
    try:
        importlib.import_module(name)
    except (ImportError, RuntimeError, OSError):
        return False
    return True


TORCHVISION = imports("torchvision.models")
TIMM = imports("timm")


def tiny_network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 16, 16), nn.AdaptiveAvgPool2d(1)).eval()


def test_rows_are_what_the_network_says_of_a_normalised_picture():
    network = tiny_network()
    grey = np.full((2, 30, 40, 3), 128, np.uint8)
    with torch.no_grad():
        colour = (128 / 255 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor(
            [0.229, 0.224, 0.225]
        )
        said = network(colour.view(1, 3, 1, 1).expand(2, 3, 224, 224)).flatten(1)
    np.testing.assert_allclose(Network(network).rows(grey), said.numpy(), atol=1e-5)


def test_weights_are_read_from_either_format(tmp_path):
    known = tiny_network().state_dict()
    torch.save(known, tmp_path / "net.pth")
    save_file(known, tmp_path / "net.safetensors")
    for file in (tmp_path / "net.pth", tmp_path / "net.safetensors"):
        read = read_weights(file)
        assert set(read) == set(known)
        assert all(torch.equal(read[name], known[name]) for name in known)


class Intruder:
    def __reduce__(self):
        return (Path.touch, (Path("intruder_was_here"),))


def test_file_that_would_run_code_is_refused_and_does_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"a": Intruder()}, tmp_path / "bad.pth")
    with pytest.raises(InputError, match=r"bad\.pth: no readable weights"):
        read_weights(tmp_path / "bad.pth")
    assert not Path("intruder_was_here").exists()


@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_damaged_weights_are_refused(tmp_path, ending):
    file = tmp_path / f"net.{ending}"
    file.write_bytes(b"\x93 not weights \x00" * 9)
    with pytest.raises(InputError, match="no readable weights"):
        read_weights(file)


def test_weights_must_be_tensors_by_name(tmp_path):
    torch.save([torch.zeros(3)], tmp_path / "list.pth")
    with pytest.raises(InputError, match="a state_dict"):
        read_weights(tmp_path / "list.pth")
    with pytest.raises(InputError, match="no weights at"):
        read_weights(tmp_path / "absent.pth")


@pytest.mark.skipif(TORCHVISION or TIMM, reason="a library of networks is installed")
def test_without_a_library_the_error_says_what_to_install():
    with pytest.raises(InputError, match=r"pip install 'robot-skills\[pretrained\]'"):
        load_network("resnet18", None)


@pytest.fixture
def film(tmp_path) -> Clip:
    with VideoWriter(tmp_path / "film.mp4", (48, 64), 20.0) as writer:
        for column in range(10, 40):
            image = np.full((48, 64, 3), 60, np.uint8)
            image[20:30, column : column + 10] = 220
            writer.write(image)
    return Clip("film", tmp_path / "film.mp4")


@pytest.mark.skipif(not TORCHVISION, reason="torchvision is not installed, or for another torch")
def test_torchvision_network_with_weights_from_a_file(tmp_path, film):
    from torchvision.models import get_model

    torch.manual_seed(0)
    torch.save(get_model("resnet18", weights=None).state_dict(), tmp_path / "net.pth")
    config = VideoConfig(encoder="resnet18", weights=tmp_path / "net.pth", columns=4)
    one, again = (embed_videos([film], 20.0, config)[0] for _ in range(2))
    assert one.values("video/embedding").shape == (30, 4)
    np.testing.assert_array_equal(one.values("video/embedding"), again.values("video/embedding"))
    with pytest.raises(InputError, match="weights of another network than resnet34"):
        load_network("resnet34", tmp_path / "net.pth")


@pytest.mark.skipif(not TORCHVISION, reason="torchvision is not installed, or for another torch")
def test_weights_that_are_not_in_the_cache_are_not_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", None)
    with pytest.raises(InputError, match=r"nothing is fetched by itself: bring https"):
        load_network("resnet18", None)
    with pytest.raises(InputError, match="did you mean 'resnet18'"):
        load_network("resnet8", None)
    assert not list(tmp_path.rglob("*.pth"))


@pytest.mark.skipif(not TIMM, reason="timm is not installed")
@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224"])
def test_timm_network_with_weights_from_a_file(tmp_path, film, name):
    import timm

    torch.manual_seed(0)
    save_file(timm.create_model(name, pretrained=False).state_dict(), tmp_path / "net.safetensors")
    if TORCHVISION and name == "resnet18":
        pytest.skip("torchvision has this one too and comes first")
    config = VideoConfig(encoder=name, weights=tmp_path / "net.safetensors", columns=4)
    (one,) = embed_videos([film], 20.0, config)
    assert one.values("video/embedding").shape == (30, 4)
