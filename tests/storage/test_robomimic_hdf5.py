import json

import h5py
import numpy as np
import pytest

from robot_skills.core.errors import InputError
from robot_skills.storage.robomimic_hdf5 import RobomimicDemo, save_robomimic


def demo(steps, key="object", action=0.5):
    return RobomimicDemo(
        {key: np.arange(2.0 * steps).reshape(steps, 2)}, np.full((steps, 7), action)
    )


def test_the_layout_is_what_robomimic_reads(tmp_path):
    file = tmp_path / "new" / "demos.hdf5"
    save_robomimic(file, [demo(3), demo(5)], {"env_name": "x", "type": 2}, {"train": [1]})
    with h5py.File(file) as found:
        assert found["data"].attrs["total"] == 8
        assert json.loads(found["data"].attrs["env_args"])["env_name"] == "x"
        assert found["data/demo_1"].attrs["num_samples"] == 5
        assert (
            found["data/demo_1/obs/object"][:].tolist() == demo(5).observations["object"].tolist()
        )
        assert found["data/demo_0/actions"].shape == (3, 7)
        assert found["data/demo_0/rewards"][:].tolist() == [0, 0, 1]
        assert found["data/demo_0/dones"][:].tolist() == [0, 0, 1]
        assert found["mask/train"][:].tolist() == [b"demo_1"]
    assert [path.name for path in file.parent.iterdir()] == ["demos.hdf5"]


def test_what_robomimic_could_not_read_is_refused(tmp_path):
    file = tmp_path / "demos.hdf5"
    short = RobomimicDemo({"object": np.zeros((2, 2))}, np.zeros((3, 7)))
    with pytest.raises(InputError, match="as long as its 3 actions"):
        save_robomimic(file, [short], {}, {})
    with pytest.raises(InputError, match=r"demo_1 has the keys pose; demo_0 has object"):
        save_robomimic(file, [demo(3), demo(3, "pose")], {}, {})
    with pytest.raises(InputError, match=r"within -1\.\.1; found 2"):
        save_robomimic(file, [demo(3, action=2.0)], {}, {})
    with pytest.raises(InputError, match="no demonstrations"):
        save_robomimic(file, [], {}, {})
    assert not file.exists()
