"""What can be asked of LuxOS, one function each, the same for every way of asking: command line, socket, later REST.

A method takes plain JSON values and gives a JSON object; what happens meanwhile is told to the person's listener.
Each module is one subject; `METHODS` is the one table.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from luxos.ui.methods.adding import soul_add
from luxos.ui.methods.audit import audit_anchor, audit_verify
from luxos.ui.methods.awareness import recompute_beings
from luxos.ui.methods.backups import backup, restore
from luxos.ui.methods.beings import find_beings, make_being, show_being
from luxos.ui.methods.calling import call
from luxos.ui.methods.checks import check_database
from luxos.ui.methods.environments import (
    soul_demote,
    soul_manifest,
    soul_production,
    soul_promote,
    soul_promotions,
    soul_rollback,
    soul_validate,
)
from luxos.ui.methods.evolving import soul_evolve
from luxos.ui.methods.graphs import (
    graph_around,
    graph_communities,
    graph_cycles,
    graph_influence,
    graph_neighbours,
    graph_path,
    graph_paths,
)
from luxos.ui.methods.nodes import node_approve, node_enroll, node_list
from luxos.ui.methods.person import Person
from luxos.ui.methods.records import runs, show
from luxos.ui.methods.removal import delete_being, preview_purge, purge_being, restore_being
from luxos.ui.methods.room import clean_database, preview_clean, usage
from luxos.ui.methods.running import retry, run_cancel, run_confirm, run_deny, run_move, run_pause, run_tail
from luxos.ui.methods.souls import (
    soul_at,
    soul_diff,
    soul_export,
    soul_import,
    soul_list,
    soul_log,
    soul_rename,
    soul_report,
    soul_show,
)
from luxos.ui.methods.tasks import (
    queues,
    schedule_add,
    schedule_list,
    schedule_remove,
    task_add,
    task_cancel,
    task_list,
    task_retry,
    task_show,
)
from luxos.ui.methods.work import do, plan, program, resume, undo

__all__ = ["METHODS", "Method", "Person"]

Method = Callable[..., Awaitable[dict[str, Any]]]
_ALL: tuple[Method, ...] = (
    *(do, plan, program, resume, undo, call),
    *(runs, show, run_tail, run_pause, run_move, run_cancel, run_confirm, run_deny, retry),
    *(audit_verify, audit_anchor),
    *(backup, restore, check_database, usage, preview_clean, clean_database),
    *(find_beings, show_being, make_being, recompute_beings),
    *(graph_neighbours, graph_around, graph_path, graph_paths, graph_influence, graph_communities, graph_cycles),
    *(delete_being, restore_being, preview_purge, purge_being),
    *(soul_add, soul_list, soul_show, soul_at, soul_log, soul_diff, soul_rename, soul_report, soul_import, soul_export),
    *(soul_promote, soul_promotions, soul_demote, soul_production, soul_manifest, soul_rollback, soul_validate),
    soul_evolve,
    *(node_enroll, node_approve, node_list),
    *(task_add, task_list, task_show, task_retry, task_cancel, queues),
    *(schedule_add, schedule_list, schedule_remove),
)
METHODS: dict[str, Method] = {method.__name__: method for method in _ALL}
