from tools.demo_judge.edits import NAMES
from tools.demo_judge.wordings import corpus, wordings


def test_no_wording_is_both_trained_on_and_held_out():
    trained = {text.lower() for text in corpus()}
    for name in NAMES:
        held_out = wordings(name, held_out=True)
        assert len(held_out) >= 2
        assert not trained & {text.lower() for text in held_out}
        assert len(wordings(name, held_out=False)) >= 6
