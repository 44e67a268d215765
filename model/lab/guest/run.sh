#!/bin/sh
# run.sh schedule|control: makes a filesystem on /dev/gate0, does the operations in the order that the file says, and looks what came of it.
# In a machine that is thrown away, as root, in this directory; see README.
. ./case.conf
[ -e /sys/kernel/debug/gate ] || insmod ./gate.ko || exit 1
mkdir -p /mnt/gate /mnt/crash
where=/mnt/gate
case $FS in
blkdev) where=/dev/gate0 ;;
xfs)  mkfs.xfs -q -f -b size=$BLOCK -m reflink=0 /dev/gate0 ;;
f2fs) mkfs.f2fs -q -f /dev/gate0 >/dev/null ;;
esac || { echo "FAILED mkfs"; exit 1; }
[ $FS = blkdev ] || mount -t $FS -o "${OPTIONS:-rw}" /dev/gate0 /mnt/gate || { echo "FAILED mount"; exit 1; }
[ -z "$TUNE" ] || eval "$TUNE"
dmesg -c >/dev/null
./workload $where ./operations.$1 ./$1 ${SECONDS_OF_A_TURN:-10}
sed 's/^/LOG /' /sys/kernel/debug/gate/log
if grep -q '^crash' /sys/kernel/debug/gate/log; then
    [ $FS = xfs ] && OPTIONS=${OPTIONS:-rw},nouuid   # it is a copy
    if mount -t $FS -o "${OPTIONS:-rw}" /dev/gate1 /mnt/crash; then ./workload show crash /mnt/crash/file; else echo "LOOK crash none mount"; fi
fi
dmesg | grep -E 'WARNING|BUG|Oops|RIP|hung task|XFS|F2FS' | sed 's/^/KERNEL /'
