#!/usr/bin/env python3
"""clang-tidy over our sources, several at once. A file found clean is not read again until it or a header of ours
changes. Usage: tidy.py BUILD_FOLDER (configured and built, so that Ninja knows each file's headers)"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-14"


def headers(build):
    """Object -> the files of ours that it was made from, as Ninja recorded them."""
    text = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=True).stdout
    found, current = {}, None
    for line in text.splitlines():
        if line.startswith(" ") and current is not None:
            path = (build / line.strip()).resolve()
            if path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / "build"):
                current.append(path)
        elif ":" in line:
            current = found.setdefault(line.split(":")[0], [])
    return found


def key(entry, files):
    rules = [folder / ".clang-tidy" for folder in pathlib.Path(entry["file"]).parents if folder.is_relative_to(ROOT)]
    digest = hashlib.sha256(b"".join(r.read_bytes() for r in rules if r.exists()) + entry["command"].encode())
    for path in sorted({*files, pathlib.Path(entry["file"])}):
        digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


def main(build):
    build = pathlib.Path(build).resolve()
    clean = ROOT / "build/tidy"
    clean.mkdir(parents=True, exist_ok=True)
    known = headers(build)
    # Once per file: some are compiled for several targets, and clang-tidy would read those once for each.
    entries = {entry["file"]: entry for entry in json.loads((build / "compile_commands.json").read_text())}
    single = build / "tidy"
    single.mkdir(exist_ok=True)
    (single / "compile_commands.json").write_text(json.dumps(list(entries.values())))
    todo, total = [], 0
    for entry in entries.values():
        path = pathlib.Path(entry["file"])
        if not path.is_relative_to(ROOT) or path.is_relative_to(ROOT / "build"):
            continue
        total += 1
        stamp = clean / key(entry, known.get(entry.get("output", ""), []))
        if not stamp.exists():
            todo.append((path, stamp))
    print(f"tidy: {total} files, {total - len(todo)} unchanged since they were clean", flush=True)

    def run(item):
        return item, subprocess.run([TIDY, "-p", str(single), "--quiet", str(item[0])], capture_output=True, text=True)

    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(run, item) for item in todo]
        for number, job in enumerate(concurrent.futures.as_completed(jobs), 1):
            (path, stamp), result = job.result()
            print(f"[{number}/{len(todo)}] {path.relative_to(ROOT)}", flush=True)
            if result.returncode == 0:
                stamp.touch()
            else:
                bad += 1
                print(result.stdout, result.stderr, sep="", flush=True)
    print(f"tidy: {bad} files with findings" if bad else "tidy: clean")
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
