#!/usr/bin/env bash
# All that training needs beside this repository, in pieces, for a machine without a network.
set -euo pipefail

if [ $# -lt 3 ]; then
    cat >&2 <<'USAGE'
usage: models/recipe/pack.sh SONGS SAMPLES PIECES [options]
  SONGS    a song set, from `scorelane data songs`
  SAMPLES  recordings, from models/recipe/sounds.sh
  PIECES   folder for the pieces
options: --without NAME    leave out a source of the note bank
         --font NAME=FILE  a smaller soundfont instead of a source's own
in the environment: PIECE_MIB (37) the size of a piece, PYTHON_VERSION (3.12) that of the other
machine, PYTHON (python3) one that has Scorelane with its `train` extra
USAGE
    exit 2
fi
songs=$1 samples=$2 pieces=$3
shift 3
python=${PYTHON:-python3}
version=${PYTHON_VERSION:-3.12}
here=$(cd "$(dirname "$0")" && pwd)
fail() { echo "pack.sh: $*" >&2; exit 1; }

[ -f "$songs/notes.npy" ] || fail "$songs holds no song set; build one with \`scorelane data songs\`"
[ -f "$samples/samples" ] || fail "$samples has no list of samples; make it with models/recipe/sounds.sh"
mkdir -p "$pieces"
new=$(mktemp -d "$pieces/.new.XXXXXX")
trap 'rm -rf "$new"' EXIT

while read -r item; do
    set -- "$@" --samples "${item%%=*}=$samples/${item#*=}"
done <"$samples/samples"
"$python" "$here/carry.py" pack "$new" "$songs" "$@"

# FluidSynth with all that it is linked to, but for what no other system goes without.
fluidsynth=$(ldconfig -p | awk '/libfluidsynth\.so\.3 /{print $NF; exit}')
[ -n "$fluidsynth" ] || fail "FluidSynth is not installed (Debian: apt install libfluidsynth3)"
mkdir "$new/lib"
cp -L "$fluidsynth" "$new/lib/libfluidsynth.so.3"
ldd "$fluidsynth" | awk '$3 ~ /^\//{print $3}' |
    grep -Ev '/(libc|libm|libdl|librt|libpthread|libgcc_s|libstdc\+\+)\.so' |
    while read -r library; do cp -L "$library" "$new/lib/"; done

# What `scorelane train` and `scorelane data bank` import beside torch, NumPy, SciPy, safetensors,
# typer and rich. pip must be told every kind of wheel that the other machine can take.
platforms=()
for glibc in 2_28 2_27 2_24 2_17 2014 1; do
    case $glibc in 2_*) name=manylinux_${glibc} ;; *) name=manylinux$glibc ;; esac
    platforms+=(--platform "${name}_$(uname -m)")
done
"$python" -m pip --quiet --disable-pip-version-check download --no-deps --only-binary=:all: \
    --implementation cp --python-version "$version" "${platforms[@]}" --dest "$new/wheels" \
    mido soxr soundfile cffi pycparser pyfluidsynth

rm -f "$pieces"/pack.*
tar -C "$new" -c . | xz -T0 | split -b "${PIECE_MIB:-37}M" -d -a 2 - "$pieces/pack."
(cd "$pieces" && sha256sum pack.[0-9][0-9] >pack.sha256)
ls -l "$pieces"
