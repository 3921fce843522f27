"""What the kernel says to people: codes with fields, and their sentences, for nothing of LuxOS's may be needed here."""

from collections.abc import Mapping

_SENTENCES = {
    "component.system": (
        "System nie pozwolił uruchomić `{component}`, posprzątać po nim albo zapisać, że działa: {reason}.",
        "The system did not let `{component}` be begun, cleaned up after, or written down: {reason}.",
    ),
    "component.unknown": (
        "Nie ma komponentu `{name}`; są: {choices}.",
        "There is no component `{name}`; there are: {choices}.",
    ),
    "context.too_large": (
        "Wartość `{name}` nie zmieści się w pamięci kontekstu ({most} bajtów).",
        "The value `{name}` does not fit into the context memory ({most} bytes).",
    ),
    "frame.too_large": (
        "Pytanie lub odpowiedź nie zmieści się w ramce ({most} bajtów).",
        "The question or its answer does not fit into a frame ({most} bytes).",
    ),
    "frame.unreadable": (
        "To nie jest pytanie do jądra: potrzebny jest obiekt JSON z polem `do`.",
        "This is no question to the kernel: it takes a JSON object with the field `do`.",
    ),
    "frame.version": (
        "Jądro rozumie protokół w wersji {version}; zaktualizuj program, który pyta.",
        "The kernel speaks version {version} of its protocol; update the program that asks.",
    ),
    "kernel.folder": (
        "Folder jądra {folder} nie nadaje się do użycia: {reason}.",
        "The kernel cannot use its folder {folder}: {reason}.",
    ),
    "kernel.others": (
        "Do folderu jądra {folder} może pisać ktoś inny; zrób to: chmod 700 {folder}.",
        "Others can write into the kernel's folder {folder}; do this: chmod 700 {folder}.",
    ),
    "kernel.path": (
        "Ścieżka {folder} jest za długa: razem z nazwą gniazda ma mieć najwyżej {most} bajtów.",
        "The path {folder} is too long: with a socket's name it may have {most} bytes.",
    ),
    "kernel.runs": (
        "Jądro folderu {folder} już działa.",
        "The kernel of the folder {folder} runs already.",
    ),
    "kernel.usage": (
        "Podaj folder jądra i, jeśli trzeba, plik komponentów.",
        "Say the kernel's folder and, if need be, a manifest.",
    ),
    "kernel.not_now": (
        "Jądro się zatrzymuje albo jest w stanie bezpiecznym; najpierw podaj tryb: `luxos kernel mode active`.",
        "The kernel is stopping, or safe; say a mode first: `luxos kernel mode active`.",
    ),
    "manifest.absent": (
        "Brak pliku komponentów {path}; bez niego jądro nie wie, co uruchomić.",
        "There is no manifest {path}; without it the kernel does not know what to start.",
    ),
    "manifest.choice": (
        "Linia {line}: `{key}` musi być jednym z: {choices}.",
        "Line {line}: `{key}` must be one of: {choices}.",
    ),
    "manifest.duplicate": (
        "Linia {line}: `{key}` występuje drugi raz.",
        "Line {line}: `{key}` is there a second time.",
    ),
    "manifest.kind": (
        "Linia {line}: `{key}` musi być: {wanted}.",
        "Line {line}: `{key}` must be: {wanted}.",
    ),
    "manifest.missing": ("Linia {line}: brakuje `{key}`.", "Line {line}: `{key}` is missing."),
    "manifest.range": (
        "Linia {line}: `{key}` musi być liczbą od {least} do {most}.",
        "Line {line}: `{key}` must be a number from {least} to {most}.",
    ),
    "manifest.syntax": ("Linia {line}: to nie jest poprawny YAML.", "Line {line}: this is not YAML."),
    "manifest.too_large": (
        "Plik komponentów jest większy niż {most} bajtów.",
        "The manifest is larger than {most} bytes.",
    ),
    "manifest.unknown": (
        "Linia {line}: nieznany klucz `{key}`; znane są: {choices}.",
        "Line {line}: unknown key `{key}`; there are: {choices}.",
    ),
    "mode.unknown": (
        "Nie ma trybu `{mode}`; są: passive, active, strict.",
        "There is no mode `{mode}`; there are: passive, active, strict.",
    ),
    "order.disk": (
        "Nie udało się zapisać na dysku tego, co miało zrobić `{order}`: {reason}.",
        "What `{order}` was to do could not be written to the disk: {reason}.",
    ),
    "order.fields": (
        "Polecenie `{order}` ma złe lub brakujące pola.",
        "The order `{order}` has wrong or missing fields.",
    ),
    "order.unknown": (
        "Nie ma polecenia `{order}`; są: {choices}.",
        "There is no order `{order}`; there are: {choices}.",
    ),
    "snapshot.set_aside": (
        "Plik {path} był uszkodzony albo obcy; leży teraz w {aside}.",
        "The file {path} was damaged or foreign; it is {aside} now.",
    ),
}
"""Code: Polish, English. A test reads that both have the same fields."""


class KernelError(Exception):
    """What keeps the kernel from doing something: a code of the table, with its fields."""

    def __init__(self, code: str, **fields: object) -> None:
        super().__init__(code, fields)
        self.code, self.fields = code, fields

    def __str__(self) -> str:
        return say(self.code, self.fields, "en")


def say(code: str, fields: Mapping[str, object], language: str = "pl") -> str:
    """The sentence of a code, in `pl` or `en`; a code of a newer kernel is shown as it is."""
    if code not in _SENTENCES:
        return f"{code} {dict(fields)}"
    return _SENTENCES[code][language == "en"].format(**fields)
