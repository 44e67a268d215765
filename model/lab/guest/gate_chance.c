// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * gate, without turns: whoever comes to a gate may be held there until a few others have come to one, or for two ticks, so that orders
 * happen that are rare otherwise.  Data on its way to a disk completes later, in any order, in a thread of its own.
 *
 * What is written to /sys/kernel/debug/gate/out goes to the port at which the virtual machine listens, without a driver.
 */
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "gate.h"

#define PORT 0xe9
#define OTHERS 6	/* for at most so many others one waits */
#define TICKS 2

static unsigned int permille;
static pid_t held_process;
static atomic_t arrivals;
static DECLARE_WAIT_QUEUE_HEAD(others);
static struct bio_list queued;
static DEFINE_SPINLOCK(queue_lock);
static DECLARE_WAIT_QUEUE_HEAD(given);

bool gate_chance_of_current(void)
{
	return permille && in_task() && (current->tgid == held_process || current->flags & PF_WQ_WORKER);
}

void gate_chance(void)
{
	int until = atomic_inc_return(&arrivals);

	wake_up_all(&others);
	if (in_atomic() || irqs_disabled() || get_random_u32_below(1000) >= permille)
		return;
	until += 1 + get_random_u32_below(OTHERS);
	wait_event_timeout(others, atomic_read(&arrivals) - until >= 0, 1 + get_random_u32_below(TICKS));
}

bool gate_chance_bio(struct bio *bio)
{
	unsigned long flags;

	if (!permille)
		return false;
	spin_lock_irqsave(&queue_lock, flags);
	if (get_random_u32_below(2))
		bio_list_add(&queued, bio);
	else
		bio_list_add_head(&queued, bio);
	spin_unlock_irqrestore(&queue_lock, flags);
	wake_up(&given);
	return true;
}

static struct bio *next_bio(void)
{
	unsigned long flags;
	struct bio *bio;

	spin_lock_irqsave(&queue_lock, flags);
	bio = bio_list_pop(&queued);
	spin_unlock_irqrestore(&queue_lock, flags);
	return bio;
}

static int complete_some_time(void *data)
{
	for (;;) {
		struct bio *bio;

		wait_event_interruptible(given, !bio_list_empty(&queued));
		if (get_random_u32_below(2))
			schedule_timeout_uninterruptible(1 + get_random_u32_below(TICKS));
		bio = next_bio();
		if (!bio)
			continue;
		gate_transfer(bio);
		bio_endio(bio);
	}
	return 0;
}

int gate_chance_begins(const char *text)
{
	struct task_struct *task;
	int error = kstrtouint(text, 10, &permille);

	if (error)
		return error;
	held_process = current->tgid;
	task = kthread_run(complete_some_time, NULL, "disc");
	return PTR_ERR_OR_ZERO(task);
}

static ssize_t out_write(struct file *file, const char __user *text, size_t n, loff_t *pos)
{
	char *copy;

	n = min_t(size_t, n, PAGE_SIZE);
	copy = memdup_user(text, n);
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	outsb(PORT, copy, n);
	kfree(copy);
	return n;
}

const struct file_operations gate_out_fops = { .owner = THIS_MODULE, .write = out_write };
