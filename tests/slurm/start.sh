#!/usr/bin/env bash
# A SLURM cluster of two nodes on this machine, for the tests: loopback only, no systemd, no cgroups, no accounting.
#   tests/slurm/start.sh FOLDER     stop it with tests/slurm/stop.sh FOLDER
# Installs Debian's packages if AMYGENE_INSTALL=1. Needs root: slurmd starts jobs as their users, and the plugin's
# job steps find the cluster through /etc/slurm/slurm.conf only.
# Ends with 0: up. 77: not to be had here as things are. 78: the packages cannot be installed. Else: broken.
set -euo pipefail

not_here() { echo "$*" >&2; exit 77; }

folder=$(realpath -m "${1:?usage: start.sh FOLDER}")
conf=/etc/slurm/slurm.conf
mark="# written by amygene tests/slurm/start.sh"
programs=(slurmctld slurmd srun munged)

lacks() { for p in "${programs[@]}"; do command -v "$p" >/dev/null || { echo "$p"; return 0; }; done; return 1; }

if missing=$(lacks); then
  [ "$(id -u)" = 0 ] || not_here "$missing is not installed (Debian: slurmctld slurmd slurm-client munge)"
  [ "${AMYGENE_INSTALL:-}" = 1 ] || not_here "$missing is not installed; with AMYGENE_INSTALL=1 it is installed by apt-get"
  command -v apt-get >/dev/null || { echo "$missing is not installed, and there is no apt-get" >&2; exit 78; }
  # the packages' own services would start with no configuration
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy
  fi
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    slurmctld slurmd slurm-client munge; } >/dev/null 2>"${TMPDIR:-/tmp}/slurm-apt.log" || {
    echo "the packages of SLURM cannot be installed:" >&2
    tail -5 "${TMPDIR:-/tmp}/slurm-apt.log" >&2
    exit 78
  }
fi
[ "$(id -u)" = 0 ] || not_here "slurmd needs root"
if [ -e $conf ] && ! head -1 $conf | grep -qF "$mark"; then
  not_here "$conf is this machine's own; nothing is started beside it"
fi
if scontrol ping 2>/dev/null | grep -q "is UP"; then
  not_here "a cluster of these tests runs already ($(sed -n 's/^StateSaveLocation=//p' $conf))"
fi

mkdir -p "$folder"/{state,log} /etc/slurm
chmod 755 "$folder"
head -c 128 /dev/urandom >"$folder/munge.key"
chmod 400 "$folder/munge.key"
munged --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
  --log-file="$folder/log/munged.log" --seed-file="$folder/munge.seed" --num-threads=2

# two nodes share the processors; what a node says of its memory is taken as it stands
cpus=$(($(nproc) > 2 ? $(nproc) / 2 : 1))
cat >$conf <<CONF
$mark
ClusterName=amygene
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=16817
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool-%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=2,sched_min_interval=0
# memory is watched, and a job that takes more than it asked for is killed
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill,UsePss
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/log/jobs.txt
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmdParameters=config_overrides
MpiDefault=none
KillWait=5
# jobs are remembered for as long as a test may take
MinJobAge=3600
ReturnToService=1
NodeName=left NodeHostname=localhost NodeAddr=127.0.0.1 Port=16821 CPUs=$cpus RealMemory=8000
NodeName=right NodeHostname=localhost NodeAddr=127.0.0.1 Port=16822 CPUs=$cpus RealMemory=8000
PartitionName=main Nodes=left,right Default=YES MaxTime=1-00:00:00 State=UP
CONF
slurmctld
slurmd -N left
slurmd -N right
for _ in $(seq 60); do
  if [ "$(sinfo --noheader --format=%D --states=idle 2>/dev/null | awk '{n += $1} END {print n + 0}')" = 2 ]; then
    sinfo
    exit 0
  fi
  sleep 0.5
done
tail -20 "$folder"/log/*.log >&2
exit 1
