#!/bin/bash
# One task of a Slurm array answers its part of a project's images in a copy of its own; a task that is killed and
# requeued goes on with that copy. All paths lie where every node sees them. What it is given:
#   sbatch --array=1-8 slurm-prelabel.sh PROJECT.loupe "PROMPT" [options of "loupe prelabel", such as --weights FOLDER]
#SBATCH --job-name=loupe-prelabel
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=loupe-%A-%a.log
set -euo pipefail

project=$1
prompt=$2
shift 2
part=$SLURM_ARRAY_TASK_ID
parts=$SLURM_ARRAY_TASK_COUNT
copies=${LOUPE_COPIES:-${project%.loupe}.parts}
mkdir -p "$copies"
export LOUPE_THREADS=${LOUPE_THREADS:-${SLURM_CPUS_PER_TASK:-}}

status=0
${LOUPE:-loupe} prelabel "$project" --prompt "$prompt" --shard "$part/$parts" \
  --into "$copies/part-$part-of-$parts.loupe" --json "$@" || status=$?
# A program that was killed goes on with its copy, three times at most; Slurm itself sees only that the script ended.
if [ "$status" -gt 128 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 3 ]; then
  scontrol requeue "$SLURM_JOB_ID"
  sleep 600
fi
# 1 says that nothing was found in this part, which is an answer.
[ "$status" -le 1 ] || exit "$status"
