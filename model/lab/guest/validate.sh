#!/bin/sh
# validate.sh: records episodes.  case.conf says of which filesystem, FIELDS what is recorded, OPERATIONS what is done.
. ./case.conf
T=/sys/kernel/tracing
mkdir -p /mnt/gate
case $FS in
xfs)  mkfs.xfs -q -f -b size=$BLOCK -m reflink=0 /dev/gate0 ;;
f2fs) mkfs.f2fs -q -f /dev/gate0 >/dev/null ;;
esac || { echo "FAILED mkfs"; exit 1; }
mount -t $FS -o "${OPTIONS:-rw}" /dev/gate0 /mnt/gate || { echo "FAILED mount"; exit 1; }
[ -z "$TUNE" ] || eval "$TUNE"
echo global > $T/trace_clock; echo 32768 > $T/buffer_size_kb
while read -r event; do
    echo "$event" >> $T/dynamic_events 2>/dev/null || echo "NO $event"
done < fields
echo "RECORDING"
echo 1 > $T/events/lab/enable
./episodes /mnt/gate ./operations $EPISODES $SEED 2>&1
echo 0 > $T/tracing_on
echo "READING"
grep -v '^#' $T/trace > /sys/kernel/debug/gate/out
printf 'THE END\n' > /sys/kernel/debug/gate/out
grep -h overrun $T/per_cpu/cpu*/stats | sed 's/^/LOST /'
dmesg | grep -E 'WARNING|BUG|Oops|hung task' | sed 's/^/KERNEL /'
