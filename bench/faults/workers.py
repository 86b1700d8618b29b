"""Faults of the workers: killed at a stated call, out of memory, of time, of disk; wrong clocks; other versions."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.faults.case import SEEDS, SIDE, SKUS, Case
from bench.faults.catalogue import CATALOGUE
from bench.line import draw, remark, until
from packshot import keys
from packshot.process import checkpoint
from packshot_local.project import LAYER
from packshot_local.stack import Kind, Rule

workers = CATALOGUE.area("workers")

KILLS: list[tuple[str, str, Rule]] = [
    (
        "intake killed before it records a photo",
        "at its first write to Photos",
        Rule(Kind.KILLED, "IntakeFunction", "dynamodb", "PutItem", about='"photo_id"', most=1),
    ),
    (
        "intake killed when a photo is recorded",
        "after its first write to Photos",
        Rule(Kind.BEREFT, "IntakeFunction", "dynamodb", "PutItem", about='"photo_id"', most=1),
    ),
    (
        "close killed before it closes",
        "at its write to Drops",
        Rule(Kind.KILLED, "CloseFunction", "dynamodb", "UpdateItem", about='"closed_at"', most=1),
    ),
    (
        "close killed when the execution has started",
        "after StartExecution",
        Rule(Kind.BEREFT, "CloseFunction", "states", "StartExecution", most=1),
    ),
    (
        "plan killed between lot and items",
        "after its write to Lots",
        Rule(Kind.BEREFT, "PlanFunction", "dynamodb", "PutItem", most=1),
    ),
    (
        "process killed between a photo's files",
        "at its second PutObject",
        Rule(Kind.KILLED, "ProcessFunction", "s3", "PutObject", after=1, most=1),
    ),
    (
        "process killed when a photo is done",
        "after it wrote measurements.json",
        Rule(Kind.BEREFT, "ProcessFunction", "s3", "PutObject", about="measurements.json", most=1),
    ),
    (
        "inspect killed between lot and tasks",
        "after its write to Lots",
        Rule(Kind.BEREFT, "InspectFunction", "dynamodb", "UpdateItem", about='"task_ids"', most=1),
    ),
    (
        "inspect killed between tasks",
        "after its first write to Tasks",
        Rule(Kind.BEREFT, "InspectFunction", "dynamodb", "PutItem", most=1),
    ),
    (
        "export killed between file and record",
        "after it wrote a file",
        Rule(Kind.BEREFT, "ExportFunction", "s3", "PutObject", about="/exports/", most=1),
    ),
    (
        "export killed when a photo is recorded",
        "after its write of exported",
        Rule(Kind.BEREFT, "ExportFunction", "dynamodb", "UpdateItem", about='"exports"', most=1),
    ),
    (
        "settle killed at its end",
        "after its write to Lots",
        Rule(Kind.BEREFT, "SettleFunction", "*", "UpdateItem", most=1),
    ),
    (
        "report killed between its files",
        "at its third PutObject",
        Rule(Kind.KILLED, "ReportFunction", "s3", "PutObject", after=2, most=1),
    ),
    (
        "report killed when the drop is done",
        "after its write of done",
        Rule(Kind.BEREFT, "ReportFunction", "dynamodb", "UpdateItem", about='"done_at"', most=1),
    ),
]


def _killed(rule: Rule) -> object:
    return lambda case: case.through(rule)


for _name, _injected, _rule in KILLS:
    CATALOGUE.add("workers", _name, _injected, _killed(_rule))  # type: ignore[arg-type]


@workers(
    "every stage loses its first worker", "SIGKILL in the middle of plan, process, inspect, export, settle, report"
)
def each(case: Case) -> None:
    """One worker of each stage, at whatever it does."""
    stages = [f"{name}Function" for name in ("Plan", "Process", "Inspect", "Export", "Settle", "Report")]
    with case.line.reaper(stages, once=True) as killed:
        case.send()
        case.done()
    case.struck = len(killed)
    case.expect(sorted(killed) == sorted(stages), f"killed were {killed}")


@workers("plan is killed each time", "at every write to S3, until it is given up")
def no_plan(case: Case) -> None:
    """The drop fails photo by photo, with dead letters."""
    case.ends = {"failed": len(SKUS)}
    case.through(Rule(Kind.KILLED, "PlanFunction", "s3", "PutObject"), least=5)


@workers("a photo that kills its worker each time", "SIGKILL whenever process reads it")
def poison(case: Case) -> None:
    """It is set aside after its second worker; the others leave."""
    case.ends = {"exported": 2, "failed": 1}
    case.through(Rule(Kind.KILLED, "ProcessFunction", "s3", "GetObject", about=f"{SKUS[1]}_front"), least=2)


@workers("a photo that kills export each time", "SIGKILL whenever export reads its master")
def poison_export(case: Case) -> None:
    """Only the photo fails."""
    case.ends = {"exported": 2, "failed": 1}
    photo = f"photos/{case.drop}/{_id(case)}/master.png"
    case.through(Rule(Kind.KILLED, "ExportFunction", "s3", "GetObject", about=photo), least=2)


def _id(case: Case) -> str:
    return keys.photo_id(f"{keys.INCOMING}{case.drop}/{SKUS[1]}_front.jpg")


@workers("a worker dies between a failure and its dead letter", "SIGKILL at SendMessage of process, its photo damaged")
def no_letter(case: Case) -> None:
    """The report sends the letter."""
    case.ends = {"exported": 2, "failed": 1}
    case.photos["BOX-9"] = case.photos.pop(SKUS[1]) + b" "
    case.line.know(case.photos["BOX-9"], np.zeros((100, 100), np.uint8))  # another photo's: that ends in an error
    case.through(Rule(Kind.KILLED, "ProcessFunction", "sqs", "SendMessage", most=1))


@workers("out of memory: killed", "SIGKILL of the first process worker at nine tenths of what the photos need")
def out_of_memory(case: Case) -> None:
    """As Lambda does it."""
    _short_of_memory(case, "killed", 0.9)


@workers(
    "out of memory: refused",
    "the first process worker gets no more at three quarters of what the photos need (RLIMIT_AS)",
)
def no_more_memory(case: Case) -> None:
    """An allocation fails in the middle of a photo: the worker ends, and the next one does it."""
    before = len(case.line.lines)
    _short_of_memory(case, "refused", 0.75)
    said = [line.text for line in case.line.lines[before:] if line.function == "ProcessFunction"]
    case.struck = sum(any(words in text for words in NO_MEMORY) for text in said)
    case.expect(case.struck, "no allocation failed")


NO_MEMORY = ("MemoryError", "Insufficient memory", "bad_alloc", "Unable to allocate", "Cannot allocate")


def _short_of_memory(case: Case, how: str, share: float) -> None:
    need = case.line.stack.peak_rss_bytes()["ProcessFunction"]
    limit = str(int(share * need))
    with _marker() as marker:
        there = str(marker)
        with case.deployed(
            "ProcessFunction",
            FAULT_MEMORY_BYTES=limit,
            FAULT_MEMORY=how,
            FAULT_MARKER=there,
            MALLOC_MMAP_THRESHOLD_=str(128 << 10),  # every array is asked of the system, none made of an earlier one's
        ):
            case.send()
            case.done()
        case.struck = int(marker.exists())
    case.expect(case.struck, "no worker came to its limit")


@contextlib.contextmanager
def _marker() -> Iterator[Path]:
    """A file that is there once a fault has struck, so that it strikes once."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder, "struck")


@workers("inspect runs out of its time", "an answer of S3 comes after its 4 s, once")
def timed_out(case: Case) -> None:
    """Lambda ends the worker; the retry does it."""
    with case.deployed("InspectFunction", timeout=4.0):
        case.through(Rule(Kind.SLOW, "InspectFunction", "s3", "GetObject", seconds=6.0, most=1))


@workers("intake runs out of its time", "an answer of S3 comes after its 4 s, once")
def intake_timed_out(case: Case) -> None:
    """The batch comes again."""
    with case.deployed("IntakeFunction", timeout=4.0):
        case.through(Rule(Kind.SLOW, "IntakeFunction", "s3", "GetObject", seconds=6.0, most=1))


@workers("process stops before its time is over", "31 s for each call, of which it keeps 30 in hand")
def nearly_timed_out(case: Case) -> None:
    """It ends itself in time; what is done stays done."""
    slow = Rule(Kind.SLOW, "ProcessFunction", "s3", "GetObject", about="lots/", seconds=1.5, most=2)
    with case.deployed("ProcessFunction", timeout=31.0):
        case.through(slow, least=2)


@workers("the disk of report is full", "no file may grow beyond 4 KiB (RLIMIT_FSIZE) until its first call has failed")
def disk_full(case: Case) -> None:
    """Neither the report's rows nor Amazon's ZIP fit into /tmp at first."""
    with case.deployed("ExportFunction", PACKSHOT_EXPORT_CHANNELS="amazon,google"):
        with case.deployed("ReportFunction", FAULT_FILE_BYTES="4096"):
            case.send()
            until(lambda: _failures(case), 240)
        case.done()
    case.struck = _failures(case)
    zips = [
        entry.key for entry in case.line.store.output.list(f"feeds/{case.drop}/amazon/") if entry.key[-4:] == ".zip"
    ]
    case.expect(len(zips) == 1, f"ZIPs: {zips}")


DISK_FULL = ("File too large", "disk I/O error")  # of a file, and of SQLite, which sorts the report's rows


def _failures(case: Case) -> int:
    lines = [line.text for line in list(case.line.lines) if line.function == "ReportFunction"]
    return sum(any(words in text for words in DISK_FULL) for text in lines)


ODD = ("IntakeFunction", "PlanFunction", "InspectFunction", "SettleFunction")
EVEN = ("CloseFunction", "ProcessFunction", "ExportFunction", "ReportFunction")


@workers("clocks an hour ahead", f"{', '.join(ODD)} live an hour later than all others")
def ahead(case: Case) -> None:
    """Nothing rests on whose clock it was."""
    _skewed(case, dict.fromkeys(ODD, "3600"))


@workers("other clocks an hour ahead", f"{', '.join(EVEN)} live an hour later than all others")
def others_ahead(case: Case) -> None:
    """No chunk takes itself for out of time, no photo for late or lost."""
    _skewed(case, dict.fromkeys(EVEN, "3600"))


@workers("clocks an hour behind", f"{', '.join(ODD)} live an hour earlier than all others")
def behind(case: Case) -> None:
    """Nothing rests on whose clock it was."""
    _skewed(case, dict.fromkeys(ODD, "-3600"))


@workers("clocks two hours apart", "every second stage lives an hour earlier, all others an hour later")
def apart(case: Case) -> None:
    """Nor on how far two of them are apart."""
    _skewed(case, {**dict.fromkeys(ODD, "-3600"), **dict.fromkeys(EVEN, "3600")})


def _skewed(case: Case, clocks: dict[str, str]) -> None:
    """A drop by these clocks, and a photo that comes when it is closed: late by the only clock that dates photos."""
    case.ends = {"exported": len(SKUS), "rejected": 1}
    with contextlib.ExitStack() as all_:
        for name, seconds in clocks.items():
            all_.enter_context(case.deployed(name, FAULT_CLOCK_S=seconds))
            case.struck += 1
        case.send()
        case.done()
        case.line.put(case.drop, "BOX-8_front.jpg", remark(case.photos[SKUS[0]], "late"))
        case.expect(case.line.stack.wait_idle(60), "not idle")
    reason = case.line.records(case.drop)["BOX-8_front.jpg"].reason
    case.expect(reason is not None and reason.code == "LATE", f"reason: {reason}")


@workers(
    "two versions side by side", "process is deployed anew in mid-lot: its next calls are of the next CODE_VERSION"
)
def two_versions(case: Case) -> None:
    """Results of both versions lie in one lot; the drop is one all the same."""
    slow = Rule(Kind.SLOW, "ProcessFunction", "s3", "PutObject", about="master.png", seconds=1.0)
    with next_version(case) as layer, case.wire(slow):
        case.send()
        case.lot_is("planned")
        until(lambda: case.line.stack.working("ProcessFunction"), 120)
        with case.deployed("ProcessFunction", paths=(layer,)):
            case.done()
    case.expect(case.struck, "nothing was slowed")


@contextlib.contextmanager
def next_version(case: Case) -> Iterator[Path]:
    """The layer as its next release will be: with another CODE_VERSION, for which the mattes are known too."""
    with tempfile.TemporaryDirectory() as folder:
        layer = Path(folder, "layer")
        shutil.copytree(LAYER / "packshot", layer / "packshot", ignore=shutil.ignore_patterns("__pycache__"))
        file = layer / "packshot" / "process" / "checkpoint.py"
        following = checkpoint.CODE_VERSION + 1
        text, count = re.subn(
            r"^CODE_VERSION = \d+", f"CODE_VERSION = {following}", file.read_text("utf-8"), flags=re.M
        )
        case.expect(count == 1, "CODE_VERSION is not where it was")
        file.write_text(text, "utf-8")
        checkpoint.CODE_VERSION = following
        try:
            for seed, body in zip(SEEDS, case.photos.values(), strict=True):
                case.line.know(body, draw(seed, SIDE)[1])
        finally:
            checkpoint.CODE_VERSION = following - 1
        yield layer
