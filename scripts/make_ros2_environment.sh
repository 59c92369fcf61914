#!/usr/bin/env bash
# Makes a Python environment with ROS 2 (rclpy from PyPI, 280 MB) beside the one that
# robot-skills is installed in, and lets it see that one's packages. Needs Python 3.11.
#
#   scripts/make_ros2_environment.sh [folder] [python of robot-skills]
#
# Where ROS 2 itself is installed, this is not needed: source its setup.bash and install
# robot-skills for the Python that it is made for.
set -euo pipefail

folder=${1:-.venv-ros2}
python=${2:-python}

version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ "$version" != 3.11 ]; then
    echo "the wheels of rclpy on PyPI are for Python 3.11; $python is $version" >&2
    exit 1
fi
"$python" -c 'import robot_skills' || { echo "$python has no robot-skills" >&2; exit 1; }

"$python" -m venv "$folder"
"$folder/bin/pip" install --quiet \
    ros-rclpy==9.1.2 ros-rmw-fastrtps-cpp==9.3.3 ros-common-interfaces==5.5.1
packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
own=$("$folder/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "import site; site.addsitedir('$packages')" > "$own/robot_skills.pth"
cat > "$folder/bin/robot-skills" <<EOF
#!$(cd "$folder" && pwd)/bin/python
from robot_skills.cli import main
main()
EOF
chmod +x "$folder/bin/robot-skills"

"$folder/bin/python" -c 'import rclpy, robot_skills.deploy.drivers.ros2.driver'
echo "ROS 2 is in $folder; run $folder/bin/robot-skills deploy --driver ros2 ..., and for the"
echo "tests set ROBOT_SKILLS_ROS2_PYTHON=$(cd "$folder" && pwd)/bin/python"
