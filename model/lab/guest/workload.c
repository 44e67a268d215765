// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * workload DIR|DEVICE OPERATIONS SCHEDULE SECONDS: a thread for each column of the picture does its operations, with a mark for the
 * gate module before each.
 * workload show FILE: what is in a file.
 *
 * OPERATIONS has lines: file BYTES SIZE BLOCK, where the bytes are written; thread NAME, and below it what it does; at_end, and
 * below it what is done when the schedule has been followed to its end.  Results are lines that begin with OP, LOOK, STATE, STACK or HUNG.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define GATE "/sys/kernel/debug/gate/"
#define F2FS_COLLECT _IOW(0xf5, 6, unsigned int)
#define MOST 16

struct op { char name[16]; long long a, b, c; char letter; };
struct thread { char name[16]; struct op ops[MOST]; int n, fd, fsyncs; pid_t tid; pthread_t id; volatile int done; };

static struct thread threads[MOST];
static int nthreads, filled, size, block, seconds;
static struct op at_end[MOST];
static int nat_end;
static char path[256], other[256];
static int device;

static void say(const char *format, ...)
{
	char line[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	line[n++] = '\n';
	if (write(1, line, n) < 0)
		_exit(1);
}

static void die(const char *what)
{
	say("FAILED %s: %s", what, strerror(errno));
	_exit(2);
}

static int control(const char *format, ...)
{
	char text[8192];
	va_list args;
	int fd = open(GATE "ctl", O_WRONLY), n, r;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	r = write(fd, text, n);
	close(fd);
	return r < 0 ? -1 : 0;
}

static void show(const char *what, const char *file)
{
	static unsigned char data[1 << 16];
	char line[400];
	int fd = open(file, O_RDONLY), n, i, j, at;
	struct stat st = {};

	if (fd < 0 || fstat(fd, &st)) {
		say("LOOK %s none %d", what, errno);
		return;
	}
	memset(data, 0, sizeof(data));
	n = read(fd, data, sizeof(data));
	at = snprintf(line, sizeof(line), "LOOK %s %lld %d", what, (long long)st.st_size, n < 0 ? -errno : n);
	for (i = 0; i < n && at < (int)sizeof(line) - 40; i = j) {
		for (j = i; j < n && data[j] == data[i]; j++)
			;
		at += snprintf(line + at, sizeof(line) - at, " %d-%d:%02x", i, j, data[i]);
	}
	say("%s", line);
	close(fd);
}

/* ---------------------------------------------------------------- operations */

/* A write of which only the first bytes lie in memory that is there. */
static long short_write(int fd, long long pos, long long len, long long there, char *data)
{
	char *end = mmap(NULL, 1 << 17, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	end += 1 << 16;
	munmap(end, 1 << 16);
	memcpy(end - there, data, there);
	return pwrite(fd, end - there, len, pos);
}

static long perform(struct thread *t, struct op *op)
{
	static __thread char data[1 << 16];
	struct stat st;

	memset(data, op->letter, sizeof(data));
	if (!strcmp(op->name, "write"))
		return pwrite(t->fd, data, op->b, op->a);
	if (!strcmp(op->name, "short"))
		return short_write(t->fd, op->a, op->b, op->c, data);
	if (!strcmp(op->name, "append")) {
		fstat(t->fd, &st);
		return pwrite(t->fd, data, op->a, st.st_size);
	}
	if (!strcmp(op->name, "truncate"))
		return ftruncate(t->fd, op->a);
	if (!strcmp(op->name, "punch"))
		return fallocate(t->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, op->a, op->b);
	if (!strcmp(op->name, "fsync")) {
		t->fsyncs++;
		return fsync(t->fd);
	}
	if (!strcmp(op->name, "flush"))
		return sync_file_range(t->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	if (!strcmp(op->name, "sync")) {
		sync();
		return 0;
	}
	if (!strcmp(op->name, "collect")) {
		unsigned int wait = op->a;
		return ioctl(t->fd, F2FS_COLLECT, &wait);
	}
	errno = ENOSYS;
	return -1;
}

static void *column(void *arg)
{
	struct thread *t = arg;
	struct stat st;
	int i, error;

	prctl(PR_SET_NAME, t->name);
	t->tid = syscall(SYS_gettid);
	for (i = 0; i < t->n; i++) {
		long r;

		control("op %s %d\n", t->name, i + 1);
		errno = 0;
		r = perform(t, &t->ops[i]);
		error = errno;
		fstat(t->fd, &st);
		say("OP %s %d %s = %ld %s size %lld", t->name, i + 1, t->ops[i].name, r, r < 0 ? strerrorname_np(error) : "-", (long long)st.st_size);
	}
	t->done = 1;
	control("op %s %d\n", t->name, t->n + 1);
	return NULL;
}

static void force_log(void)
{
	int fd = open(other, O_CREAT | O_RDWR, 0644);

	if (fd < 0 || ftruncate(fd, 1) || fsync(fd))
		die("forcing the log");
	close(fd);
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (write(fd, "3", 1) != 1)
		die("drop_caches");
	close(fd);
}

/* -------------------------------------------------------------------- stacks */

static void stack_of(const char *who, const char *dir)
{
	char file[300], text[2048], *line, *rest = text;
	int fd, n;

	snprintf(file, sizeof(file), "%s/stack", dir);
	fd = open(file, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return;
	text[n] = 0;
	while ((line = strsep(&rest, "\n"))) {
		if (strlen(line) > 8)
			say("STACK %s %s", who, line + 8);
	}
}

static void stacks(void)
{
	char dir[64];
	int i;

	for (i = 0; i < nthreads; i++) {
		snprintf(dir, sizeof(dir), "/proc/self/task/%d", threads[i].tid);
		if (!threads[i].done)
			stack_of(threads[i].name, dir);
	}
}

/* ------------------------------------------------------------------- the run */

static double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* The last line of the log: is the schedule still being followed? */
static int running(char *state, int n)
{
	static char text[1 << 17];
	FILE *f = fopen(GATE "log", "r");
	char *last;

	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	last = strstr(text, "state ");
	while (last && strstr(last + 1, "\nstate "))
		last = strstr(last + 1, "\nstate ") + 1;
	snprintf(state, n, "%s", last ? last : "state none");
	state[strcspn(state, "\n")] = 0;
	return strstr(state, " running") != NULL;
}

static void follow(void)
{
	double end = clock_now() + seconds;
	char state[100];
	int i;

	while (running(state, sizeof(state)) && clock_now() < end)
		usleep(20000);
	say("STATE %s", state);
	if (!strstr(state, "complete"))
		stacks();
	else
		for (i = 0; i < nat_end; i++) {
			if (!strcmp(at_end[i].name, "force_log"))
				force_log();
			else if (!strcmp(at_end[i].name, "crash") && control("crash\n"))
				die("crash");
			else if (!strcmp(at_end[i].name, "look"))
				show("then", path);
		}
	control("release\n");
}

/* Let all threads end; say which do not. */
static void join(void)
{
	double end = clock_now() + seconds;
	int i, left = 1;

	while (left && clock_now() < end) {
		usleep(20000);
		for (i = left = 0; i < nthreads; i++)
			left += !threads[i].done;
	}
	for (i = 0; i < nthreads; i++) {
		if (!threads[i].done)
			say("HUNG %s", threads[i].name);
	}
	if (left) {
		stacks();
		_exit(0);
	}
}

static void look(void)
{
	int i;

	for (i = 0; i < nthreads; i++) {
		if (threads[i].fsyncs) {
			int r = fsync(threads[i].fd);

			say("OP %s 0 fsync = %d %s", threads[i].name, r, r ? strerrorname_np(errno) : "-");
		}
	}
	show("cache", path);
	sync();
	drop_caches();
	show("disk", path);
}

static void read_operations(const char *file)
{
	char line[256], w[5][64];
	FILE *f = fopen(file, "r");
	struct thread *t = NULL;

	if (!f)
		die(file);
	while (fgets(line, sizeof(line), f)) {
		struct op *op;
		int n;

		memset(w, 0, sizeof(w));
		n = sscanf(line, "%63s %63s %63s %63s %63s", w[0], w[1], w[2], w[3], w[4]);
		if (n < 1 || w[0][0] == '#')
			continue;
		if (!strcmp(w[0], "file")) {
			filled = atoi(w[1]);
			size = atoi(w[2]);
			block = atoi(w[3]);
		} else if (!strcmp(w[0], "thread")) {
			t = &threads[nthreads++];
			snprintf(t->name, sizeof(t->name), "%.15s", w[1]);
		} else if (!strcmp(w[0], "at_end")) {
			t = NULL;
		} else {
			op = t ? &t->ops[t->n++] : &at_end[nat_end++];
			snprintf(op->name, sizeof(op->name), "%.15s", w[0]);
			op->a = atoll(w[1]);
			op->b = atoll(w[2]);
			op->c = atoll(w[3]);
			op->letter = w[n - 1][0];
		}
	}
	fclose(f);
}

/* Leave something in memory that is free, so that it shows where it is read by mistake. */
static void leave_junk(void)
{
	size_t n = 160 << 20;
	char *junk = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(junk, 0xaa, n);
	munmap(junk, n);
}

/*
 * Fill the segment that the file lies in, and free a part of it, so that garbage collection takes it.  Segments of f2fs are 2 MiB.
 */
static void make_victim(void)
{
	static char data[1 << 20];
	int fd = open(other, O_CREAT | O_RDWR, 0644), i;

	memset(data, 'z', sizeof(data));
	for (i = 0; i < 6; i++) {
		if (fd < 0 || pwrite(fd, data, sizeof(data), i << 20) != sizeof(data))
			die("the file beside it");
	}
	fsync(fd);
	sync();
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1 << 20))
		die("freeing blocks");
	close(fd);
	sync();
}

/* The device itself is the file, with blocks of the size that the model has. */
static ino_t make_device(void)
{
	int fd = open(path, O_RDWR), i;

	if (fd < 0 || ioctl(fd, BLKBSZSET, &block))
		die("the size of blocks");
	for (i = 0; i < nthreads; i++)
		threads[i].fd = open(path, O_RDWR);
	return 0;	/* fd stays open: the last close would forget the size */
}

static ino_t make_file(void)
{
	static char data[1 << 16];
	struct stat st;
	int fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0644), i;

	memset(data, 'o', sizeof(data));
	/* the size comes first, so that nothing is reserved behind the end */
	if (fd < 0 || ftruncate(fd, size) || pwrite(fd, data, filled, 0) != filled || fsync(fd) || fstat(fd, &st))
		die("the file at the start");
	close(fd);
	for (i = 0; i < nthreads; i++) {
		threads[i].fd = open(path, O_RDWR);
		if (!strcmp(threads[i].ops[0].name, "short"))
			leave_junk();
	}
	for (i = 0; i < nthreads; i++) {
		if (!strcmp(threads[i].ops[0].name, "collect"))
			make_victim();
	}
	sync();
	drop_caches();
	return st.st_ino;
}

static void arm(const char *schedule, ino_t inode)
{
	char line[256];
	FILE *f = fopen(schedule, "r");

	if (!f || control("watch %lu\n", (unsigned long)inode))
		die(schedule);
	while (fgets(line, sizeof(line), f)) {
		if (control("%s", line)) {
			say("REFUSED %s", line);
			_exit(3);
		}
	}
	fclose(f);
	if (control("arm\n"))
		die("arming the gate");
}

int main(int argc, char **argv)
{
	int i;

	if (argc == 4 && !strcmp(argv[1], "show")) {
		show(argv[2], argv[3]);
		return 0;
	}
	if (argc != 5)
		return 64;
	device = !strncmp(argv[1], "/dev/", 5);
	snprintf(path, sizeof(path), device ? "%s" : "%s/file", argv[1]);
	snprintf(other, sizeof(other), "%s/other", argv[1]);
	seconds = atoi(argv[4]);
	read_operations(argv[2]);
	arm(argv[3], device ? make_device() : make_file());
	for (i = 0; i < nthreads; i++)
		pthread_create(&threads[i].id, NULL, column, &threads[i]);
	follow();
	join();
	look();
	return 0;
}
