"""Whose task comes next, as a calculation: no owner waits for another's flood, and energy weighs."""

from collections import Counter
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from luxos.runtime.tasks.turns import Lane, Turns


def lane(owner: str, count: int, who: str = "vat", priority: int = 0) -> Lane:
    return Lane(owner, who, priority, [uuid4() for _ in range(count)])


def owners(order: list[UUID], *lanes: Lane) -> list[str]:
    whose = {soul: one.owner for one in lanes for soul in one.souls}
    return [whose[soul] for soul in order]


def test_a_flood_of_one_leaves_the_other_every_second_turn() -> None:
    flood, other = lane("flood", 100), lane("other", 10)
    order = owners(Turns().order([flood, other], {}, {}, 1000), flood, other)
    assert [index for index, owner in enumerate(order) if owner == "other"] == [
        index for index in range(20) if order[index] == "other"
    ]
    assert Counter(order) == {"flood": 100, "other": 10}


def test_turns_go_on_from_one_order_to_the_next() -> None:
    """With one place, each claim takes one task: the flood has the first, and then not the second."""
    turns, flood, other = Turns(), lane("a flood", 100), lane("other", 10)
    taken = []
    for _ in range(6):
        order = turns.order([flood, other], {}, {}, 1000)
        taken.append(owners(order[:1], flood, other)[0])
        turns.took(order[:1], {})
    assert taken == ["a flood", "other"] * 3


def test_who_was_away_saved_nothing_up() -> None:
    turns, here, back = Turns(), lane("here", 50), lane("back", 50)
    for _ in range(30):
        turns.took(turns.order([here], {}, {}, 1000)[:1], {})
    order = owners(turns.order([here, back], {}, {}, 1000), here, back)
    assert abs(Counter(order[:20])["here"] - 10) <= 1


def test_of_one_owner_priority_goes_first_and_of_one_priority_energy_weighs() -> None:
    urgent, strong, weak = lane("one", 3, "weak", 5), lane("one", 40, "strong"), lane("one", 40, "weak")
    order = Turns().order([weak, strong, urgent], {"strong": 300.0, "weak": 100.0}, {}, 1000)
    assert set(order[:3]) == set(urgent.souls)
    assert Counter(soul in set(strong.souls) for soul in order[:40])[True] in (29, 30, 31)


def test_what_sleeps_has_turns_too() -> None:
    asleep, awake = lane("one", 5, "asleep"), lane("one", 5, "awake")
    assert len(Turns().order([asleep, awake], {"asleep": -3.0, "awake": 1e9}, {}, 1000)) == 10


def test_nobody_gets_more_places_than_their_share() -> None:
    flood, other = lane("flood", 100), lane("other", 1)
    order = owners(Turns().order([flood, other], {}, {"flood": 10}, 12), flood, other)
    assert Counter(order) == {"flood": 2, "other": 1}


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(-2, 2), st.integers(0, 8)), max_size=12
    ),
    st.integers(1, 10),
)
def test_everything_comes_once_and_by_its_lane_s_order(told: list[tuple[str, str, int, int]], share: int) -> None:
    lanes = [
        Lane(owner, who, priority, [uuid4() for _ in range(count)])
        for (owner, who, priority), count in {each[:3]: each[3] for each in told}.items()
    ]
    order = Turns().order(lanes, {}, {}, share)
    assert len(set(order)) == len(order)
    assert all(count <= share for count in Counter(owners(order, *lanes)).values())
    place = {soul: index for index, soul in enumerate(order)}
    for one in lanes:
        found = [place[soul] for soul in one.souls if soul in place]
        assert found == sorted(found)
    for owner in {one.owner for one in lanes}:
        wanted = sum(len(one.souls) for one in lanes if one.owner == owner)
        assert Counter(owners(order, *lanes))[owner] == min(share, wanted)
        own = [
            (place[soul], one.priority) for one in lanes if one.owner == owner for soul in one.souls if soul in place
        ]
        assert [priority for _place, priority in sorted(own)] == sorted((each[1] for each in own), reverse=True)
