"""The worlds that attempts are made in, and the places that they are made from."""

import os
import subprocess
from collections.abc import Iterator

import pytest
from tests.plugins.walls import AS_ROOT, ORDINARY, SECRET, public_copy, walls_of, worker
from tests.security.places import Place
from tests.security.stage import Stage

__all__ = ["public_copy", "worker"]


@pytest.fixture(scope="session")
def stages() -> Iterator[dict[str, Stage]]:
    """A world for each user that we can be."""
    made = {"root": Stage(0), "ordinary": Stage(ORDINARY)} if AS_ROOT else {"ordinary": Stage(os.geteuid())}
    yield made
    for stage in made.values():
        stage.close()


@pytest.fixture(scope="session")
def places(stages: dict[str, Stage], worker: "subprocess.Popen[str]") -> list[Place]:
    """bubblewrap as every user; sandlock, which does not hold root, as an ordinary one."""
    os.environ["SECRET_OF_THE_PERSON"] = SECRET
    kinds = [("here", "root")] if AS_ROOT else []
    kinds += [("bubblewrap", "ordinary"), ("sandlock", "ordinary")]
    return [Place(walls_of(kind, worker), user, stages[user]) for kind, user in kinds]
