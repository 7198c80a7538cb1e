#!/usr/bin/env bash
# Stop the cluster that start.sh started in FOLDER: its jobs, then its daemons by their process numbers.
set -uo pipefail

folder=$(realpath -m "${1:?usage: stop.sh FOLDER}")
conf=/etc/slurm/slurm.conf
if grep -qsxF "StateSaveLocation=$folder/state" $conf; then
  jobs=$(squeue --noheader --format=%A 2>/dev/null | sort -u)
  if [ -n "$jobs" ]; then
    scancel --signal=KILL --full $jobs 2>/dev/null
    scancel $jobs 2>/dev/null
    for _ in $(seq 40); do [ -z "$(squeue --noheader 2>/dev/null)" ] && break; sleep 0.5; done
  fi
fi
# the number is still the daemon's; a process that nobody has collected yet is dead too
lives() {
  [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "${daemon%-*}" ] && grep -qs "^State:[[:space:]]*[^Z[:space:]]" "/proc/$1/status"
}
for daemon in slurmd-left slurmd-right slurmctld munged; do
  pid=$(cat "$folder/$daemon.pid" 2>/dev/null) || continue
  lives "$pid" && kill "$pid"
  for _ in $(seq 40); do lives "$pid" || break; sleep 0.25; done
  lives "$pid" && kill -KILL "$pid"
done
grep -qsxF "StateSaveLocation=$folder/state" $conf && rm -f $conf
exit 0
