"""Benchmark formats. To add one, write its module and add its line here."""

from snakedit.core.registry import Registry
from snakedit.sources.rows import Format

FORMATS: Registry[type[Format]] = Registry(
    {
        "base64_json": "snakedit.sources.base64_json:Base64Json",
        "folder": "snakedit.sources.folder:Folder",
    }
)
