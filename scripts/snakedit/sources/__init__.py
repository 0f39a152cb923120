"""Benchmark formats. To add one, write its module and add its line here."""

from snakedit.sources.base import Format
from snakedit.sources.base64_json import Base64Json
from snakedit.sources.folder import Folder

FORMATS: dict[str, Format] = {
    "base64_json": Base64Json(),
    "folder": Folder(),
}
