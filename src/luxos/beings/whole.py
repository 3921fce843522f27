"""The whole graph as arrays: the ends of every relationship that is followed, read at once by COPY."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import UUID

from luxos.beings.communities import Edges
from luxos.beings.graph import snapshot
from luxos.beings.links import Links

if TYPE_CHECKING:
    import numpy as np
    import rustworkx
    from numpy.typing import NDArray

_EVERY = Links()
_HEAD, _TAIL = 19, 2
"""Bytes of binary COPY before its rows and after them."""
_ROW = [("count", ">i2"), ("size", ">i4"), ("source", ">u8", 2), ("size_2", ">i4"), ("target", ">u8", 2)]
"""A row of two UUIDs in binary COPY."""


@dataclass(frozen=True)
class Whole:
    """The graph that is followed: its beings in the order of their UUIDs, and how many relationships lead where.

    The edges are in the order of their sources and targets, which are places in `souls`; several relationships from one
    being to another weigh as many. Direction `in` turns all round; `both` is as `out`.
    """

    souls: Sequence[UUID]
    edges: Edges

    def digraph(self) -> "rustworkx.PyDiGraph[int, float]":
        """The same as a graph of rustworkx, whose indices are the places in `souls`."""
        import rustworkx

        graph: rustworkx.PyDiGraph[int, float] = rustworkx.PyDiGraph(multigraph=False)
        graph.add_nodes_from(range(len(self.souls)))
        graph.add_edges_from(list(zip(*(each.tolist() for each in self.edges), strict=True)))
        return graph


async def whole(links: Links = _EVERY, *, connection: Any = None) -> Whole:
    """Reads the ends of every relationship that is followed; some 200 bytes of memory for each."""
    import numpy as np

    query, *arguments = links.statement("graph_ends")
    read = BytesIO()
    async with snapshot(connection) as lent:
        await lent.copy_from_query(query, *arguments, output=read, format="binary")
    row = np.dtype(_ROW)
    rows = np.frombuffer(read.getbuffer()[_HEAD:-_TAIL], row)
    souls, places = _numbered(np.concatenate([rows["source"], rows["target"]]))
    ends = np.split(places, 2)
    return Whole(souls, _edges(len(souls), *(reversed(ends) if links.direction == "in" else ends)))


def _numbered(halves: "NDArray[np.uint64]") -> "tuple[list[UUID], NDArray[np.int64]]":
    """The UUIDs in order, each once, and where in them each of the given ones is; these are two halves each."""
    import numpy as np

    high, low = halves[:, 0].astype(np.uint64), halves[:, 1].astype(np.uint64)
    order = np.lexsort((low, high))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(high[order]) != 0) | (np.diff(low[order]) != 0)
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.cumsum(first) - 1
    pairs = zip(high[order][first].tolist(), low[order][first].tolist(), strict=True)
    return [UUID(int=one << 64 | two) for one, two in pairs], places


def _edges(count: int, sources: "NDArray[np.int64]", targets: "NDArray[np.int64]") -> Edges:
    import numpy as np

    pairs, times = np.unique(sources * count + targets, return_counts=True)
    return Edges(*np.divmod(pairs, max(count, 1)), times.astype(np.float64))
