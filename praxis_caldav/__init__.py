"""The program: settings, composition, command line. The only package that puts the rooms together.

No rule of the practice and no protocol lives here; see `practice` and `caldav_server`.
"""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["__version__"]

try:
    __version__ = version("praxis-caldav")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0.0.0+checkout"
