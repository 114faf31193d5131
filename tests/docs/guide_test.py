"""Runs every command of docs/guide.md in a scratch folder, and looks for what the guide says they print.

usage: guide_test.py BATON. The guide's own comment says how its blocks are marked.
"""
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/guide.md"
TIMEOUT = 120


class Failure(Exception):
    pass


def blocks(text):
    """(line, mark, content) of each fenced block outside comments."""
    text = re.sub(r"<!--.*?-->", lambda m: "\n" * m[0].count("\n"), text, flags=re.DOTALL)
    for m in re.finditer(r"^```(.*)\n((?:(?!```).*\n)*)```$", text, flags=re.MULTILINE):
        yield text.count("\n", 0, m.start()) + 1, m[1].strip(), m[2], m.end(), m.start()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def missing_line(expected, output):
    """The first line of `expected` that `output` does not have behind the one before."""
    lines = iter([" ".join(line.split()) for line in output.splitlines()])
    for wanted in expected.splitlines():
        pattern = ".*".join(re.escape(part) for part in " ".join(wanted.split()).split("..."))
        if not any(re.fullmatch(pattern, line) for line in lines):
            return wanted
    return None


class Guide:
    def __init__(self, folder):
        self.folder, self.server, self.port, self.ran = folder, None, None, 0

    def shell(self, script):
        script = script.replace("localhost:8000", f"127.0.0.1:{self.port}")
        return subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=self.folder, capture_output=True,
                              text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL)

    def start(self, script):
        self.stop()
        self.port = free_port()
        log = self.folder / "server.log"
        script = script.replace("--port 8000", f"--port {self.port}")
        with open(log, "w") as out:
            self.server = subprocess.Popen(["bash", "-c", "exec " + script.strip()], cwd=self.folder, stdout=out,
                                           stderr=out, stdin=subprocess.DEVNULL)
        limit = time.monotonic() + TIMEOUT
        while "ready on" not in log.read_text():
            if self.server.poll() is not None or time.monotonic() > limit:
                raise Failure("the server is not ready:\n" + log.read_text())
            time.sleep(0.05)

    def stop(self):
        if self.server is None:
            return
        self.server.send_signal(signal.SIGTERM)
        server, self.server = self.server, None
        if server.wait(TIMEOUT) != 0:
            raise Failure(f"the server ended with {server.returncode} on SIGTERM")

    def run(self, mark, script):
        """What the block printed: stdout, or stderr if it is to fail."""
        self.ran += 1
        if mark == "sh server":
            self.start(script)
            return (self.folder / "server.log").read_text()
        if mark == "sh setup":
            targets = (ROOT / "Makefile").read_text()
            for line in script.splitlines():
                program, *names = line.split()
                if program != "make" or not all(re.search(rf"^{name}:", targets, re.MULTILINE)
                                             for name in names if "=" not in name):
                    raise Failure(f"{line}: no such targets")
            return ""
        ended = self.shell(script)
        if (ended.returncode == 0) == (mark == "sh fails"):
            raise Failure(f"ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
        return ended.stderr if mark == "sh fails" else ended.stdout


def check(guide, text):
    plain = re.sub(r"<!--.*?-->", lambda m: "\n" * m[0].count("\n"), text, flags=re.DOTALL)
    output, end = None, None
    for line, mark, content, block_end, start in blocks(text):
        try:
            if mark in ("sh", "sh fails", "sh server", "sh setup"):
                print(f"{GUIDE.name}:{line}: {content.splitlines()[0]}", flush=True)
                output, end = guide.run(mark, content), block_end
            elif mark == "text":
                if output is None or plain[end:start].strip():
                    raise Failure("this stands behind no command")
                if (missing := missing_line(content, output)) is not None:
                    raise Failure(f"no line\n  {missing}\nin\n{output}")
            elif mark:
                raise Failure(f"nothing runs blocks marked '{mark}'")
        except Failure as e:
            raise Failure(f"{GUIDE}:{line}: {e}") from None
    guide.stop()


def main():
    baton = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "build/release").mkdir(parents=True)
        (folder / "build/release/baton").symlink_to(baton)
        shutil.copytree(ROOT / "demo/models", folder / "build/models", ignore=shutil.ignore_patterns("*.npy"))
        shutil.copytree(ROOT / "demo", folder / "demo")
        guide = Guide(folder)
        try:
            check(guide, GUIDE.read_text())
        except (Failure, subprocess.TimeoutExpired) as e:
            sys.exit(str(e))
        finally:
            if guide.server is not None:
                guide.server.kill()
                guide.server.wait()
        if guide.ran < 10:
            sys.exit(f"only {guide.ran} blocks were found")
        print(f"{guide.ran} blocks ran as the guide says")


if __name__ == "__main__":
    main()
