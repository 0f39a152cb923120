"""Reports for a browser to open: with pictures, with trouble, and with what strangers write."""

from pathlib import Path

from PIL import Image
from playwright.sync_api import Page
from results_by_hand import ResultsByHand, edit, item, planned_run, score

from snakedit.core.records import Edit, Item, Score

SCRIPT = "<script>window.broken = true; alert('script')</script>"
HANDLER = '"><img src=x onerror="window.broken = true; alert(1)">'
HOSTILE = (SCRIPT, HANDLER)
ARABIC = "اجعل السماء حمراء"
EDITORS = {"alpha": {"type": "some_model"}, "beta": {"type": "some_model"}, "blank": {"type": "blank"}}
JUDGES = {"vl": {"type": "qwen3_vl", "model": "vl"}, "other": {"type": "qwen3_vl", "model": "other"}}
RUN = planned_run(EDITORS, JUDGES)


def draw(path: Path, colour: str, size: tuple[int, int] = (480, 360)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", size, colour)
    image.paste("white", (40, 40, 140, 120))
    image.save(path)


def add_physics(hand: ResultsByHand) -> None:
    """Six items with pictures, and scores by which every sort has another first item."""
    names = [f"p{number}" for number in range(6)]
    items = [
        item(
            name,
            "物理",
            instruction=f"make number {place} warmer",
            tags=["heat"],
            description="A photo.",
            reference=f"images/{name}~reference.png" if place < 3 else None,
            image_sha256s=[f"{place:064}"],
        )
        for place, name in enumerate(names)
    ]
    values = {
        "alpha": [5.0, 9.0, 2.0, 6.0, 1.0, 7.5],
        "beta": [5.5, 8.0, 8.5, 6.0, 0.5, 7.0],
        "blank": [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    }
    changes = {"alpha": 0.1, "beta": 0.2, "blank": 0.5}
    edits = {
        editor: [
            edit(name, change=changes[editor] + 0.01 * place, width=480, height=360, seconds=1.5, seed=place)
            for place, name in enumerate(names)
        ]
        for editor in EDITORS
    }
    scores = {
        (judge, editor): [
            score(name, value, replies={"half": [{"text": f"{judge} says {value} of {editor}"}]})
            for name, value in zip(
                names, values[editor] if judge == "vl" else reversed(values[editor]), strict=True
            )
        ]
        for judge in JUDGES
        for editor in EDITORS
    }
    files = hand.add("物理", items, edits, scores)
    for place, name in enumerate(names):
        draw(files.items.parent / "images" / f"{name}.png", "navy")
        if place < 3:
            draw(files.items.parent / "images" / f"{name}~reference.png", "teal")
        for editor, colour in zip(EDITORS, ("maroon", "olive", "grey"), strict=True):
            draw(files.edits[editor].parent / "images" / f"{name}.png", colour)


def add_trouble(hand: ResultsByHand) -> None:
    """Items of which something failed, each with another status."""
    names = ("edit failed", "unparsed", "refused", "judge failed", "=missing")
    edits = [Edit("edit failed", "failed", error="out of memory\n2 GiB"), *(edit(n) for n in names[1:4])]
    scores = [
        Score("edit failed", "no_edit"),
        Score("unparsed", "unparsed", error="no number", replies={"half": ["I like it"]}),
        Score("refused", "refused", error="content filter"),
        Score("judge failed", "failed", error="lost"),
    ]
    hand.add("trouble", [item(n, "trouble") for n in names], {"alpha": edits}, {("vl", "alpha"): scores})


def add_strangers(hand: ResultsByHand) -> None:
    """Items whose every text is a stranger's."""
    items: list[Item] = []
    edits, scores = [], []
    for place, text in enumerate((*HOSTILE, ARABIC)):
        name = f"{place} {text}"
        items.append(
            item(
                name,
                HANDLER,
                instruction=text,
                language=text,
                description=text,
                rationale=text,
                tags=[text],
                difficulty=text,
            )
        )
        edits.append(edit(name, instruction_used="used " + text))
        scores.append(
            Score(
                name,
                "ok",
                values={"metric " + text: 1.0},
                score=1.0,
                replies={"metric " + text: ["reply " + text]},
                error="error " + text,
            )
        )
    failed = [Edit(entry.item, "failed", error="failure " + HANDLER) for entry in edits]
    hand.add(HANDLER, items, {"alpha": edits, "beta": failed}, {("vl", "alpha"): scores})


def open_gallery(page: Page, folder: Path, address: str = "") -> None:
    """Open a report's gallery and wait until it is drawn."""
    page.goto(f"file://{folder}/gallery.html{address}")
    page.wait_for_selector("body[data-ready]")
