"""Replies as judges write them: a reason that is full of numbers, then a final answer."""

from hypothesis import strategies as st

# `{n}` is any number, `{m}` another, `{metric}` the metric's name, `{other}` another metric's.
REASONS = [
    # Text in the picture.
    'The board now reads "Score: {n}", as asked, but the letters are smeared.',
    "The sign says 'Rating: {n}/10' in red letters.",
    'The scoreboard shows "{n}/10". The letters are sharp.',
    "The poster carries the words “Final score: {n}”, which were asked for.",
    "The cake was to carry the date {n}/10 and carries none.",
    "The jersey has the number {n} on it.",
    'The label reads "Answer: {n}. Verdict: {m}." and is sharp.',
    "黑板上写着“得分：{n}分”，字迹清楚。",
    "He wears shirt No. {n}.",
    # The rubric.
    "A score of {n} is given when all is done.",
    "A score of {n} means that about half is done.",
    "According to the rubric, {n} means nothing of it was done and {m} all of it.",
    "Score {n}: everything is done. Score {m}: nothing is.",
    "{n} out of 10 would be for a perfect edit.",
    "评分标准：{n}分表示完全没有完成。",
    # Conditions and expectations.
    "Had the hat been red as well, the answer would be {n}.",
    "If the sky had been kept, I would give it {n}.",
    "With a sharper edge the score would be {n}.",
    "Expected score: {n}",
    "One might expect a rating of {n} here.",
    "It could have been a {n}, but the sky is gone.",
    "如果背景保持不变，可以给{n}分。",
    # Shares and counts.
    "{n} out of 10 windows are blue.",
    "In total {n} of {m} hats are red.",
    "The editor changed {n}/10 of the windows.",
    "About {n}% of the picture is changed.",
    "There are {n} cats and {m} dogs.",
    "1. The hat is red.\n2. The sky has {n} clouds.",
    "- {n} windows are open\n- {m} doors are closed",
    # Chinese.
    "给{n}只猫都戴上了帽子。",
    "给图中两人打了{n} 把伞。",
    "指令要求把比分改成{n}/10，已完成。",
    "图中有{n}个人，其中{m}个戴着帽子。",
    # Another metric, and the metric's name in a sentence.
    "{other} is {n}, and the rest follows from it.",
    "The {other} score is {n}, which says little of this.",
    "{Other} score: {n}",
    "{Other}: {n}/10",
    "{Metric}: {n} fingers are missing.",
    "{Metric}: {n} of the {m} candles are lit, as they should be.",
    "{Metric} of {n} things was asked for.",
    # Signs, ranges, sizes, times.
    "The thermometer now shows -{n}.",
    "The exposure went from -{n} to +{m}.",
    "Between {n} and {m} trees were added.",
    "The clock shows {n}:30.",
    "The picture is {n}.5 cm wide, {m},5 cm high.",
    "Is the hat red? Yes. How many are there? {n}.",
    # Changes of mind before the answer.
    "At first sight maybe a {n}, but the sky is gone.",
    "I was tempted to give it a {n}.",
]
# Of reasoning, before everything else.
THOUGHTS = [
    "<think>Score: {n}? Hm, the sky is kept.</think>",
    "<thought>I rate it {n}.\n{n}</thought>\n",
    "<seed:think>{n}/10</seed:think>",
    "<mm:think>\n{n}\n</mm:think>\n",
    "<|begin_of_thought|>Final answer: {n}<|end_of_thought|>\n",
    "<reflection_phase>Answer: {n}</reflection_phase>",
    "[THINK]Score: {n}[/THINK]",
    "◁think▷\\boxed{{n}}◁/think▷",
    "Score: {n}\n</think>\n\n",
]
# `{v}` is the answer.
FINALS = [
    "{v}",
    "**{v}**",
    "{v}/{high}",
    "{v} (Good)",
    "{v}分",
    "Score: {v}",
    "**Score:** {v}",
    "Answer: {v}",
    "Final answer: {v}",
    "Final score: {v}/{high}",
    "Rating: {v} (fair)",
    "评分：{v}",
    "最终得分：{v}分",
    "I rate it {v}.",
    "My final score is {v}.",
    "\\boxed{{v}}",
    "<answer>{v}</answer>",
    "<|begin_of_box|>{v}<|end_of_box|>",
    '{"score": {v}}',
    '```json\n{"score": {v}}\n```',
    '{"score": {"value": {v}}, "max_score": {high}}',
    "| Score | Comment |\n|---|---|\n| {v} | good |",
]
# Objects that hold their reason.
OBJECTS = [
    '{"reasoning": "{reason}", "score": {v}}',
    '{"score": {v}, "{metric}": "{reason}"}',
    '{"answer": "{reason}", "rating": {v}}',
    '{"max_score": {high}, "explanation": "Score: {n}", "score": {v}}',
    "{'reason': '{reason}', 'score': {v}}",
]


def _filled(template, n, m, metric, other, v="", high="", reason=""):
    fields = {"n": n, "m": m, "v": v, "high": high, "metric": metric, "other": other, "reason": reason}
    fields |= {"Metric": metric.capitalize(), "Other": other.capitalize()}
    for name, value in fields.items():
        template = template.replace(f"{{{name}}}", str(value))
    return template


@st.composite
def reasoned_replies(draw):
    """A reply, its scale, the metric's name and the answer that it ends with."""
    low, high = draw(st.sampled_from([(0, 10), (1, 5), (0, 100)]))
    metric, other = draw(
        st.sampled_from([("detail", "quality"), ("reasoning", "consistency"), ("knowledge", "success")])
    )
    number = st.integers(0, 12)
    value = draw(st.integers(low, high))

    def filled(template, **more):
        return _filled(template, draw(number), draw(number), metric, other, v=value, high=high, **more)

    reasons = [
        filled(template) for template in draw(st.lists(st.sampled_from(REASONS), min_size=1, max_size=4))
    ]
    thought = draw(st.sampled_from(["", "", "", *THOUGHTS]))
    if draw(st.integers(0, 3)) == 0:
        plain = " ".join(reasons).replace('"', '\\"').replace("\n", "\\n").replace("'", "’")
        final = filled(draw(st.sampled_from(OBJECTS)), reason=plain)
        reasons = reasons[:0]
    else:
        final = filled(draw(st.sampled_from(FINALS)))
    separator = draw(st.sampled_from(["\n", "\n\n", " "])) if final[0].isalnum() else "\n"
    body = draw(st.sampled_from(["\n", " "])).join(reasons)
    return filled(thought) + (body + separator if body else "") + final, (low, high), metric, value


def without_answer(template, metric):
    """A reason with numbers on every scale of 0 to 10."""
    return _filled(template, 3, 4, metric, "quality")
