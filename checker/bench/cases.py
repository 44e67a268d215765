"""What is measured: models, their settings, and the Promela texts that SPIN gets for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..base.errors import UsageError

TEXTS = Path(__file__).parent / "models"
PROJECT = Path(__file__).resolve().parents[2]
BESIDE = Path("tests") / "models"  # where the project keeps its models, from its root
EVERYTHING = ("-O2", "-DSAFETY", "-DNOREDUCE")  # flags for gcc with which a verifier stores all states
HAND_WRITTEN, EXPORTED = "hand-written", "exported"


@dataclass(frozen=True)
class Text:
    """A Promela text.

    name: what the table calls it.  file: None for the export of the model.  defines: names
    that spin gets (-D) beside the settings of the case.
    """

    name: str
    file: Path | None = None
    defines: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A model with settings.  flags: for gcc; texts: for SPIN.  file: None for the model of the kernel; scenario, bound: None
    for its first, and the scenario's."""

    model: str
    file: Path | None
    settings: dict[str, int]
    flags: tuple[str, ...] = EVERYTHING
    texts: tuple[Text, ...] = (Text(EXPORTED),)
    scenario: str | None = None
    bound: int | None = None

    @property
    def name(self) -> str:
        bound = [f"bound {self.bound}"] if self.bound is not None else []
        return " ".join([self.model, *bound, *(f"{name}={value}" for name, value in self.settings.items())])

    @property
    def selection(self) -> dict[str, Any]:
        """What `prepare` is asked for."""
        model = None if self.file is None else str(self.file)
        return {"model": model, "settings": self.settings, "scenario": self.scenario, "bound": self.bound}


@dataclass(frozen=True)
class KnownModel:
    """A model that is measured by default.  settings: of each of its cases."""

    settings: tuple[dict[str, int], ...]
    flags: tuple[str, ...]
    texts: tuple[Text, ...]


CORE = {"F": 2, "W": 1, "WOPS": 2, "FLOPS": 1, "FSOPS": 1, "TROPS": 1}
KNOWN = {
    "two_phase_commit": KnownModel(
        ({"RM": 8},),
        ("-O3", "-DSAFETY"),  # one process: there is nothing that SPIN could reduce
        (Text(HAND_WRITTEN, TEXTS / "two_phase_commit.pml"),),
    ),
    "writeback_core": KnownModel((CORE, {**CORE, "FLOPS": 2}), ("-O2", "-DNOREDUCE"), (Text(EXPORTED),)),
}


def chosen_cases(models: Sequence[str], settings: Sequence[str], promela: Sequence[str]) -> list[Case]:
    """The cases that the command line asks for.

    models: names of KNOWN or files in the language; none for all of KNOWN.  settings:
    NAME=VALUE texts, for one model.  promela: MODEL=FILE[,NAME=VALUE...], texts for SPIN in
    addition.  UsageError if something is not there, or is not understood.
    """
    if settings and len(models) != 1:
        raise UsageError("bench --set: name the one model that is meant, with --model")
    given = dict(_setting(text, "--set") for text in settings)
    cases = [case for model in models or KNOWN for case in _cases_of(model, given)]
    for option in promela:
        model, text = _promela(option)
        if model not in {case.model for case in cases}:
            raise UsageError(f"--promela {option}: {model} is not measured; models: {_names(cases)}")
        cases = [replace(c, texts=(*c.texts, text)) if c.model == model else c for c in cases]
    return cases


def _cases_of(model: str, given: dict[str, int]) -> list[Case]:
    known = KNOWN.get(model)
    if known is None:
        file = Path(model)
        if file.suffix != ".py" or not file.is_file():
            raise UsageError(f"bench --model {model}: neither a file FILE.py nor one of {', '.join(KNOWN)}")
        if file.stem not in KNOWN:
            return [Case(file.stem, file, given)]
        model, known = file.stem, KNOWN[file.stem]
    else:
        file = find_model(model)
    every = [{**known.settings[0], **given}] if given else known.settings
    return [Case(model, file, settings, known.flags, known.texts) for settings in every]


def find_model(model: str) -> Path:
    """The file of a known model: models are part of the project's tests, not of the package."""
    for folder in (PROJECT / BESIDE, BESIDE):
        if (file := folder / f"{model}.py").is_file():
            return file
    raise UsageError(
        f"bench: {BESIDE / model}.py is neither here nor beside the checker (it comes with the project's tests);\n"
        f"  run this in the project's directory, or name the file: --model {model}.py"
    )


def _setting(text: str, option: str) -> tuple[str, int]:
    name, equals, value = (part.strip() for part in text.partition("="))
    try:
        if equals and name:
            return name, int(value, 0)
    except ValueError:
        pass
    raise UsageError(f"{option} {text}: write NAME=VALUE, with an integer")


def _promela(option: str) -> tuple[str, Text]:
    """MODEL=FILE[,NAME=VALUE...] as the model's name and the text."""
    model, equals, rest = option.partition("=")
    file, *defines = rest.split(",")
    if not (equals and model and file):
        raise UsageError(f"--promela {option}: write MODEL=FILE or MODEL=FILE,NAME=VALUE")
    if not Path(file).is_file():
        raise UsageError(f"--promela {option}: there is no file {file}")
    return model, Text(Path(file).name, Path(file), dict(_setting(one, "--promela") for one in defines))


def _names(cases: Sequence[Case]) -> str:
    return ", ".join(dict.fromkeys(case.model for case in cases))
