"""What `luxos audit verify` can find, in words."""

from dataclasses import asdict, dataclass
from typing import Any

from luxos.i18n import N_, _


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was written: the `rule` that is broken, where, and the `number` of the link."""

    rule: str
    run: str = ""
    step: str = ""
    number: int | None = None

    def __str__(self) -> str:
        return _(RULES[self.rule]).format(**{**asdict(self), "run": self.run[:8]})

    def as_json(self) -> dict[str, Any]:
        """With its sentence."""
        return {**asdict(self), "message": str(self)}


RULES = {
    "run_altered": N_("Run {run}: its goal, program, owner or time was altered."),
    "run_state": N_("Run {run}: its row is not as it was when the run was sealed (seal {number})."),
    "run_head": N_(
        "Run {run}: its row does not name a link of its chain; steps at its end were removed, or the row altered."
    ),
    "run_sealed": N_("Run {run}: link {number} is not the one that was sealed."),
    "run_missing": N_("Run {run} was sealed and is not there, and no cleaning tells of it with its last link."),
    "run_checkpoints": N_("Run {run}: what a purge left of removed steps does not fit its chain (link {number})."),
    "step_altered": N_("Run {run}: step {step} was altered (link {number})."),
    "step_unlinked": N_("Run {run}: step {step} does not follow the one before it (link {number})."),
    "step_missing": N_("Run {run}: a step, or an attempt of one, is missing before link {number}."),
    "step_inserted": N_("Run {run}: step {step} was inserted; link {number} is there already."),
    "step_foreign": N_("Run {run}: step {step} does not belong to it."),
    "step_open": N_("Run {run}: step {step}, which never ended, is not as it was when the run was sealed."),
    "step_stray": N_("Step {step} belongs to no run."),
    "seal_altered": N_("Seal {number} was altered."),
    "seal_unlinked": N_("Seal {number} does not follow the one before it."),
    "seal_missing": N_("A seal is missing before seal {number}."),
    "seal_inserted": N_("Seal {number} is there a second time."),
    "seal_head": N_("The head of the installation's chain is not its last seal ({number})."),
    "anchor": N_("The anchor names seal {number}, which is not there, or is another one."),
}
