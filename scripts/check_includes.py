#!/usr/bin/env python3
"""The rules of the house that a script can see: which room may include what, and the shape of files and folders.

Usage: check_includes.py [ROOT]. Prints one line for each breach and exits 1 if there is any.
"""
import pathlib
import re
import sys

# Each room, and the rooms below it. Nothing points up.
ROOMS = {
    "metadata": set(),
    "gpu": {"metadata"},
    "scheduling": {"metadata"},
    "actors": {"scheduling", "gpu", "metadata"},
    "apps": {"actors", "scheduling", "gpu", "metadata"},
}
# A library, told by how its includes begin, and the only folders that may include it.
LIBRARIES = {
    "the actor framework": (r"caf/", {"actors", "tests/actors", "tests/bench"}),
    "oneDNN": (r"(oneapi/|dnnl)", {"gpu", "tests/gpu", "tests/bench"}),
    "CUDA": (r"(cuda|cudnn|cublas|thrust/|cub/|nvtx)", {"gpu/cuda", "tests/fake_cuda"}),
    "OpenMP": (r"omp\.h", {"gpu", "tests/gpu", "tests/bench"}),
    "ONNX": (r"onnx/", {"metadata", "tests"}),
    "protobuf": (r"google/protobuf/", {"metadata", "apps", "tests"}),
    "the HTTP library": (r"boost/(beast|asio)", {"apps", "tests/apps", "tests/bench"}),
    "gRPC": (r"(grpc|grpcpp)/", {"apps", "tests/apps"}),
    "the solver of linear programs": (r"glpk\.h", {"apps/simulate"}),
    "the command-line library": (r"CLI/", {"apps"}),
    "a thread, clock or I/O header": (
        r"(thread|mutex|shared_mutex|condition_variable|future|stop_token|fstream|iostream|filesystem)$",
        {"metadata", "gpu", "actors", "apps", "tests"}),
}
# A header that another room includes must not drag these in.
PRIVATE = ("the actor framework", "oneDNN", "CUDA", "gRPC", "the HTTP library", "ONNX", "protobuf")
FOLDERS = [*ROOMS, "tests", "demo", "scripts", "docs"]
MOST_LINES = 500
CODE = {".cpp", ".hpp", ".cu", ".cuh"}
HEADERS = {".hpp", ".cuh"}
TEXT = CODE | {".py", ".sh", ".cmake", ".txt", ".js", ".css", ".html", ".proto", ".md"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def within(path, folders):
    return any(path == f or path.startswith(f + "/") for f in folders)


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = {}
        for folder in FOLDERS:
            for path in sorted((self.root / folder).rglob("*")):
                if path.is_file() and (path.suffix in TEXT or path.name == "CMakeLists.txt"):
                    self.files[path.relative_to(self.root).as_posix()] = path.read_text(errors="replace").splitlines()
        self.includes = {name: list(self.includes_of(lines)) for name, lines in self.files.items()
                         if pathlib.PurePath(name).suffix in CODE}

    @staticmethod
    def includes_of(lines):
        for number, line in enumerate(lines, 1):
            if match := INCLUDE.match(line):
                yield number, match[1] == '"', match[2]

    def rooms(self):
        """No room includes one above it, or beside it; ours are named from the root of the tree."""
        for name, includes in self.includes.items():
            room, folder = name.split("/")[0], name.rpartition("/")[0]
            for number, quoted, target in includes:
                target_room = target.split("/")[0]
                if room == "tests" and f"{folder}/{target}" in self.files:
                    continue  # a test's own helper beside it
                if quoted and re.sub(r"\.pb\.h$", ".proto", target) not in self.files:
                    yield f"{name}:{number}: \"{target}\" is not a file of ours, named from the top folder"
                elif target_room in ROOMS and not quoted and target in self.files:
                    yield f"{name}:{number}: <{target}> is ours: put it in quotes"
                elif room in ROOMS and target_room in (*ROOMS, "tests") and quoted \
                        and target_room not in ROOMS[room] | {room}:
                    yield f"{name}:{number}: {room}/ must not include {target_room}/"

    def libraries(self):
        for name, includes in self.includes.items():
            folder = name.rpartition("/")[0]
            for number, quoted, target in includes:
                for library, (pattern, allowed) in LIBRARIES.items():
                    if not quoted and re.match(pattern, target) and not within(folder, allowed):
                        yield f"{name}:{number}: {library} (<{target}>) has no place in {folder}/"

    def public_headers(self):
        """What a room shows to others shows nothing of the libraries behind it."""
        for name, includes in self.includes.items():
            room = name.split("/")[0]
            for _, quoted, target in includes:
                if room in ROOMS and quoted and target in self.includes and target.split("/")[0] != room:
                    folder = name.rpartition("/")[0]
                    private = [x for x in PRIVATE if not within(folder, LIBRARIES[x][1])]
                    yield from self.drags_in(target, target, private, set())

    def drags_in(self, public, name, private, seen):
        if name in seen:
            return
        seen.add(name)
        for number, quoted, target in self.includes[name]:
            if quoted and target in self.includes:
                yield from self.drags_in(public, target, private, seen)
            for library in private:
                if not quoted and re.match(LIBRARIES[library][0], target):
                    yield f"{name}:{number}: {public} is included by other rooms and drags in {library}"

    def shape(self):
        for folder in FOLDERS:
            if not (self.root / folder / "README.md").is_file():
                yield f"{folder}/: has no README.md"
        for name, lines in self.files.items():
            if len(lines) > MOST_LINES:
                yield f"{name}: {len(lines)} lines; {MOST_LINES} are the most"
            if pathlib.PurePath(name).suffix in HEADERS and "#pragma once" not in lines:
                yield f"{name}: has no #pragma once"

    def clocks(self):
        """In scheduling/, time is an argument."""
        for name in self.includes:
            if name.startswith("scheduling/"):
                for number, line in enumerate(self.files[name], 1):
                    if re.search(r"\b(steady_clock|system_clock|high_resolution_clock)\b", line.split("//")[0]):
                        yield f"{name}:{number}: scheduling/ must not look at a clock"

    def breaches(self):
        found = []
        for rule in (self.rooms, self.libraries, self.public_headers, self.shape, self.clocks):
            found += rule()
        return list(dict.fromkeys(found))


def main(arguments):
    root = arguments[0] if arguments else pathlib.Path(__file__).resolve().parent.parent
    tree = Tree(root)
    breaches = tree.breaches()
    for breach in breaches:
        print(breach)
    print(f"include rules: {len(tree.files)} files, {len(breaches)} breaches")
    return 1 if breaches or not tree.includes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
