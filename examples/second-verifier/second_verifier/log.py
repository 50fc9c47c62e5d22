"""Signed notes, checkpoints, cosignatures, inclusion: verifying/log.md."""

import unicodedata
from dataclasses import dataclass
from hashlib import sha256

from . import ed25519
from .refused import require
from .text import decimal, string, unbase64


@dataclass(frozen=True)
class Key:
    """A log's key (type 1) or a witness's (type 4)."""

    name: str
    id: bytes
    public: bytes

    @classmethod
    def read(cls, text, kind: int) -> "Key":
        parts = string(text).split("+", 2)
        require(len(parts) == 3, "not a key")
        name, number, encoded = parts
        require(is_name(name) and len(name.encode()) <= 255, "not the name of a key")
        data = unbase64(encoded, 33)
        require(data[0] == kind, "a key of another type")
        ed25519.read_key(data[1:])
        own = sha256(name.encode() + b"\n" + data).digest()[:4]
        require(own.hex() == number, "a key with another id")
        return cls(name, own, data[1:])


def is_name(name: str) -> bool:
    return name != "" and "+" not in name and not any(c.isspace() or unicodedata.category(c) == "Cc" for c in name)


@dataclass(frozen=True)
class Checkpoint:
    text: str
    origin: str
    size: int
    root: bytes


def check_checkpoint(note: str, log: Key, witnesses: list[Key]) -> Checkpoint:
    """The checkpoint, signed by the log and cosigned by every witness, with no other line."""
    data = note.encode("utf-8", "surrogatepass")
    require(len(data) <= 1_000_000 and all(byte >= 0x20 or byte == 0x0A for byte in data), "not a signed note")
    text, separator, signatures = note.rpartition("\n\n")
    require(separator != "" and signatures.endswith("\n"), "a note without signatures")
    text += "\n"
    lines = [read_line(line) for line in signatures[:-1].split("\n")]
    require(len({witness.public for witness in witnesses}) == len(witnesses) <= 99, "a witness stands twice")
    expected = [(key.name, key.id) for key in (log, *witnesses)]
    require([line[:2] for line in lines] == expected, "other signature lines than those of log and witnesses")

    parts = text[:-1].split("\n")
    require(len(parts) == 3, "a checkpoint has three lines")
    checkpoint = Checkpoint(text, parts[0], decimal(parts[1]), unbase64(parts[2], 32))
    require(checkpoint.origin == log.name, "the checkpoint of another log")
    require(checkpoint.size > 0 or checkpoint.root == sha256(b"").digest(), "the root of an empty tree")
    ed25519.verify(log.public, text.encode(), lines[0][2])
    for witness, line in zip(witnesses, lines[1:], strict=True):
        require(len(line[2]) == 72, "not a cosignature")
        time = int.from_bytes(line[2][:8], "big")
        require(time < 1 << 63, "the time of a cosignature")
        ed25519.verify(witness.public, cosigned(text, time), line[2][8:])
    return checkpoint


def cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def read_line(line: str) -> tuple[str, bytes, bytes]:
    parts = line.split(" ", 2)
    require(len(parts) == 3 and parts[0] == "\u2014" and is_name(parts[1]), "not a signature line")
    data = unbase64(parts[2])
    require(len(data) > 4, "not a signature line")
    return parts[1], data[:4], data[4:]


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\0" + entry).digest()


def check_inclusion(leaf: bytes, index: int, path: list[bytes], checkpoint: Checkpoint) -> None:
    require(index < checkpoint.size, "an index beyond the tree")
    inner = (index ^ (checkpoint.size - 1)).bit_length()
    require(len(path) == inner + (index >> inner).bit_count(), "a path of another length")
    value = leaf
    for level, other in enumerate(path):
        right = level < inner and index >> level & 1 == 0
        value = sha256(b"\1" + (value + other if right else other + value)).digest()
    require(value == checkpoint.root, "the path leads to another root")


def read_proof_file(text: str) -> tuple[int, list[bytes], str]:
    """A tlog-proof file without extra data: index, path, checkpoint."""
    lines = string(text).split("\n")
    require(len(lines) > 2 and lines[0] == "c2sp.org/tlog-proof@v1" and lines[1].startswith("index "), "not a proof file")
    require("" in lines, "a proof file without a checkpoint")
    end = lines.index("")
    path = [unbase64(line, 32) for line in lines[2:end]]
    require(len(path) <= 64, "a path of more than 64 hashes")
    return decimal(lines[1][6:]), path, "\n".join(lines[end + 1 :])
