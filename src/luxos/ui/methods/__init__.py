"""What can be asked of LuxOS, one function each, the same for every way of asking: command line, socket, later REST.

A method takes plain JSON values and gives a JSON object; what happens meanwhile is told to the person's listener.
Each module is one subject; `METHODS` is the one table.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

from luxos.ui.methods.person import Person

__all__ = ["METHODS", "Method", "Person"]

Method = Callable[..., Awaitable[dict[str, Any]]]
_SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "adding": ("soul_add",),
    "audit": ("audit_verify", "audit_anchor"),
    "awareness": ("recompute_beings",),
    "backups": ("backup", "restore"),
    "beings": ("find_beings", "show_being", "make_being"),
    "calling": ("call",),
    "checks": ("check_database",),
    "environments": (
        *("soul_promote", "soul_promotions", "soul_demote", "soul_production", "soul_manifest", "soul_rollback"),
        "soul_validate",
    ),
    "evolving": ("soul_evolve",),
    "graphs": (
        *("graph_neighbours", "graph_around", "graph_path", "graph_paths"),
        *("graph_influence", "graph_communities", "graph_cycles"),
    ),
    "nodes": ("node_enroll", "node_approve", "node_list"),
    "records": ("runs", "show"),
    "removal": ("delete_being", "restore_being", "preview_purge", "purge_being"),
    "room": ("usage", "preview_clean", "clean_database"),
    "running": ("run_tail", "run_pause", "run_move", "run_cancel", "run_confirm", "run_deny", "retry"),
    "souls": (
        *("soul_list", "soul_show", "soul_at", "soul_log", "soul_diff", "soul_rename", "soul_report"),
        *("soul_import", "soul_export"),
    ),
    "tasks": (
        *("task_add", "task_list", "task_show", "task_retry", "task_cancel", "queues"),
        *("schedule_add", "schedule_list", "schedule_remove"),
    ),
    "work": ("do", "plan", "program", "resume", "undo"),
}
"""The methods of each module of this folder."""


class _Methods(Mapping[str, Method]):
    """Imports a method's module when it is asked for: a command that lists runs waits for no evolution."""

    def __init__(self) -> None:
        self._subjects = {name: subject for subject, names in _SUBJECTS.items() for name in names}

    def __getitem__(self, name: str) -> Method:
        method: Method = getattr(import_module(f"{__name__}.{self._subjects[name]}"), name)
        return method

    def __iter__(self) -> Iterator[str]:
        return iter(self._subjects)

    def __len__(self) -> int:
        return len(self._subjects)


METHODS = _Methods()
