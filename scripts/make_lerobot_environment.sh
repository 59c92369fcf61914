#!/usr/bin/env bash
# Makes LeRobot's own Python environment, with the package that joins it to robot-skills. It
# never shares packages with robot-skills' environment: their pins do not fit together.
#
#   scripts/make_lerobot_environment.sh [folder] [python] [torch] [torchvision]
#
# By default LeRobot comes whole, with the torch that it asks for (5 GB with CUDA). Name a torch
# that is there already, such as 2.13.0+cpu, with a torchvision that loads without its compiled
# part (0.15.2), and only what driving robots needs is installed, 1.5 GB.
set -euo pipefail

lerobot=0.4.4                          # the newest for Python 3.11
here=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-.venv-lerobot}
python=${2:-python3.11}

"$python" -m venv "$folder"
pip() { "$folder/bin/python" -m pip "$@"; }
if [ $# -lt 3 ]; then
    pip install --quiet "lerobot[feetech]==$lerobot"
else
    pip install --quiet "setuptools>=77.0.3,<81" numpy pillow sympy networkx jinja2 fsspec filelock \
        typing_extensions psutil pyyaml safetensors draccus==0.10.0 "datasets>=4,<5" \
        "huggingface-hub[hf-transfer]<0.36" "opencv-python-headless<4.13" "av<16" \
        "pyserial>=3.5" "deepdiff>=7,<9" jsonlines "packaging<26" einops "gymnasium>=1.1.1,<2" \
        "imageio[ffmpeg]" termcolor "feetech-servo-sdk>=1.0"
    pip install --quiet --no-deps "torch==$3" "torchvision==${4:-0.15.2}" \
        "accelerate>=1.10,<2" "lerobot==$lerobot"
fi
package=$(mktemp -d)                   # a build leaves files beside what it builds
trap 'rm -rf "$package"' EXIT
cp -r "$here/robot_skills/deploy/lerobot/package/." "$package"
pip install --quiet --no-deps --no-build-isolation "$package"

"$folder/bin/python" -W ignore -c \
    'import lerobot_robot_skills; from lerobot.robots.so_follower import SO101Follower'
echo "LeRobot is in $folder: $folder/bin/lerobot-robot-skills-server --help; for the tests set"
echo "ROBOT_SKILLS_LEROBOT_PYTHON=$(cd "$folder" && pwd)/bin/python"
