// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * gate: makes the threads of a test take turns.
 *
 * A role is a thread of the test.  A role runs only while it is its turn; the turn ends at a point: the entry or
 * the exit of a function, or a mark that user space makes before each of its operations.  There the role sleeps until
 * its next turn.  Nobody spins, and nothing depends on time.
 *
 * /sys/kernel/debug/gate/ctl takes lines:
 *   role NAME user                 a thread that says itself who it is, with op
 *   role NAME COMM FUNC            the first thread of such a name that enters FUNC
 *   turn NAME e|x FUNC CALLER|- NTH BEFORE   to the NTH entry or exit of FUNC in this turn, before operation BEFORE
 *   turn NAME o N                  to the mark of its operation N
 *   fault NAME FUNC CALLER|- NTH VALUE       the NTH call of FUNC is not made, and returns VALUE
 *   watch INODE                    which file is under test; 0: /dev/gate0 itself
 *   hold                           its data, on the way to /dev/gate0, is held: the Nth bio by the role discN
 *   unreadable                     it cannot be read, until the release
 *   broken N                       the Nth such bio fails
 *   arm, op NAME N, crash, release
 *   gate FUNC, chance PERMILLE     instead of turns, the process that says so and workers are held at these entries now and then (gate_chance.c)
 * crash copies /dev/gate0 to /dev/gate1, as far as it has been written.
 *
 * /sys/kernel/debug/gate/log tells what happened; its last line is the state.
 * It is for machines that are thrown away: there is no unloading, since threads may sleep in here.
 */
#include <linux/blkdev.h>
#include <linux/debugfs.h>
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>
#include "gate.h"

#define HOOKS 64
#define ROLES 16
#define TURNS 128
#define FAULTS 16
#define DISCS 8
#define RETURNS 64
#define LINES 1024

struct hook { char name[64]; unsigned long ip; bool exits; };
struct point { char at; struct hook *hook; char caller[64]; int nth; };
struct role { char name[16], comm[16]; struct hook *first; struct task_struct *task; bool begun; int seen; };
struct turn { struct role *role; struct point until; int before; };
struct fault { struct role *role; struct point point; long value; int seen; };
struct back { struct task_struct *task; unsigned long sp, to; struct hook *hook; };
struct disc { struct role *role; struct bio *bio; struct completion given; bool broken; };
struct saved { unsigned long rbx, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax, slot, parent; };
struct left { unsigned long rbx, rdx, rax, to; };

static struct hook hooks[HOOKS];
static struct role roles[ROLES];
static struct turn turns[TURNS];
static struct fault faults[FAULTS];
static struct back backs[RETURNS];
static struct disc discs[DISCS];
static int nhook, nrole, nturn, nfault, ndisc, nline, now;
static bool armed, released;
static unsigned long watched;
static bool holds, unreadable;
static const char *wrong;
static char (*lines)[120];
static DEFINE_SPINLOCK(lock);
static DECLARE_WAIT_QUEUE_HEAD(waiting);

extern char gate_stubs[], gate_return[];
asmlinkage long gate_entered(struct saved *s);
asmlinkage void gate_left(struct left *l);

/* ------------------------------------------------------------------- the log */

static __printf(1, 2) void tell(const char *format, ...)
{
	int i = __atomic_fetch_add(&nline, 1, __ATOMIC_RELAXED);
	va_list args;

	if (i >= LINES)
		return;
	va_start(args, format);
	vsnprintf(lines[i], sizeof(lines[i]), format, args);
	va_end(args);
}

static int log_show(struct seq_file *m, void *v)
{
	const char *state = wrong ?: !armed ? "idle" : now == nturn ? "complete" : "running";
	int i;

	for (i = 0; i < min(nline, LINES); i++)
		seq_printf(m, "%s\n", lines[i]);
	seq_printf(m, "state %d %d %s %s\n", now, nturn, now < nturn ? turns[now].role->name : "-", state);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(log);

/* --------------------------------------------------------------------- turns */

static bool is_caller(const char *wanted, unsigned long address)
{
	char name[KSYM_SYMBOL_LEN];
	size_t n = strlen(wanted);

	if (!strcmp(wanted, "-"))
		return true;
	snprintf(name, sizeof(name), "%ps", (void *)address);
	return !strncmp(name, wanted, n) && (!name[n] || name[n] == ' ' || name[n] == '.');
}

static bool has_turn(struct role *r)
{
	return READ_ONCE(released) || (now < nturn && turns[now].role == r);
}

/* Does the role stand where its turn ends?  Under the lock. */
static bool ends_here(struct role *r, struct turn *t, char at, struct hook *h, unsigned long caller, int n)
{
	if (t->until.at != at)
		return false;
	if (at == 'o')
		return n >= t->until.nth;
	return t->until.hook == h && is_caller(t->until.caller, caller) && ++r->seen == t->until.nth;
}

static void stop(const char *why)
{
	wrong = wrong ?: why;
	released = true;
	wake_up_all(&waiting);
}

/* The role comes to a point.  Sleeps if it has to wait for its turn. */
static void arrive(struct role *r, char at, struct hook *h, unsigned long caller, int n)
{
	bool sleeps = false;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	if (armed && !released) {
		struct turn *t = now < nturn ? &turns[now] : NULL;

		if (!r->begun) {
			r->begun = true;
			sleeps = true;
		} else if (t && t->role == r && ends_here(r, t, at, h, caller, n)) {
			tell("turn %d %s %c %s %pS", now, r->name, at, h ? h->name : "-", (void *)caller);
			r->seen = 0;
			now++;
			sleeps = true;
		} else if (t && t->role == r && at == 'o' && t->before && n >= t->before) {
			tell("passed %d %s o %d", now, r->name, n);
			stop("missed");
		}
	}
	spin_unlock_irqrestore(&lock, flags);
	if (!sleeps)
		return;
	wake_up_all(&waiting);
	if (has_turn(r))
		return;
	if (in_atomic() || irqs_disabled()) {
		tell("asleep %d %s %c %s", now, r->name, at, h ? h->name : "-");
		stop("unsleepable");
		return;
	}
	wait_event(waiting, has_turn(r));
}

static struct role *role_of_current(struct hook *h)
{
	struct role *r;

	if (!in_task())
		return NULL;
	for (r = roles; r < roles + nrole; r++) {
		if (r->task ? r->task == current : h && r->first == h && !strncmp(current->comm, r->comm, strlen(r->comm)))
			return r;
	}
	return NULL;
}

/* --------------------------------------------------------------------- hooks */

static unsigned long (*address_of)(const char *name), (*patched_at)(unsigned long ip); /* neither is exported */

static int __kprobes nothing(struct kprobe *p, struct pt_regs *regs)
{
	return 0;
}

static int find_symbols(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name", .pre_handler = nothing };
	int error = register_kprobe(&probe);

	if (error)
		return error;
	address_of = (void *)probe.addr;
	unregister_kprobe(&probe);
	patched_at = (void *)address_of("ftrace_location");
	return patched_at ? 0 : -ENOENT;
}

static void notrace divert(unsigned long ip, unsigned long parent, struct ftrace_ops *ops, struct ftrace_regs *regs)
{
	int i;

	if (!READ_ONCE(armed) || READ_ONCE(released))
		return;
	for (i = 0; i < nhook && hooks[i].ip != ip; i++)
		;
	if (i < nhook && (gate_chance_of_current() || role_of_current(&hooks[i])))
		ftrace_regs_set_instruction_pointer(regs, (unsigned long)gate_stubs + 16 * i);
}

static struct ftrace_ops ops = { .func = divert, .flags = FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_IPMODIFY };

static bool remember_return(struct saved *s, struct hook *h)
{
	struct back *b;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	for (b = backs; b < backs + RETURNS && b->task; b++)
		;
	if (b < backs + RETURNS)
		*b = (struct back){ current, (unsigned long)(&s->parent + 1), s->parent, h };
	spin_unlock_irqrestore(&lock, flags);
	return b < backs + RETURNS;
}

/* Called from a stub in place of the hooked function.  1: it is not run, and rax is what it returns. */
asmlinkage __visible long gate_entered(struct saved *s)
{
	struct hook *h = &hooks[s->slot];
	struct role *r = role_of_current(h);
	struct fault *f;

	s->slot = h->ip + MCOUNT_INSN_SIZE;
	if (!r) {
		gate_chance();
		return 0;
	}
	r->task = current;
	arrive(r, 'e', h, s->parent, 0);
	for (f = faults; f < faults + nfault && !released; f++) {
		if (f->role == r && f->point.hook == h && is_caller(f->point.caller, s->parent) && ++f->seen == f->point.nth) {
			tell("fault %d %s %s = %ld", now, r->name, h->name, f->value);
			s->rax = f->value;
			return 1;
		}
	}
	if (h->exits && remember_return(s, h))
		s->parent = (unsigned long)gate_return;
	return 0;
}

asmlinkage __visible void gate_left(struct left *l)
{
	unsigned long flags, sp = (unsigned long)(l + 1);
	struct hook *h = NULL;
	struct role *r;
	struct back *b;

	spin_lock_irqsave(&lock, flags);
	for (b = backs; b < backs + RETURNS && !h; b++) {
		if (b->task == current && b->sp == sp) {
			l->to = b->to;
			h = b->hook;
			b->task = NULL;
		}
	}
	spin_unlock_irqrestore(&lock, flags);
	if (!h)
		panic("gate: a return address is lost");
	r = role_of_current(NULL);
	if (r)
		arrive(r, 'x', h, l->to, 0);
}

static struct hook *hook_of(const char *name)
{
	unsigned long address;
	int i;

	for (i = 0; i < nhook; i++) {
		if (!strcmp(hooks[i].name, name))
			return &hooks[i];
	}
	address = address_of(name);
	if (nhook == HOOKS || !address || !patched_at(address)) {
		tell("unknown %s", name);
		return NULL;
	}
	hooks[nhook].ip = patched_at(address);
	strscpy(hooks[nhook].name, name, sizeof(hooks[nhook].name));
	return &hooks[nhook++];
}

static int arm(void)
{
	unsigned long ips[HOOKS];
	int i, error = 0;

	for (i = 0; i < nhook; i++)
		ips[i] = hooks[i].ip;
	if (nhook)
		error = ftrace_set_filter_ips(&ops, ips, nhook, 0, 1) ?: register_ftrace_function(&ops);
	if (!error)
		WRITE_ONCE(armed, true);
	return error;
}

/* --------------------------------------------------------------------- disks */

struct disk { struct gendisk *gd; struct xarray pages; };
static struct disk disks[2];
static ulong megabytes = 512;
module_param(megabytes, ulong, 0444);
static DEFINE_MUTEX(transfers);

static void move(struct disk *d, loff_t pos, char *at, unsigned int len, bool write)
{
	while (len) {
		unsigned int offset = offset_in_page(pos), n = min_t(unsigned int, len, PAGE_SIZE - offset);
		char *page = xa_load(&d->pages, pos >> PAGE_SHIFT);

		if (write && !page && memchr_inv(at, 0, n)) {
			page = (char *)get_zeroed_page(GFP_NOIO);
			xa_store(&d->pages, pos >> PAGE_SHIFT, page, GFP_NOIO);
		}
		if (write && page)
			memcpy(page + offset, at, n);
		else if (!write && page)
			memcpy(at, page + offset, n);
		else if (!write)
			memset(at, 0, n);
		pos += n;
		at += n;
		len -= n;
	}
}

void gate_transfer(struct bio *bio)
{
	struct disk *d = bio->bi_bdev->bd_disk->private_data;
	struct bvec_iter iter;
	struct bio_vec part;

	mutex_lock(&transfers);
	bio_for_each_segment(part, bio, iter) {
		char *at = bvec_kmap_local(&part);

		move(d, (loff_t)iter.bi_sector << SECTOR_SHIFT, at, part.bv_len, op_is_write(bio_op(bio)));
		kunmap_local(at);
	}
	mutex_unlock(&transfers);
}

static struct inode *inode_of(struct bio *bio)
{
	struct address_space *mapping = bio_has_data(bio) ? folio_mapping(page_folio(bio_first_page_all(bio))) : NULL;

	return mapping ? mapping->host : NULL;
}

static bool is_data(struct bio *bio)
{
	struct inode *inode = inode_of(bio);

	return inode && S_ISREG(inode->i_mode);
}

/* Is it data of the file under test? */
static bool is_watched(struct bio *bio)
{
	struct inode *inode = inode_of(bio);

	if (!armed || released || !inode)
		return false;
	return watched ? S_ISREG(inode->i_mode) && inode->i_ino == watched : S_ISBLK(inode->i_mode);
}

static void submit(struct bio *bio)
{
	unsigned long flags;
	int n = DISCS;

	if (unreadable && bio_op(bio) == REQ_OP_READ && is_watched(bio)) {
		tell("unreadable %d", now);
		bio_io_error(bio);
		return;
	}
	if (bio_op(bio) == REQ_OP_WRITE && is_data(bio) && gate_chance_bio(bio))
		return;
	if (holds && bio_op(bio) == REQ_OP_WRITE && is_watched(bio)) {
		spin_lock_irqsave(&lock, flags);
		if (ndisc < DISCS)
			n = ndisc++;
		spin_unlock_irqrestore(&lock, flags);
	}
	if (n < DISCS) {
		tell("held %d disc%d bytes %u", now, n + 1, bio->bi_iter.bi_size);
		discs[n].bio = bio;
		complete(&discs[n].given);
		return;
	}
	gate_transfer(bio);
	bio_endio(bio);
}

/* The device as far as one bio is concerned: it writes, and it completes. */
static int disc_thread(void *data)
{
	struct disc *d = data;

	wait_for_completion(&d->given);
	if (d->role)
		arrive(d->role, 'o', NULL, 0, 1);
	else if (!d->broken)	/* without turns, what fails does so at once */
		wait_event(waiting, READ_ONCE(released));
	if (d->broken)
		d->bio->bi_status = BLK_STS_IOERR;
	else
		gate_transfer(d->bio);
	if (d->role)
		arrive(d->role, 'o', NULL, 0, 2);
	bio_endio(d->bio);
	if (d->role)
		arrive(d->role, 'o', NULL, 0, 3);
	return 0;
}

static int hold(void)
{
	int i, j;

	for (i = 0; i < DISCS; i++) {
		char name[16];
		struct task_struct *task;

		snprintf(name, sizeof(name), "disc%d", i + 1);
		init_completion(&discs[i].given);
		task = kthread_create(disc_thread, &discs[i], "%s", name);
		if (IS_ERR(task))
			return PTR_ERR(task);
		for (j = 0; j < nrole; j++) {
			if (!strcmp(roles[j].name, name)) {
				discs[i].role = &roles[j];
				roles[j].task = task;
			}
		}
		wake_up_process(task);
	}
	holds = true;
	return 0;
}

static int crash(void)
{
	unsigned long index;
	char *page;
	int error = 0;

	mutex_lock(&transfers);
	xa_for_each(&disks[0].pages, index, page) {
		char *copy = (char *)__get_free_page(GFP_NOIO);

		if (copy)
			memcpy(copy, page, PAGE_SIZE);
		error = copy ? xa_err(xa_store(&disks[1].pages, index, copy, GFP_NOIO)) : -ENOMEM;
		if (error)
			break;
	}
	mutex_unlock(&transfers);
	tell("crash %d", now);
	return error;
}

static const struct block_device_operations disk_ops = { .owner = THIS_MODULE, .submit_bio = submit };

static int make_disk(int i)
{
	struct queue_limits limits = { .features = BLK_FEAT_WRITE_CACHE };
	struct gendisk *gd = blk_alloc_disk(&limits, NUMA_NO_NODE);

	if (IS_ERR(gd))
		return PTR_ERR(gd);
	xa_init(&disks[i].pages);
	disks[i].gd = gd;
	gd->private_data = &disks[i];
	gd->fops = &disk_ops;
	snprintf(gd->disk_name, sizeof(gd->disk_name), "gate%d", i);
	set_capacity(gd, megabytes << (20 - SECTOR_SHIFT));
	return add_disk(gd);
}

/* --------------------------------------------------------------------- lines */

static struct role *role_named(const char *name)
{
	int i;

	for (i = 0; i < nrole; i++) {
		if (!strcmp(roles[i].name, name))
			return &roles[i];
	}
	return NULL;
}

static int add_role(char w[8][64])
{
	struct role *r = &roles[nrole];

	if (nrole == ROLES)
		return -ENOSPC;
	strscpy(r->name, w[1], sizeof(r->name));
	if (strcmp(w[2], "user")) {
		strscpy(r->comm, w[2], sizeof(r->comm));
		r->first = hook_of(w[3]);
		if (!r->first)
			return -ENOENT;
	}
	nrole++;
	return 0;
}

static int add_turn(char w[8][64])
{
	struct turn *t = &turns[nturn];

	t->role = role_named(w[1]);
	t->until.at = w[2][0];
	if (!t->role || nturn == TURNS)
		return -EINVAL;
	if (t->until.at == 'o') {
		if (kstrtoint(w[3], 10, &t->until.nth))
			return -EINVAL;
	} else {
		t->until.hook = hook_of(w[3]);
		if (!t->until.hook)
			return -ENOENT;
		t->until.hook->exits |= t->until.at == 'x';
		strscpy(t->until.caller, w[4], sizeof(t->until.caller));
		if (kstrtoint(w[5], 10, &t->until.nth) || kstrtoint(w[6], 10, &t->before))
			return -EINVAL;
	}
	nturn++;
	return 0;
}

static int add_fault(char w[8][64])
{
	struct fault *f = &faults[nfault];

	f->role = role_named(w[1]);
	f->point.hook = hook_of(w[2]);
	if (!f->role || !f->point.hook || nfault == FAULTS)
		return -ENOENT;
	strscpy(f->point.caller, w[3], sizeof(f->point.caller));
	if (kstrtoint(w[4], 10, &f->point.nth) || kstrtol(w[5], 10, &f->value))
		return -EINVAL;
	nfault++;
	return 0;
}

static int add_broken(char w[8][64])
{
	int n;

	if (kstrtoint(w[1], 10, &n) || n < 1 || n > DISCS)
		return -EINVAL;
	discs[n - 1].broken = true;
	return 0;
}

static int mark(char w[8][64])
{
	struct role *r = role_named(w[1]);
	int n;

	if (!r || kstrtoint(w[2], 10, &n))
		return -EINVAL;
	r->task = current;
	arrive(r, 'o', NULL, 0, n);
	return 0;
}

static int obey(char *line)
{
	char w[8][64] = {};

	if (sscanf(line, "%63s %63s %63s %63s %63s %63s %63s %63s", w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]) < 1)
		return 0;
	if (!strcmp(w[0], "role"))
		return add_role(w);
	if (!strcmp(w[0], "turn"))
		return add_turn(w);
	if (!strcmp(w[0], "fault"))
		return add_fault(w);
	if (!strcmp(w[0], "broken"))
		return add_broken(w);
	if (!strcmp(w[0], "watch"))
		return kstrtoul(w[1], 10, &watched);
	if (!strcmp(w[0], "hold"))
		return hold();
	if (!strcmp(w[0], "unreadable")) {
		unreadable = true;
		return 0;
	}
	if (!strcmp(w[0], "op"))
		return mark(w);
	if (!strcmp(w[0], "gate"))
		return hook_of(w[1]) ? 0 : -ENOENT;
	if (!strcmp(w[0], "chance"))
		return gate_chance_begins(w[1]);
	if (!strcmp(w[0], "arm"))
		return arm();
	if (!strcmp(w[0], "crash"))
		return crash();
	if (!strcmp(w[0], "release")) {
		released = true;
		wake_up_all(&waiting);
		return 0;
	}
	return w[0][0] == '#' ? 0 : -EINVAL;
}

static ssize_t ctl_write(struct file *file, const char __user *text, size_t n, loff_t *pos)
{
	char *copy = memdup_user_nul(text, n), *rest = copy, *line;
	int error = 0;

	if (IS_ERR(copy))
		return PTR_ERR(copy);
	while (!error && (line = strsep(&rest, "\n")))
		error = obey(line);
	kfree(copy);
	return error ?: n;
}

static const struct file_operations ctl_fops = { .owner = THIS_MODULE, .write = ctl_write };

static int __init gate_init(void)
{
	int error = find_symbols() ?: make_disk(0) ?: make_disk(1);
	struct dentry *dir;

	lines = vzalloc(sizeof(*lines) * LINES);
	if (error || !lines)
		return error ?: -ENOMEM;
	dir = debugfs_create_dir("gate", NULL);
	debugfs_create_file("ctl", 0600, dir, NULL, &ctl_fops);
	debugfs_create_file("out", 0200, dir, NULL, &gate_out_fops);
	debugfs_create_file("log", 0400, dir, NULL, &log_fops);
	return 0;
}
module_init(gate_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("makes the threads of a test take turns");
