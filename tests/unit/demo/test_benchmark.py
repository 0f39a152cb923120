import base64
import io
import json
import re
import subprocess
import sys

import pytest
from PIL import Image
from places import REPOSITORY, SCRIPTS
from sources_by_hand import benchmark

from snakedit.demo.benchmark import PHOTOS, write_demo_benchmark
from snakedit.demo.operations import OPERATIONS
from snakedit.sources.index import read_index


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / "demo.json"
    write_demo_benchmark(path)
    return path


def picture(row, key):
    return Image.open(io.BytesIO(base64.b64decode(row[key])))


def test_the_demo_has_five_categories_and_forty_items(demo, tmp_path):
    index = read_index(benchmark(demo), tmp_path / "index.json")
    assert len(index.categories) == 5
    assert sum(category.count for category in index.categories.values()) >= 40


def test_it_is_the_same_bytes_each_time(demo, tmp_path):
    write_demo_benchmark(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == demo.read_bytes()


def test_its_entry_point_writes_the_same_file(demo, tmp_path):
    script = SCRIPTS / "build_demo_benchmark.py"
    process = subprocess.run(
        [sys.executable, script, tmp_path / "new" / "demo.json"], capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr
    assert (tmp_path / "new" / "demo.json").read_bytes() == demo.read_bytes()


def test_every_reference_is_its_instruction_applied_to_its_source(demo):
    operations = [operation for category in OPERATIONS.values() for operation in category.values()]
    by_instruction = {operation.instruction: operation for operation in operations}
    rows = json.loads(demo.read_text(encoding="utf-8"))
    for row in rows:
        source, reference = picture(row, "src_img_b64"), picture(row, "reference_img_b64")
        operation = by_instruction[row["edit_instruction_en"]]
        assert operation.apply(source).tobytes() == reference.tobytes()
        assert source.tobytes() != reference.tobytes(), row["original_image_path"]
        assert 256 <= max(source.size) <= 512
    assert len({picture(row, "src_img_b64").size for row in rows}) > 4
    assert len({row["original_image_path"] for row in rows}) == len(rows)


def test_the_readme_credits_exactly_the_photos_that_are_used():
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    credited = re.findall(r"^\| `([\w.]+)` \|", readme.rpartition("## Licence")[2], re.M)
    assert credited == [name for name, _, _ in PHOTOS]
