#!/usr/bin/env bash
# Prepares this machine and this shell for ned-dist: finds cargo, a C compiler, libclang with its
# headers (bindgen reads mpi.h with it) and an MPI, installs through apt-get what is missing if it
# may, otherwise prints the command to type and exits 1.
#
#   launch/setup.sh                  prepare, say what was found
#   launch/setup.sh COMMAND ...      prepare, then run COMMAND so (launch/setup.sh cargo bench)
#   source launch/setup.sh           the same inside a script (local.sh, test.sh)
#
# Your choices, if set, win:  NED_MPI=openmpi|mpich  MPICC  NED_MPIRUN (the mpirun of that MPI)
# CARGO_TARGET_DIR  LIBCLANG_PATH  and every OMPI_... and PRTE_... variable named below.
set -euo pipefail

ned_root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf 'ned-dist: %s\n' "$@" >&2; }
die() { say "$@"; exit 1; }

# ---- what there is -------------------------------------------------------------------------------

check_cargo() {
    [[ -x $HOME/.cargo/bin/cargo ]] && PATH=$PATH:$HOME/.cargo/bin
    local rustup="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
    command -v cargo >/dev/null ||
        die "no cargo here. Type this, open a new shell and try again:" "  $rustup"
    local needed found
    needed=$(sed -n 's/^rust-version *= *"\(.*\)".*/\1/p' "$ned_root/Cargo.toml")
    found=$(cd "$ned_root" && rustc --version | cut -d ' ' -f 2)
    printf '%s\n' "$needed" "$found" | sort -V -C ||
        die "Rust $needed or newer is needed, this is $found. Type this and try again:" \
            "  rustup update stable      (where there is no rustup: $rustup)"
}

have_c_compiler() { cc -E -x c - <<<'#include <stdio.h>' >/dev/null 2>&1; }

# Succeeds if a libclang has its own headers (a libclang1-N alone has none). clang-sys takes the
# newest libclang; where that one has no headers and an older one does, LIBCLANG_PATH says so.
find_libclang() {
    [[ -z ${LIBCLANG_PATH:-} ]] || return 0
    if [[ $(uname) == Darwin ]]; then
        xcode-select --print-path >/dev/null 2>&1
        return
    fi
    local library major newest=yes
    while IFS=$'\t' read -r major library; do
        if compgen -G "/usr/lib*/clang/$major*/include/stddef.h" >/dev/null ||
            compgen -G "/usr/lib*/llvm-$major/lib*/clang/*/include/stddef.h" >/dev/null ||
            compgen -G "${library%/*}/clang/$major*/include/stddef.h" >/dev/null; then
            [[ $newest == yes ]] || export LIBCLANG_PATH=$library
            return 0
        fi
        newest=no
    done < <(libclangs | sort -t $'\t' -k 1,1rV -u)
    return 1
}

# One line for each libclang on this machine: its major version, a tab, its file.
libclangs() {
    local directory library
    for directory in "$(llvm-config --libdir 2>/dev/null)" /usr/lib{,64} /usr/lib/*-linux-* \
        /usr/lib/llvm*/lib /usr/local/lib{,64} /usr/local/llvm*/lib; do
        for library in "$directory"/libclang{,-[0-9]*}.so*; do
            [[ -e $library ]] || continue
            library=$(readlink -f "$library")
            [[ $library =~ \.so\.([0-9]+) ]] && printf '%s\t%s\n' "${BASH_REMATCH[1]}" "$library"
        done
    done
}

# Which MPI a compiler or a launcher belongs to: prints openmpi, mpich (and its kin) or nothing.
mpi_of_mpicc() {
    case $("$1" -E -dM -x c - <<<'#include <mpi.h>' 2>/dev/null) in
        *'#define OPEN_MPI '*) echo openmpi ;;
        *'#define MPICH_VERSION '* | *'#define I_MPI_VERSION '*) echo mpich ;;
    esac
}
mpi_of_mpirun() {
    case $("$1" --version 2>&1 </dev/null) in
        *'Open MPI'* | *OpenRTE*) echo openmpi ;;
        *HYDRA* | *'Intel(R) MPI'*) echo mpich ;;
    esac
}

# Sets MPICC, NED_MPIRUN and NED_MPI to the first mpicc and mpirun of one MPI; mpi_notes says why not.
# (A program of one MPI under the other's mpirun runs as so many separate one-rank jobs.)
find_mpi() {
    local compilers=(mpicc mpicc.openmpi mpicc.mpich) launchers name program compiler launcher family
    [[ -z ${MPICC:-} ]] || compilers=("$MPICC")
    mpi_notes=()
    for name in "${compilers[@]}"; do
        compiler=$(command -v "$name") || { mpi_notes+=("no $name") && continue; }
        family=$(mpi_of_mpicc "$compiler")
        mpi_notes+=("$compiler compiles for ${family:-no MPI that it has headers of}")
        [[ -n $family && ${NED_MPI:-$family} == "$family" ]] || continue
        launchers=("${compiler%/*}/mpirun" "mpirun.$family" mpirun mpiexec)
        [[ -z ${NED_MPIRUN:-} ]] || launchers=("$NED_MPIRUN")
        for program in "${launchers[@]}"; do
            launcher=$(command -v "$program") || continue
            if [[ $(mpi_of_mpirun "$launcher") == "$family" ]]; then
                export MPICC=$compiler NED_MPIRUN=$launcher NED_MPI=$family
                return 0
            fi
            mpi_notes+=("$launcher is not the mpirun of $family")
        done
        mpi_notes+=("no mpirun of $family")
    done
    return 1
}

# ---- installing what is missing ------------------------------------------------------------------

look() {
    missing=()
    have_c_compiler || missing+=(compiler)
    find_libclang || missing+=(libclang)
    find_mpi || missing+=(mpi)
}

# Fills `packages` with what Debian and Ubuntu call the missing things.
name_packages() {
    local need
    packages=()
    for need in "${missing[@]}"; do
        case $need-${NED_MPI:-openmpi} in
            compiler-*) packages+=(gcc libc6-dev) ;;
            libclang-*) add_libclang_packages ;;
            mpi-mpich) packages+=(mpich libmpich-dev) ;;
            mpi-openmpi) packages+=(openmpi-bin libopenmpi-dev) ;;
        esac
    done
}

# libclang and its headers in the distribution's own version; libclang-dev pulls far more.
add_libclang_packages() {
    local version
    version=$(LC_ALL=C apt-cache depends libclang-dev 2>/dev/null | sed -n 's/.*Depends: libclang-\([0-9.]*\)-dev.*/\1/p') || true
    if apt-cache show "libclang1-$version" >/dev/null 2>&1 && apt-cache show "libclang-common-$version-dev" >/dev/null 2>&1; then
        packages+=("libclang1-$version" "libclang-common-$version-dev")
    else
        packages+=(libclang-dev)
    fi
}

# Runs apt-get as root without questions; prints its output only when it fails.
apt_get() {
    local sudo=() output
    ((EUID == 0)) || sudo=(sudo -n)
    output=$(${sudo[@]+"${sudo[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
        -o Acquire::Retries=3 "$@" 2>&1 </dev/null) || { printf '%s\n' "$output" >&2; return 1; }
}
may_install() { command -v apt-get >/dev/null && { ((EUID == 0)) || sudo -n true 2>/dev/null; }; }

# On a machine just started the system's own update may hold the lock on the lists.
apt_update() { apt_get update || { sleep 20 && apt_get update; } || say "apt-get update failed; trying with the lists there are"; }
apt_install() {
    say "installing with apt-get: $*"
    apt_get install -y --no-install-recommends "$@"
}

# Nothing more can be done from here: the command to type, and exit.
tell_what_to_type() {
    name_packages
    say "missing: ${missing[*]}"
    ((${#mpi_notes[@]} == 0)) || say "${mpi_notes[@]/#/  }"
    say "Type this (Debian, Ubuntu) and try again:" \
        "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages[*]}"
    command -v apt-get >/dev/null || say "or, on another system:" \
        "  Fedora   sudo dnf install gcc clang-devel openmpi-devel && module load mpi/openmpi-x86_64" \
        "  Arch     sudo pacman -S --needed gcc clang openmpi" \
        "  macOS    xcode-select --install; brew install open-mpi" \
        "  cluster  module load an MPI, a C compiler and LLVM (names: module avail)"
    say "Without MPI (one process, all cores) the C compiler is enough: cargo run --release --no-default-features"
    exit 1
}

install_missing() {
    if may_install; then
        apt_update
        name_packages
        apt_install "${packages[@]}" || tell_what_to_type
        look
    fi
    ((${#missing[@]} == 0)) || tell_what_to_type
}

# ---- the environment -----------------------------------------------------------------------------

default() { [[ -n ${!1:-} ]] || export "$1=$2"; }

# More ranks than cores, root, containers, and no rank tied to a single core (rayon wants them all).
set_launcher_defaults() {
    if ((EUID == 0)); then
        default OMPI_ALLOW_RUN_AS_ROOT 1
        default OMPI_ALLOW_RUN_AS_ROOT_CONFIRM 1
    fi
    default OMPI_MCA_rmaps_base_oversubscribe 1
    default OMPI_MCA_hwloc_base_binding_policy none
    default PRTE_MCA_rmaps_default_mapping_policy :oversubscribe # Open MPI 5
    default PRTE_MCA_hwloc_default_binding_policy none
    if [[ -e /.dockerenv || -e /run/.containerenv || -n ${container:-} || -n ${KUBERNETES_SERVICE_HOST:-} ]]; then
        default OMPI_MCA_btl_vader_single_copy_mechanism none
    fi
}

# An MPI outside the system's folders (conda, pip, /opt): its libraries must be found at run time.
set_library_path() {
    local word
    for word in $("$MPICC" -show); do
        case $word in
            -L/usr/lib* | -L/lib*) ;;
            -L*) export LD_LIBRARY_PATH=${word#-L}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} ;;
        esac
    done
}

# One target folder for each MPI, emptied when that MPI was exchanged: mpi-sys notices neither.
set_target_folder() {
    if [[ -n ${CARGO_TARGET_DIR:-} ]]; then
        [[ $CARGO_TARGET_DIR == /* ]] || CARGO_TARGET_DIR=$PWD/$CARGO_TARGET_DIR
    else
        CARGO_TARGET_DIR=$ned_root/target/$NED_MPI
        local stamp=$CARGO_TARGET_DIR/built-for-mpi identity
        identity=$("$MPICC" -show && "$MPICC" -E -dM -x c - <<<'#include <mpi.h>' | grep -E '^#define (OMPI_(MAJOR|MINOR|RELEASE)|MPICH|I_MPI)_VERSION ')
        if [[ -e $stamp && $(<"$stamp") != "$identity" ]]; then
            say "the $NED_MPI here is not the one of the last build: building anew"
            rm -rf -- "$CARGO_TARGET_DIR"
        fi
        mkdir -p -- "$CARGO_TARGET_DIR"
        printf '%s\n' "$identity" >"$stamp"
    fi
    export CARGO_TARGET_DIR
}

case ${NED_MPI:-openmpi} in
    openmpi | mpich) ;;
    *) die "NED_MPI is openmpi or mpich, not '$NED_MPI'" ;;
esac
check_cargo
look
if [[ " ${missing[*]-} " == *' mpi '* && -n ${MPICC:-}${NED_MPIRUN:-} ]]; then
    die "MPICC='${MPICC:-}' NED_MPIRUN='${NED_MPIRUN:-}' NED_MPI='${NED_MPI:-}' do not make one MPI:" \
        ${mpi_notes[@]+"${mpi_notes[@]/#/  }"} "Unset them, or set all to the same MPI."
fi
((${#missing[@]} == 0)) || install_missing
set_launcher_defaults
set_library_path
set_target_folder

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    (($# == 0)) || exec "$@"
    printf '%-8s %s\n' MPI "$NED_MPI" mpicc "$MPICC" mpirun "$NED_MPIRUN" builds "$CARGO_TARGET_DIR"
fi
