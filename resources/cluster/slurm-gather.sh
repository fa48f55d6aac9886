#!/bin/bash
# Takes in what the tasks of slurm-prelabel.sh answered, once all of them have ended well; gathering twice adds nothing.
#   sbatch --dependency=afterok:JOB slurm-gather.sh PROJECT.loupe
#SBATCH --job-name=loupe-gather
#SBATCH --output=loupe-gather-%j.log
set -euo pipefail

project=$1
copies=${LOUPE_COPIES:-${project%.loupe}.parts}

status=0
${LOUPE:-loupe} gather "$project" "$copies"/part-*-of-*.loupe --json || status=$?
# 1 says that no copy had a new answer.
[ "$status" -le 1 ] || exit "$status"
