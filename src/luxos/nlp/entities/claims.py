"""Who has which part of the sentence: an entity claims its characters, and the first claim holds."""

from collections.abc import Iterable

from luxos.nlp.words import Entity


class Claims:
    """Entities found so far; `add` refuses one that overlaps an earlier one."""

    def __init__(self) -> None:
        self._entities: list[Entity] = []

    def free(self, start: int, end: int) -> bool:
        """Whether nobody has claimed any of these characters."""
        return not any(entity.start < end and start < entity.end for entity in self._entities)

    def add(self, entity: Entity) -> bool:
        """Takes the entity, if it says something and its place is free."""
        if not entity.value.strip() or entity.start >= entity.end or not self.free(entity.start, entity.end):
            return False
        self._entities.append(entity)
        return True

    def add_all(self, entities: Iterable[Entity]) -> None:
        for entity in entities:
            self.add(entity)

    def has(self, type_: str) -> bool:
        return any(entity.type == type_ for entity in self._entities)

    def sorted(self) -> tuple[Entity, ...]:
        """All entities in the order of the sentence."""
        return tuple(sorted(self._entities, key=lambda entity: (entity.start, entity.end)))
