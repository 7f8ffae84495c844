#!/usr/bin/env bash
# Trains on a machine that has a GPU and perhaps little time, but no network. Every step that is done
# stays done: the same command again goes on.
set -euo pipefail

usage() {
    cat >&2 <<'USAGE'
usage: models/recipe/on_gpu.sh prepare PIECES WORK
         unpacks the pieces of pack.sh and renders the note bank with all processors
       models/recipe/on_gpu.sh train WORK OUT MINUTES [options of `scorelane train`]
         trains for so long, then what hears recordings as a whole, judges by held-out songs, and
         leaves the weights in OUT
       models/recipe/on_gpu.sh leave WORK OUT [FILE [FIRST]]
         leaves FILE of the run (model.safetensors) in OUT, four pieces from FIRST (0) on
in the environment: BEGIN (models/scorelane) the weights to begin from, EXAMPLES (512) how many to
judge by, TOGETHER (5) the minutes for what hears recordings as a whole, PYTHON (python3)
USAGE
    exit 2
}

[ $# -ge 3 ] || usage
root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-python3}
began=$SECONDS
say() { echo "[$((SECONDS - began)) s] $*"; }
fail() { echo "on_gpu.sh: $*" >&2; exit 1; }

use() { # WORK: where Python and the compilers find what is prepared, and what they made before
    mkdir -p "$1"
    work=$(cd "$1" && pwd)
    export PYTHONPATH="$root/python_core:$work/site" PYTHONUNBUFFERED=1
    export TORCHINDUCTOR_CACHE_DIR="$work/compiled" TRITON_CACHE_DIR="$work/compiled/triton"
}

prepare() { # PIECES WORK
    use "$2"
    mkdir -p "$work/site"
    if [ ! -d "$work/pack" ]; then
        (cd "$1" && sha256sum --check --quiet pack.sha256) || fail "$1 lacks whole pieces, see above"
        rm -rf "$work/pack.new"
        cat "$1"/pack.[0-9][0-9] | "$python" -c 'import sys, tarfile
tarfile.open(fileobj=sys.stdin.buffer, mode="r|xz").extractall(sys.argv[1])' "$work/pack.new"
        mv "$work/pack.new" "$work/pack"
        say "unpacked"
    fi
    local wheel module
    for wheel in "$work"/pack/wheels/*.whl; do
        module=$(basename "$wheel" | cut -d- -f1)
        [ "$module" != pyfluidsynth ] || module=fluidsynth
        "$python" -c "import importlib.util as i, sys; sys.exit(not i.find_spec('$module'))" ||
            "$python" -m pip --quiet --disable-pip-version-check install --no-index --no-deps \
                --target "$work/site" "$wheel"
    done
    [ -f "$work/songs/index.npz" ] || "$python" "$root/models/recipe/carry.py" songs "$work/pack" "$work/songs"
    if [ ! -f "$work/bank/index.npz" ]; then
        # Libraries that this system has are taken from it; pyfluidsynth looks for FluidSynth itself
        # nowhere but where the system's own libraries and Homebrew's are.
        local libraries=$work/libraries library
        mkdir -p "$libraries/lib"
        for library in "$work"/pack/lib/*; do
            ldconfig -p | grep -qF " $(basename "$library") " || ln -sf "$library" "$libraries/"
        done
        ln -sf "$work/pack/lib/libfluidsynth.so.3" "$libraries/lib/libfluidsynth.dylib"
        LD_LIBRARY_PATH=$libraries HOMEBREW_PREFIX=$libraries \
            "$python" "$root/models/recipe/carry.py" bank "$work/pack" "$work/bank"
        say "rendered $(du -sh "$work/bank" | cut -f1)"
    fi
    say "prepared"
}

train() { # WORK OUT MINUTES [options]
    use "$1"
    local out=$2 minutes=$3 begin=${BEGIN:-$root/models/scorelane} workers
    shift 3
    [ -f "$work/bank/index.npz" ] || fail "$work has no note bank; run \`on_gpu.sh prepare\` first"
    # Batches go from worker to trainer in shared memory, each array as an open file.
    ulimit -n "$(ulimit -Hn)"
    [ "$(df --output=avail -k /dev/shm | tail -1)" -gt 4000000 ] || mount -o remount,size=16G /dev/shm ||
        fail "/dev/shm is too small for batches; make it 4 GB"
    workers=$(($(nproc) > 1 ? $(nproc) - 1 : 1))
    "$python" -m scorelane train "$work/songs" "$work/bank" -o "$work/run" --begin-from "$begin" \
        --minutes "$minutes" --checkpoint-minutes 1 --workers "$workers" --batch-size 64 \
        --learning-rate 8e-4 "$@"
    say "trained"
    "$python" "$root/models/recipe/together.py" "$work/songs" "$work/bank" "$work/run" "$work/run" \
        --minutes "${TOGETHER:-5}" --workers "$workers"
    say "taught to hear recordings as a whole"
    "$python" "$root/models/recipe/held_out.py" "$work/songs" "$work/bank" "$begin" "$work/run" \
        --workers "$workers" --examples "${EXAMPLES:-512}" | tee "$work/run/held_out.txt"
    leave "$work" "$out"
}

leave() { # WORK OUT [FILE [FIRST]]
    local out=$2 file=${3:-model.safetensors} first=${4:-0} all
    [ -f "$1/run/$file" ] || fail "$1/run has no $file yet"
    mkdir -p "$out"
    # Under 16 MiB each, as mails and forms like it.
    all=$(mktemp -d "$1/pieces.XXXXXX")
    split -b 15M -d -a 2 "$1/run/$file" "$all/$file."
    (cd "$1/run" && sha256sum "$file") >"$out/$file.sha256"
    say "$file in $(find "$all" -type f | wc -l) pieces, here from $first on:"
    find "$all" -type f | sort | tail -n "+$((first + 1))" | head -n 4 | xargs -I{} mv {} "$out"
    rm -rf "$all"
    cp "$1/run"/{config.json,log.jsonl,held_out.txt} "$out" 2>/dev/null || true
    ls -l "$out"
}

what=$1
shift
case $what in
    prepare) [ $# -eq 2 ] || usage; prepare "$@" ;;
    train) [ $# -ge 3 ] || usage; train "$@" ;;
    leave) [ $# -le 4 ] || usage; leave "$@" ;;
    *) usage ;;
esac
