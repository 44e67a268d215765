// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * episodes DIR OPERATIONS N SEED: N times, a new file, and threads that do a few operations of their own, drawn by lot, at the same time.
 * Where an episode and each operation begin and end is written into the kernel's trace, between what the kernel does meanwhile.
 *
 * OPERATIONS has lines: file BYTES SIZE, how much data the file has at the start and how long it is; most N, operations of an episode;
 * chance PERMILLE; gate FUNCTION; thread NAME N, which does at most N, and below it OPERATION NAME A B [unless THREAD], which may be drawn.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define GATE "/sys/kernel/debug/gate/"
#define MARKS "/sys/kernel/tracing/trace_marker"
#define MOST 8

struct op { char call[16], name[24], unless[16]; long a, b; };
struct thread { char name[16]; struct op ops[MOST], *drawn[MOST]; int nops, most, ndrawn, fd; pthread_t id; unsigned int seed; };

static struct thread threads[MOST];
static int nthreads, filled, size, most, marks;
static char path[256], setup[4096];
static pthread_barrier_t begin, end;
static unsigned int seed;

static void die(const char *what)
{
	fprintf(stderr, "FAILED %s: %s\n", what, strerror(errno));
	_exit(2);
}

static void mark(const char *format, ...)
{
	char line[128];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (write(marks, line, n) < 0)
		die("the trace");
}

static void perform(struct op *op, int fd)
{
	static __thread char data[1 << 14];
	struct iovec all = { data, op->a };
	long r = -1;

	memset(data, 'w', sizeof(data));
	mark("begin %s %ld %ld", op->name, op->a, op->b);
	errno = 0;
	if (!strcmp(op->call, "append"))
		r = pwritev2(fd, &all, 1, 0, RWF_APPEND);
	else if (!strcmp(op->call, "write"))
		r = pwrite(fd, data, op->b, op->a);
	else if (!strcmp(op->call, "truncate"))
		r = ftruncate(fd, op->a);
	else if (!strcmp(op->call, "fsync"))
		r = fsync(fd);
	else if (!strcmp(op->call, "flush"))
		r = sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	mark("end %s ret=%ld", op->name, r < 0 ? -(long)errno : r);
}

static void *column(void *arg)
{
	struct thread *t = arg;
	int i;

	prctl(PR_SET_NAME, t->name);
	for (;;) {
		pthread_barrier_wait(&begin);
		t->fd = open(path, O_RDWR);
		for (i = 0; i < t->ndrawn; i++) {
			if (rand_r(&t->seed) % 2)
				usleep(rand_r(&t->seed) % 3000);
			perform(t->drawn[i], t->fd);
		}
		pthread_barrier_wait(&end);
	}
	return NULL;
}

static int allowed(struct op *op)
{
	int i;

	for (i = 0; i < nthreads; i++) {
		if (!strcmp(threads[i].name, op->unless))
			return !threads[i].ndrawn;
	}
	return 1;
}

/* What is done in this episode: threads in a random order draw until there is enough. */
static void draw(void)
{
	int left = 2 + rand_r(&seed) % (most - 1), tries;

	for (tries = 0; tries < nthreads; tries++)
		threads[tries].ndrawn = 0;
	for (tries = 0; left && tries < 64; tries++) {
		struct thread *t = &threads[rand_r(&seed) % nthreads];
		struct op *op = &t->ops[rand_r(&seed) % t->nops];

		if (t->ndrawn == t->most || !allowed(op))
			continue;
		t->drawn[t->ndrawn++] = op;
		left--;
	}
}

/* 1: an operation was drawn before one that excludes it. */
static int spoilt(void)
{
	int i, j;

	for (i = 0; i < nthreads; i++) {
		for (j = 0; j < threads[i].ndrawn; j++) {
			if (!allowed(threads[i].drawn[j]))
				return 1;
		}
	}
	return 0;
}

static void make_file(int n)
{
	static char data[1 << 14];
	struct stat st;
	int fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0644);

	memset(data, 'o', sizeof(data));
	/* the size comes first, so that nothing is reserved behind the end */
	if (fd < 0 || ftruncate(fd, size) || (filled && pwrite(fd, data, filled, 0) != filled) || fsync(fd) || fstat(fd, &st))
		die("the file at the start");
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
	mark("episode %d ino=%lu", n, (unsigned long)st.st_ino);
}

static void episode(int n)
{
	int i;

	do
		draw();
	while (spoilt());
	make_file(n);
	pthread_barrier_wait(&begin);
	pthread_barrier_wait(&end);
	/* what is under way is part of the episode, what is dirty is not; close(2) may begin writeback */
	sync_file_range(threads[0].fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE);
	usleep(2000);
	mark("over %d", n);
	for (i = 0; i < nthreads; i++)
		close(threads[i].fd);
	unlink(path);
}

static void read_operations(const char *file)
{
	char line[256], w[6][32];
	FILE *f = fopen(file, "r");
	struct thread *t = NULL;

	if (!f)
		die(file);
	while (fgets(line, sizeof(line), f)) {
		memset(w, 0, sizeof(w));
		if (sscanf(line, "%31s %31s %31s %31s %31s %31s", w[0], w[1], w[2], w[3], w[4], w[5]) < 1)
			continue;
		if (!strcmp(w[0], "file")) {
			filled = atoi(w[1]);
			size = atoi(w[2]);
		} else if (!strcmp(w[0], "most")) {
			most = atoi(w[1]);
		} else if (!strcmp(w[0], "gate") || !strcmp(w[0], "chance")) {
			strncat(setup, line, sizeof(setup) - strlen(setup) - 1);
		} else if (!strcmp(w[0], "thread") && nthreads < MOST) {
			t = &threads[nthreads++];
			snprintf(t->name, sizeof(t->name), "%.15s", w[1]);
			t->most = atoi(w[2]);
		} else if (t && t->nops < MOST) {
			struct op *op = &t->ops[t->nops++];

			snprintf(op->call, sizeof(op->call), "%.15s", w[0]);
			snprintf(op->name, sizeof(op->name), "%.23s", w[1]);
			snprintf(op->unless, sizeof(op->unless), "%.15s", w[5]);
			op->a = atol(w[2]);
			op->b = atol(w[3]);
		}
	}
	fclose(f);
}

static void arm(void)
{
	char *line, *rest = setup;
	int fd = open(GATE "ctl", O_WRONLY);

	while ((line = strsep(&rest, "\n"))) {
		if (*line && write(fd, line, strlen(line)) < 0)
			fprintf(stderr, "NO %s\n", line);	/* inlined in this kernel: no place to be held at */
	}
	if (write(fd, "arm", 3) < 0)
		die("arming the gates");
	close(fd);
}

int main(int argc, char **argv)
{
	int i, n;

	if (argc != 5)
		return 64;
	snprintf(path, sizeof(path), "%s/file", argv[1]);
	n = atoi(argv[3]);
	seed = atoi(argv[4]);
	read_operations(argv[2]);
	marks = open(MARKS, O_WRONLY);
	if (marks < 0)
		die(MARKS);
	arm();
	pthread_barrier_init(&begin, NULL, nthreads + 1);
	pthread_barrier_init(&end, NULL, nthreads + 1);
	for (i = 0; i < nthreads; i++) {
		threads[i].seed = seed + i;
		pthread_create(&threads[i].id, NULL, column, &threads[i]);
	}
	for (i = 0; i < n; i++)
		episode(i);
	_exit(0);
}
