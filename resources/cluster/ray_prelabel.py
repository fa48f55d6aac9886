"""One prompt over a project by a Ray cluster: each task answers its part in a copy of its own, then all are gathered.

    python ray_prelabel.py PROJECT.loupe "PROMPT" --parts 8 [--cpus 2] [-- options of "loupe prelabel"]

The project, its pictures and the folder of copies lie where every node sees them. A task whose worker is killed is
tried again and goes on with its copy; gathering twice adds nothing.
"""

import argparse
import os
import pathlib
import shlex
import subprocess
import sys

import ray

LOUPE = shlex.split(os.environ.get("LOUPE", "loupe"))


def run(*words: str) -> None:
    """1 says that nothing was found, which is an answer."""
    code = subprocess.run([*LOUPE, *words], check=False).returncode
    if code > 1 or code < 0:
        raise RuntimeError(f"loupe {words[0]} ended with {code}")


@ray.remote(max_retries=5, retry_exceptions=True)
def prelabel(project: str, prompt: str, part: int, parts: int, copy: str, more: list[str]) -> str:
    run("prelabel", project, "--prompt", prompt, "--shard", f"{part}/{parts}", "--into", copy, "--json", *more)
    return copy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("project")
    parser.add_argument("prompt")
    parser.add_argument("--parts", type=int, default=8)
    parser.add_argument("--cpus", type=float, default=2)
    # What follows "--" is for Loupe: argparse would take an option of it for one of its own.
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    given, more = parser.parse_args(words[:cut]), words[cut + 1 :]
    project = str(pathlib.Path(given.project).resolve())
    copies = pathlib.Path(project).with_suffix(".parts")
    copies.mkdir(exist_ok=True)
    ray.init(address=os.environ.get("RAY_ADDRESS"))
    task = prelabel.options(num_cpus=given.cpus)
    made = ray.get(
        [
            task.remote(project, given.prompt, part, given.parts, str(copies / f"part-{part}-of-{given.parts}.loupe"), more)
            for part in range(1, given.parts + 1)
        ]
    )
    run("gather", project, *made, "--json")


if __name__ == "__main__":
    main()
