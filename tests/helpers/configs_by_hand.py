"""A small configuration as plain data, and changes of it."""

import copy

SMALL = {
    "benchmarks": {"b": {"format": "base64_json", "path": "b.json"}},
    "editors": {"e": {"type": "identity"}},
    "judges": {"j": {"type": "simulated"}},
}


def changed(*path, value):
    """Return the small configuration with another value at a path of keys."""
    data = copy.deepcopy(SMALL)
    part = data
    for key in path[:-1]:
        part = part.setdefault(key, {})
    part[path[-1]] = value
    return data
