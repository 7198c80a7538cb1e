#!/bin/sh
# What an image holds beside Python: the environment of uv.lock in /opt/amygene, from pyproject.toml and uv.lock here.
set -eu
python3 -m pip install --no-cache-dir --target /opt/uv "uv==$(sed -n '/^name = "uv"$/{n;s/version = "\(.*\)"/\1/p}' uv.lock)"
# the tests too: an image can be asked whether it computes what it should
UV_PROJECT_ENVIRONMENT=/opt/amygene UV_PYTHON_DOWNLOADS=never PYTHONPATH=/opt/uv \
  /opt/uv/bin/uv sync --frozen --no-cache --group dev
rm -r /opt/uv
