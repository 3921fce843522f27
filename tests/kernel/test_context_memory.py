"""The context memory beside a model of it: times to live, bounds, snapshots."""

from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.plugins.memory import folder_in_memory
from tests.plugins.sampling import examples

from luxos.kernel.memory.context_memory import ContextMemory
from luxos.kernel.memory.snapshot import SetAside, save
from luxos.kernel.sentences import KernelError

NAMES = st.sampled_from(["a", "b", "c", "d", "ż"])
MOST, LARGEST = 3, 60


class Remembering(RuleBasedStateMachine):
    """The model is a list of name, value, deadline, the one unused for longest first."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.memory = self.fresh()
        self.model: list[tuple[str, str, float | None]] = []

    def fresh(self) -> ContextMemory:
        return ContextMemory(MOST, LARGEST, clock=lambda: self.now)

    def expire(self) -> None:
        self.model = [row for row in self.model if row[2] is None or row[2] > self.now]

    @rule(name=NAMES, value=st.text("xyz", max_size=20), ttl=st.none() | st.sampled_from([0.0, 1.0, 5.0]))
    def put(self, name: str, value: str, ttl: float | None) -> None:
        self.memory.put(name, value, ttl)
        self.model = [row for row in self.model if row[0] != name]
        self.model.append((name, value, None if ttl is None else self.now + ttl))
        if self.over():
            self.expire()
        while self.over():
            self.model.pop(0)

    def over(self) -> bool:
        return len(self.model) > MOST or self.size() > LARGEST

    def size(self) -> int:
        return sum(len(name.encode()) + len(value) + 2 for name, value, _ttl in self.model)

    @rule(name=NAMES)
    def get(self, name: str) -> None:
        self.expire()
        found = [row for row in self.model if row[0] == name]
        assert self.memory.get(name) == (found[0][1] if found else None)
        self.model = [row for row in self.model if row[0] != name] + found

    @rule(name=NAMES)
    def forget(self, name: str) -> None:
        self.memory.forget(name)
        self.model = [row for row in self.model if row[0] != name]

    @rule(seconds=st.sampled_from([0.5, 1.0, 3.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(off=st.sampled_from([-86400.0, 0.0, 86400.0]))
    def restart(self, off: float) -> None:
        """The time between is not counted, whatever a clock says."""
        path = str((folder_in_memory() or Path("/tmp")) / "context.json")
        self.expire()
        self.memory.save(path)
        self.now += off
        self.model = [(name, value, None if until is None else until + off) for name, value, until in self.model]
        self.memory = self.fresh()
        self.memory.restore(path)

    @invariant()
    def is_what_the_model_says(self) -> None:
        self.expire()
        assert self.memory.names() == [row[0] for row in self.model]
        assert self.memory.size == self.size() <= LARGEST


TestRemembering = Remembering.TestCase
TestRemembering.settings = settings(max_examples=examples(25), stateful_step_count=40, deadline=None)


def test_what_is_got_is_a_copy() -> None:
    memory = ContextMemory()
    memory.put("list", [1])
    given = memory.get("list")
    assert isinstance(given, list)
    given.append(2)
    assert memory.get("list") == [1]


def test_what_is_larger_than_all_there_is_is_refused_and_nothing_is_forgotten() -> None:
    memory = ContextMemory(size=100)
    memory.put("a", "kept")
    with pytest.raises(KernelError, match="100"):
        memory.put("a", "x" * 200)
    assert memory.get("a") == "kept"


@pytest.mark.parametrize("value", [{}, [[1, 2, None]], [["a", 1]], [["a", 1, "soon"]], "rows"])
def test_a_snapshot_of_another_shape_is_set_aside_and_nothing_of_it_read(tmp_path: Path, value: object) -> None:
    path = str(tmp_path / "context.json")
    save(path, "context-1", value)
    memory = ContextMemory()
    with pytest.raises(SetAside):
        memory.restore(path)
    assert memory.names() == []


def test_no_snapshot_is_an_empty_memory(tmp_path: Path) -> None:
    memory = ContextMemory()
    memory.restore(str(tmp_path / "none"))
    assert len(memory) == 0
