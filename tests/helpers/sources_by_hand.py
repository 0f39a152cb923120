"""Small benchmarks made by hand."""

import base64
import io
import json

from PIL import Image

from snakedit.config.schema import BenchmarkConfig
from snakedit.core.records import Item, read_records
from snakedit.sources.index import read_index
from snakedit.stages.prepare_category import prepare_category


def picture(number=0, size=(24, 16)):
    image = Image.new("RGB", size, (number * 40 % 256, 120, 30))
    image.paste((255, 255, 255), (2, 2, 8, 8))
    return image


def encoded(image, kind="PNG"):
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return base64.b64encode(buffer.getvalue()).decode()


def row(number=0, **changes):
    fields = {
        "subset": "c",
        "original_image_path": f"photos/p{number}.jpg",
        "edit_instruction_en": f"make {number} red",
        "src_img_b64": encoded(picture(number)),
        **changes,
    }
    return {key: value for key, value in fields.items() if value is not None}


def benchmark(path, **changes):
    fields = {
        "name": "b",
        "format": "base64_json",
        "path": str(path),
        "categories": None,
        "language": "en",
        "limit": None,
        **changes,
    }
    return BenchmarkConfig(**fields)


def written(folder, rows, name="b.json"):
    path = folder / name
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return path


def prepared(folder, source, category="c", **changes):
    """Prepare one category; return its items and the excluded rows."""
    settings = benchmark(source, **changes)
    index = read_index(settings, folder / "index.json")
    output = folder / "items" / category / "items.jsonl"
    prepare_category(settings, index.categories[category], output)
    excluded = (output.parent / "excluded.jsonl").read_text(encoding="utf-8").splitlines()
    return list(read_records(output, Item)), [json.loads(line) for line in excluded]
